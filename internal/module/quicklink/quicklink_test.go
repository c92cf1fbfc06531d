package quicklink_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/quicklink"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

func TestATileBelongsToOneLevel(t *testing.T) {
	each(t, func(r *rig) {
		sales, berlin := r.Department(r.T, "Sales"), r.Location(r.T, "Berlin")
		head, seller, keeper, berliner, guest := r.as(r.Person(r.T, "head")), r.as(r.Person(r.T, "seller")), r.as(r.Person(r.T, "keeper")), r.as(r.Person(r.T, "berliner")), r.as(r.Person(r.T, "guest"))
		stranger := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		r.Exec(r.T, `UPDATE users SET department_id = ?, is_department_head = (id = ?) WHERE org_id = ? AND id IN (?, ?)`, sales, head.UserID, r.ID, head.UserID, seller.UserID)
		r.Exec(r.T, `INSERT INTO location_admins (org_id, location_id, user_id) VALUES (?, ?, ?)`, r.ID, berlin, keeper.UserID)
		r.Exec(r.T, `UPDATE users SET location_id = ? WHERE org_id = ? AND id = ?`, berlin, r.ID, berliner.UserID)
		r.Exec(r.T, `INSERT INTO user_locations (org_id, user_id, location_id) VALUES (?, ?, ?)`, r.ID, guest.UserID, berlin)
		everybody := []authz.Actor{r.admin, r.member, head, seller, keeper, berliner, guest}
		for _, c := range []struct {
			name, query, places string
			make, see, change   []authz.Actor // who may; whoever may change may see
			refusedAs           string
		}{
			{"Everybody", "?manage=true", ``, []authz.Actor{r.admin}, everybody, []authz.Actor{r.admin}, "sso.levelForbidden"},
			{"Sales", "", fmt.Sprintf(`,"departmentId":%q`, sales), []authz.Actor{r.admin, head}, []authz.Actor{r.admin, head, seller}, []authz.Actor{r.admin, head}, "sso.levelForbidden"},
			{"Berlin", "", fmt.Sprintf(`,"locationId":%q`, berlin), []authz.Actor{r.admin, keeper}, []authz.Actor{r.admin, keeper, berliner, guest}, []authz.Actor{r.admin, keeper}, "sso.levelForbidden"},
			{
				"Both", "", fmt.Sprintf(`,"departmentId":%q,"locationId":%q`, sales, berlin), []authz.Actor{r.admin}, []authz.Actor{r.admin, head, seller, keeper, berliner, guest},
				[]authz.Actor{r.admin}, "sso.levelForbidden",
			},
			{"Managed sales", "?manage=true", fmt.Sprintf(`,"departmentId":%q`, sales), []authz.Actor{r.admin}, []authz.Actor{r.admin, head, seller}, []authz.Actor{r.admin}, "sso.levelForbidden"},
		} {
			body := fmt.Sprintf(`{"type":"QUICK_LINK","name":%q,"link":"https://a.example"%s}`, c.name, c.places)
			id := ""
			for _, who := range everybody {
				if !contains(c.make, who) {
					r.call(who, "POST", "/api/sso"+c.query, body).want(403, c.refusedAs)
					continue
				}
				id = r.call(who, "POST", "/api/sso"+c.query, body).want(201).id()
			}
			for _, who := range append(everybody, stranger) {
				see, change := contains(c.see, who), contains(c.change, who)
				r.call(who, "GET", "/api/sso/"+id, "").want(map[bool]int{true: 200, false: 404}[see])
				r.call(who, "PATCH", "/api/sso/"+id, `{"order":1}`).want(map[[2]bool]int{{true, true}: 200, {true, false}: 403, {false, false}: 404}[[2]bool{see, change}])
				listed := slices.Contains(r.call(who, "GET", "/api/sso", "").want(200).names(), c.name)
				if listed != see && !who.Can(authz.SSOManage) { // who manages all sees those of a place when asking for it
					r.Errorf("%s is listed: %t, want %t", c.name, listed, see)
				}
			}
			r.call(r.admin, "DELETE", "/api/sso/"+id, "").want(204)
			r.call(r.admin, "GET", "/api/sso/"+id, "").want(404)
		}
		mine := r.call(seller, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"Mine","link":"https://a.example"}`).want(201).id()
		for _, who := range []authz.Actor{r.admin, head, stranger} {
			for method, target := range map[string]string{"GET": mine + "/launch", "PATCH": mine, "DELETE": mine + "/connection"} {
				r.call(who, method, "/api/sso/"+target, map[string]string{"PATCH": `{"name":"x"}`}[method]).want(404)
			}
		}
		if got := r.call(seller, "GET", "/api/sso", "").names(); !slices.Contains(got, "Mine") {
			r.Errorf("listed %q", got)
		}
		r.call(seller, "GET", "/api/sso?manage=true", "").want(403, "role.missing")
		r.call(r.admin, "POST", "/api/sso?manage=true", `{"type":"QUICK_LINK","name":"Kept","link":"https://a.example"}`).want(201)
		for query, want := range map[string][]string{ // what others than the last have made is there still
			"?manage=true": {"Kept"}, "?department=" + sales: {"Sales"}, "?location=" + berlin: {"Berlin"}, "?location=" + berlin + "&department=" + sales: {}, "?department=" + ids.New(): {},
		} {
			if got := r.call(r.admin, "GET", "/api/sso"+query, "").want(200).names(); !slices.Equal(got, want) {
				r.Errorf("%s lists %q, want %q", query, got, want)
			}
		}
		if got := r.call(r.member, "GET", "/api/sso?department="+sales, "").want(200).names(); len(got) != 0 {
			r.Errorf("an outsider lists %q", got)
		}
	})
}

func contains(list []authz.Actor, who authz.Actor) bool {
	return slices.ContainsFunc(list, func(a authz.Actor) bool { return a.UserID == who.UserID && a.OrgID == who.OrgID })
}

func TestLifeOfATile(t *testing.T) {
	each(t, func(r *rig) {
		a := r.call(r.member, "POST", "/api/sso", `{"type":"QUICK_LINK","name":" Wiki ","link":"https://wiki.example","order":"7"}`).want(201)
		id := a.id()
		if a.field("name") != "Wiki" || a.field("order") != 7.0 || a.header.Get("Location") != "/api/sso/"+id || a.header.Get("ETag") != `"1"` || a.field("editable") != true {
			r.Errorf("made %s %v", a.raw, a.header)
		}
		a = r.call(r.member, "PATCH", "/api/sso/"+id, `{"name":"Handbook","tokenURI":"https://a.example/t"}`, "If-Match", `"1"`).want(200)
		if a.field("name") != "Handbook" || a.field("link") != "https://wiki.example" || a.field("tokenURI") != "https://a.example/t" {
			r.Error(a.raw)
		}
		r.call(r.member, "PATCH", "/api/sso/"+id, `{"name":"Late"}`, "If-Match", `"1"`).want(412)
		r.call(r.member, "DELETE", "/api/sso/"+id, "", "If-Match", `"1"`).want(412)
		if a = r.call(r.member, "PATCH", "/api/sso/"+id, `{"tokenURI":null}`).want(200); a.field("tokenURI") != nil {
			r.Error(a.raw)
		}
		var made []string
		for i := range 3 {
			made = append(made, r.call(r.member, "POST", "/api/sso", fmt.Sprintf(`{"type":"QUICK_LINK","name":"Link %d","link":"https://wiki.example"}`, i)).want(201).id())
		}
		r.call(r.member, "PUT", "/api/sso/order", fmt.Sprintf(`{"ids":[%q,%q,%q,%q]}`, made[2], id, made[0], made[1])).want(204)
		if got := r.call(r.member, "GET", "/api/sso", "").names(); !slices.Equal(got, []string{"Link 2", "Handbook", "Link 0", "Link 1"}) {
			r.Errorf("in order: %q", got)
		}
		theirs := r.call(r.admin, "POST", "/api/sso?manage=true", `{"type":"QUICK_LINK","name":"All","link":"https://wiki.example"}`).want(201).id()
		r.call(r.member, "PUT", "/api/sso/order", fmt.Sprintf(`{"ids":[%q,%q,%q]}`, id, theirs, id)).want(400, "/ids/1", "/ids/2", "sso.unknown")
		r.call(r.member, "DELETE", "/api/sso/"+id, "").want(204)
		r.call(r.member, "DELETE", "/api/sso/"+id, "").want(404)
	})
}

func TestBadTiles(t *testing.T) {
	each(t, func(r *rig) {
		long := strings.Repeat("x", 2049)
		for body, pointer := range map[string]string{
			`{"name":"x","link":"https://a.example"}`:                                                    "/type",
			`{"type":"LINK","name":"x","link":"https://a.example"}`:                                      "/type",
			`{"type":"QUICK_LINK","link":"https://a.example"}`:                                           "/name",
			`{"type":"QUICK_LINK","name":"x"}`:                                                           "/link",
			`{"type":"QUICK_LINK","name":"x","link":"javascript:alert(1)"}`:                              "/link",
			`{"type":"SSO","name":"x","tokenURI":"token"}`:                                               "/tokenURI",
			`{"type":"SSO","name":"x","refreshURI":"ftp://a.example"}`:                                   "/refreshURI",
			`{"type":"SSO","name":"x","authorizationURI":"javascript:alert(1)"}`:                         "/authorizationURI",
			`{"type":"SSO","name":"x","loginURL":"` + long + `"}`:                                        "/loginURL",
			`{"type":"SSO","name":"x","order":-1}`:                                                       "/order",
			`{"type":"QUICK_LINK","name":"` + strings.Repeat("x", 201) + `","link":"https://a.example"}`: "/name",
		} {
			r.call(r.member, "POST", "/api/sso", body).want(400, `"`+pointer+`"`)
		}
		unknown := ids.New()
		r.call(r.admin, "POST", "/api/sso", fmt.Sprintf(`{"type":"QUICK_LINK","name":"x","link":"https://a.example","departmentId":%q,"locationId":%[1]q}`, unknown)).
			want(400, "department.unknown", "location.unknown")
		id := r.call(r.admin, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://a.example"}`).want(201).id()
		r.call(r.admin, "PATCH", "/api/sso/"+id, fmt.Sprintf(`{"departmentId":%q}`, unknown)).want(400, "sso.levelFixed")
		r.call(r.admin, "PATCH", "/api/sso/"+id, `{"link":null}`).want(400, "/link")
	})
}

func TestALevelHasABoundAndAListAConstantNumberOfStatements(t *testing.T) {
	each(t, func(r *rig) {
		count := func() int {
			ctx, n := db.CountQueries(r.Context())
			if _, err := r.service.List(ctx, r.member, quicklink.Query{}); err != nil {
				r.Fatal(err)
			}
			return n.N()
		}
		r.call(r.member, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://a.example"}`).want(201)
		one := count()
		for range 199 {
			if a := r.call(r.member, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://a.example"}`); a.status != http.StatusCreated {
				r.Fatal(a.raw)
			}
		}
		r.call(r.member, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://a.example"}`).want(409, "sso.full")
		r.call(r.admin, "POST", "/api/sso", `{"type":"QUICK_LINK","name":"x","link":"https://a.example"}`).want(201)
		if all := count(); all != one || len(r.call(r.member, "GET", "/api/sso", "").names()) != 200 {
			r.Errorf("%d statements for 200 tiles, %d for one", all, one)
		}
	})
}
