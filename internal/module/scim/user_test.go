package scim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// entraUser is how Microsoft Entra makes somebody.
const entraUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Ines.Vega@lumen.example","active":true,"displayName":"Vega, Inés",
	"emails":[{"primary":true,"type":"work","value":"ines@lumen.example"}],"meta":{"resourceType":"User"},
	"name":{"formatted":"Inés Vega","familyName":"Vega","givenName":"Inés"},"roles":[],"title":"Cartographer","preferredLanguage":"es-MX",
	"phoneNumbers":[{"type":"mobile","value":"+12015550199"},{"type":"work","value":"+12015550100"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","department":"maps","manager":{"value":"%s"}}}`

func TestSomebodyIsMadeChangedAndArchived(t *testing.T) {
	each(t, func(r *rig) {
		r.Department(r.T, "Maps")
		a := r.call("POST", "/Users", fmt.Sprintf(entraUser, r.max.UserID)).want(201)
		id := a.id()
		full := map[string]string{
			"userName": "Ines.Vega@lumen.example", "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", "active": "true", "name/givenName": "Inés", "name/familyName": "Vega",
			"displayName": "Inés Vega", "emails/0/value": "ines@lumen.example", "emails/0/primary": "true", "title": "Cartographer", "preferredLanguage": "es-MX",
			"phoneNumbers/0/value": "+12015550100", enterprise + "/employeeNumber": "701984", enterprise + "/department": "Maps", enterprise + "/manager/value": r.max.UserID,
			"meta/resourceType": "User", "meta/location": "https://work.example/scim/v2/Users/" + id,
		}
		a.has(full)
		if a.header.Get("Location") != "https://work.example/scim/v2/Users/"+id || a.header.Get("ETag") != a.text("meta", "version") || r.status(id) != "ACTIVE" {
			r.Errorf("%v, %s", a.header, r.status(id))
		}
		r.call("GET", "/Users/"+id, "").want(200).has(full)
		r.call("DELETE", "/Users/"+id, "").want(204)
		if r.status(id) != "ARCHIVE" {
			r.Errorf("deleting has made them %s", r.status(id))
		}
		for _, method := range []string{"GET", "DELETE"} {
			r.call(method, "/Users/"+id, "").want(404)
		}
		r.call("PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":true}]}`).want(404)
		r.call("GET", "/Users?filter="+url.QueryEscape(`externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`), "").want(200).has(map[string]string{"totalResults": "0"})
		if back := r.call("POST", "/Users", fmt.Sprintf(entraUser, r.max.UserID)).want(201); back.id() != id || r.status(id) != "ACTIVE" {
			r.Errorf("who comes back is somebody else: %s, %s", back.id(), r.status(id))
		}
	})
}

func TestTakenNamesAreConflicts(t *testing.T) {
	each(t, func(r *rig) {
		r.create("ines@lumen.example")
		for _, body := range []string{
			`{"userName":"INES@lumen.example"}`,
			`{"userName":"other","emails":[{"value":"Ines@lumen.example"}]}`,
			`{"userName":"other@lumen.example","externalId":"ext-ines@lumen.example"}`,
		} {
			r.call("POST", "/Users", body).want(409, "uniqueness")
		}
		var email string
		if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT email FROM users WHERE org_id = ? AND id = ?`, r.ID, r.max.UserID).Scan(&email); err != nil {
			r.Fatal(err)
		}
		// Somebody who was made here is found by their address, and is not made again.
		r.call("POST", "/Users", fmt.Sprintf(`{"userName":%q,"emails":[{"value":"new@lumen.example"}]}`, email)).want(409, "uniqueness")
		r.call("GET", "/Users?filter="+url.QueryEscape(`userName eq "`+strings.ToUpper(email)+`"`), "").want(200).has(map[string]string{"totalResults": "1", "Resources/0/id": r.max.UserID})
	})
}

// TestRequestsOfEntraAndOkta has the forms of changes that those providers send, and what comes of
// each.
func TestRequestsOfEntraAndOkta(t *testing.T) {
	const operations = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
	cases := []struct {
		name, body string
		want       map[string]string
	}{
		{"Entra disables", `{"op":"Replace","path":"active","value":"False"}`, map[string]string{"active": "false"}},
		{"Entra enables", `{"op":"Replace","path":"active","value":"True"}`, map[string]string{"active": "true"}},
		{"Entra, in the form that follows the standard", `{"op":"replace","path":"active","value":false}`, map[string]string{"active": "false"}},
		{"Entra, a list of one", `{"op":"Replace","path":"active","value":[{"value":"True"}]}`, map[string]string{"active": "true"}},
		{"Okta disables", `{"op":"replace","value":{"active":false}}`, map[string]string{"active": "false"}},
		{"Okta enables", `{"op":"replace","value":{"active":true}}`, map[string]string{"active": "true"}},
		{"Entra, an address by its type", `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"Iv@lumen.example"}`, map[string]string{"emails/0/value": "Iv@lumen.example"}},
		{"Entra adds an address by its type", `{"op":"Add","path":"emails[type eq \"work\"].value","value":"iv2@lumen.example"}`, map[string]string{"emails/0/value": "iv2@lumen.example"}},
		{"an address of home is not kept", `{"op":"Add","path":"emails[type eq \"home\"].value","value":"home@lumen.example"}`, map[string]string{"emails/0/value": "iv2@lumen.example"}},
		{"the primary of several", `{"op":"replace","path":"emails","value":[{"value":"a@lumen.example","type":"work"},{"value":"b@lumen.example","primary":"True"}]}`, map[string]string{"emails/0/value": "b@lumen.example"}},
		{"an address cannot be taken away", `{"op":"remove","path":"emails[type eq \"work\"]"}`, map[string]string{"emails/0/value": "b@lumen.example"}},
		{"Entra, dotted names without a path", `{"op":"Add","value":{"name.givenName":"Inés María","name.familyName":"Vega Ruiz","` + enterprise + `:employeeNumber":"7","emails[type eq \"work\"].value":"c@lumen.example"}}`,
			map[string]string{"name/givenName": "Inés María", "name/familyName": "Vega Ruiz", enterprise + "/employeeNumber": "7", "emails/0/value": "c@lumen.example"}},
		{"Entra, a part of the name", `{"op":"Replace","path":"name.familyName","value":"Vega"}`, map[string]string{"name/givenName": "Inés María", "name/familyName": "Vega"}},
		{"the name as a whole", `{"op":"replace","path":"name","value":{"givenName":"Inés"}}`, map[string]string{"name/givenName": "Inés", "name/familyName": "Vega"}},
		{"a path with its schema", `{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Chief"}`, map[string]string{"title": "Chief"}},
		{"a path of the extension", `{"op":"Add","path":"` + enterprise + `:department","value":"Maps"}`, map[string]string{enterprise + "/department": "Maps"}},
		{"a department that is not there", `{"op":"Replace","path":"` + enterprise + `:department","value":"Moon"}`, map[string]string{enterprise + "/department": "Maps"}},
		{"the extension as an object", `{"op":"Replace","value":{"` + enterprise + `":{"employeeNumber":"8"}}}`, map[string]string{enterprise + "/employeeNumber": "8"}},
		{"Entra, the manager as text", `{"op":"Add","path":"` + enterprise + `:manager","value":"MAX"}`, map[string]string{enterprise + "/manager/value": "MAX"}},
		{"the manager is taken away", `{"op":"Remove","path":"` + enterprise + `:manager"}`, map[string]string{enterprise + "/manager/value": ""}},
		{"Entra, the manager as an object", `{"op":"Replace","path":"` + enterprise + `:manager.value","value":"MAX"}`, map[string]string{enterprise + "/manager/value": "MAX"}},
		{"a manager nobody knows", `{"op":"Replace","path":"` + enterprise + `:manager","value":"nobody"}`, map[string]string{enterprise + "/manager/value": "MAX"}},
		{"something is cleared", `{"op":"Remove","path":"title"}`, map[string]string{"title": ""}},
		{"a phone", `{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"+12015550111"}`, map[string]string{"phoneNumbers/0/value": "+12015550111"}},
		{"another phone is not kept", `{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"+12015550112"}`, map[string]string{"phoneNumbers/0/value": "+12015550111"}},
		{"what is not kept", `{"op":"Add","path":"addresses[type eq \"work\"].streetAddress","value":"1 Way"},{"op":"Add","path":"nickName","value":"I"}`, map[string]string{"addresses": "", "nickName": ""}},
		{"a zone of another world", `{"op":"Add","path":"timezone","value":"Pacific Standard Time"}`, map[string]string{"timezone": ""}},
		{"a zone", `{"op":"Add","path":"timezone","value":"America/Mexico_City"}`, map[string]string{"timezone": "America/Mexico_City"}},
		{"externalId", `{"op":"Add","path":"externalId","value":"e2"}`, map[string]string{"externalId": "e2"}},
		{"userName", `{"op":"Replace","path":"userName","value":"ines.new@lumen.example"}`, map[string]string{"userName": "ines.new@lumen.example", "emails/0/value": "c@lumen.example"}},
		{"several at once, other spellings", `{"OP":"REPLACE","PATH":"Title","VALUE":"Deputy"},{"op":"Replace","path":"ACTIVE","value":"false"}`, map[string]string{"title": "Deputy", "active": "false"}},
	}
	each(t, func(r *rig) {
		r.Department(r.T, "Maps")
		id := r.create("ines@lumen.example")
		for _, c := range cases {
			r.Log(c.name)
			body := strings.ReplaceAll(fmt.Sprintf(operations, c.body), "MAX", r.max.UserID)
			want := map[string]string{}
			for path, v := range c.want {
				want[path] = strings.ReplaceAll(v, "MAX", r.max.UserID)
			}
			r.call("PATCH", "/Users/"+id, body).want(200).has(want)
		}
		// Okta sends the whole of what it knows; what it does not name stays.
		r.call("PUT", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"`+id+`","userName":"ines.new@lumen.example","externalId":"00ub0oNGTSWTBKOLGLNR",
			"name":{"givenName":"Inés","familyName":"Vega"},"emails":[{"primary":true,"value":"ines.new@lumen.example","type":"work"}],"displayName":"Inés Vega","locale":"en-US","groups":[],"active":true,"password":"never kept"}`).
			want(200).has(map[string]string{"active": "true", "externalId": "00ub0oNGTSWTBKOLGLNR", "emails/0/value": "ines.new@lumen.example", "title": "Deputy", "password": ""})
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("ines@lumen.example")
		for _, c := range []struct {
			method, path, body string
			status             int
			scimType           string
		}{
			{"POST", "/Users", `{`, 400, "invalidSyntax"},
			{"POST", "/Users", `[]`, 400, "invalidSyntax"},
			{"POST", "/Users", `{} {}`, 400, "invalidSyntax"},
			{"POST", "/Users", `{}`, 400, "invalidValue"},
			{"POST", "/Users", `{"userName":"no-address"}`, 400, "invalidValue"},
			{"POST", "/Users", `{"userName":"a@b.example","emails":[{"value":"not one"}]}`, 400, "invalidValue"},
			{"POST", "/Users", `{"userName":"a\u0000@b.example"}`, 400, "invalidValue"},
			{"POST", "/Users", `{"userName":"a@b.example","active":"maybe"}`, 400, "invalidValue"},
			{"PATCH", "/Users/" + id, `{}`, 400, "invalidSyntax"},
			{"PATCH", "/Users/" + id, `{"Operations":[]}`, 400, "invalidSyntax"},
			{"PATCH", "/Users/" + id, `{"Operations":["x"]}`, 400, "invalidSyntax"},
			{"PATCH", "/Users/" + id, `{"Operations":[{"op":"move","path":"title","value":"x"}]}`, 400, "invalidSyntax"},
			{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":"emails[","value":"x"}]}`, 400, "invalidPath"},
			{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":7,"value":"x"}]}`, 400, "invalidPath"},
			{"PATCH", "/Users/" + id, `{"Operations":[{"op":"remove"}]}`, 400, "noTarget"},
			{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","value":"x"}]}`, 400, "invalidValue"},
			{"GET", "/Users?filter=userName", "", 400, "invalidFilter"},
			{"GET", "/Users?filter=" + url.QueryEscape(`userName co "a"`), "", 400, "invalidFilter"},
			{"GET", "/Users?filter=" + url.QueryEscape(`not (userName eq "a")`), "", 400, "invalidFilter"},
			{"GET", "/Users?filter=" + url.QueryEscape(`nickName eq "a"`), "", 400, "invalidFilter"},
			{"GET", "/Users?filter=" + url.QueryEscape(strings.Repeat(`id eq "a" or `, 25)+`id eq "a"`), "", 400, "invalidFilter"},
			{"GET", "/Users?filter=" + url.QueryEscape(strings.Repeat("(", 500)), "", 400, "invalidFilter"},
			{"GET", "/Users?count=many", "", 400, "invalidValue"},
			{"POST", "/Bulk", `{}`, 501, ""}, {"GET", "/Me", "", 501, ""}, {"GET", "/Nothing", "", 404, ""}, {"GET", "/Users/", "", 404, ""}, {"GET", "/Users/" + id + "/x", "", 404, ""},
			{"PUT", "/Users", `{}`, 405, ""}, {"POST", "/Users/" + id, `{}`, 405, ""}, {"POST", "/Schemas", `{}`, 405, ""},
		} {
			if a := r.call(c.method, c.path, c.body); a.status != c.status || a.text("scimType") != c.scimType {
				r.Errorf("%s %s %s: %s, want %d %s", c.method, c.path, c.body, a.raw, c.status, c.scimType)
			}
		}
		r.call("POST", "/Users", "userName=x", "Content-Type", "application/x-www-form-urlencoded").want(415)
	})
}

func TestWhoMayProvision(t *testing.T) {
	each(t, func(r *rig) {
		id, body := r.create("ines@lumen.example"), `{"userName":"a@b.example"}`
		reader := r.ada
		reader.UserID, reader.Scopes = "reader", []string{"users:read"}
		r.actors["reader"] = reader
		late := r.ada
		late.UserID, late.Restricted = "late", true
		r.actors["late"] = late
		other := cast.NewOrg(r.T, r.db)
		stranger := r.as(other.Administrator(r.T, "eve"))
		hr := r.Person(r.T, "hr")
		hr.Capabilities = []authz.Capability{authz.UsersManage}
		r.as(hr)
		for _, path := range []string{"/Users", "/Users/" + id, "/Groups", "/ServiceProviderConfig"} {
			if a := r.send(authz.Actor{}, "GET", path, "").want(401); a.header.Get("WWW-Authenticate") == "" {
				r.Errorf("%s: %v", path, a.header)
			}
			r.send(authz.Actor{UserID: "guessed"}, "GET", path, "").want(401)
			r.send(late, "GET", path, "").want(403)
		}
		r.send(authz.Actor{}, "GET", "/Users/"+id, "", "X-API-KEY", r.ada.UserID).want(200)
		for _, path := range []string{"/Users", "/Users/" + id, "/Groups", "/Groups/" + r.Members} {
			r.send(r.max, "GET", path, "").want(403)
		}
		r.send(reader, "GET", "/Users/"+id, "").want(200)
		r.send(reader, "GET", "/Groups", "").want(403)
		r.send(reader, "POST", "/Users", body).want(403)
		r.send(reader, "DELETE", "/Users/"+id, "").want(403)
		r.send(hr, "GET", "/Groups", "").want(403)
		r.send(hr, "DELETE", "/Users/"+r.ada.UserID, "").want(403) // above the caller
		r.call("DELETE", "/Users/"+r.ada.UserID, "").want(409)     // the last administrator
		r.call("PATCH", "/Users/"+r.ada.UserID, `{"Operations":[{"op":"replace","path":"active","value":false}]}`).want(409)

		// Another organization's key sees nothing of this one, whatever it sends.
		group := r.call("POST", "/Groups", `{"displayName":"Editors"}`).want(201).id()
		for _, c := range []struct{ method, path, body string }{
			{"GET", "/Users/" + id, ""}, {"PUT", "/Users/" + id, `{"userName":"x@y.example"}`}, {"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":"title","value":"x"}]}`},
			{"PATCH", "/Users/" + id, `{"Operations":1}`}, {"DELETE", "/Users/" + id, ""}, {"GET", "/Groups/" + group, ""}, {"PUT", "/Groups/" + group, `{"displayName":"x"}`},
			{"PATCH", "/Groups/" + group, `{"Operations":1}`}, {"DELETE", "/Groups/" + group, ""},
		} {
			got, absent := r.send(stranger, c.method, c.path, c.body).want(404), r.send(stranger, c.method, strings.NewReplacer(id, "absent", group, "absent").Replace(c.path), c.body).want(404)
			if got.raw != absent.raw {
				r.Errorf("%s %s: %s, and of an absent one %s", c.method, c.path, got.raw, absent.raw)
			}
		}
		for _, f := range []string{`id eq "` + id + `"`, `userName eq "ines@lumen.example"`, `externalId eq "ext-ines@lumen.example"`, `emails.value eq "ines@lumen.example"`} {
			r.send(stranger, "GET", "/Users?filter="+url.QueryEscape(f), "").want(200).has(map[string]string{"totalResults": "0"})
		}
		r.send(stranger, "POST", "/Groups", `{"displayName":"Theirs","members":[{"value":"`+id+`"}]}`).want(400, "invalidValue")
		r.send(stranger, "POST", "/Users", `{"userName":"ines@lumen.example","externalId":"ext-ines@lumen.example"}`).want(201) // names are the organization's own
	})
}

func TestListsHavePagesFiltersAndProjections(t *testing.T) {
	each(t, func(r *rig) {
		var ids []string
		for i := range 7 {
			ids = append(ids, r.create(fmt.Sprintf("p%d@lumen.example", i)))
		}
		r.call("PATCH", "/Users/"+ids[3], `{"Operations":[{"op":"replace","path":"active","value":false}]}`).want(200)
		r.call("GET", "/Users?startIndex=3&count=2", "").want(200).has(map[string]string{
			"totalResults": "9", "startIndex": "3", "itemsPerPage": "2", "Resources/0/id": ids[0], "Resources/1/id": ids[1], "Resources/2/id": "",
		})
		r.call("GET", "/Users?count=0", "").want(200).has(map[string]string{"totalResults": "9", "itemsPerPage": "0"})
		r.call("GET", "/Users?startIndex=-5&count=-1", "").want(200).has(map[string]string{"startIndex": "1", "itemsPerPage": "0"})
		r.call("GET", "/Users?startIndex=100", "").want(200).has(map[string]string{"totalResults": "9", "itemsPerPage": "0"})
		for f, n := range map[string]int{
			`userName eq "P3@lumen.example"`: 1, `emails.value eq "p3@LUMEN.example"`: 1, `emails[type eq "work" and value eq "p3@lumen.example"]`: 1,
			`externalId eq "ext-p3@lumen.example"`: 1, `externalId eq "EXT-p3@lumen.example"`: 0, `active eq false`: 1, `active eq "True"`: 8, `id eq "` + ids[2] + `"`: 1,
			`userName eq "p1@lumen.example" or userName eq "p2@lumen.example"`:                       2,
			`userName eq "p3@lumen.example" and active eq true`:                                      0,
			`active eq false and (userName eq "p3@lumen.example" or userName eq "p2@lumen.example")`: 1,
			`userName eq "p1@lumen.example" or userName eq "p3@lumen.example" and active eq true`:    1,
			`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "p3@lumen.example"`:              1,
			`userName eq "x\" or 1=1 --"`:                                                            0, `userName eq "' OR '1'='1"`: 0,
		} {
			r.Log(f)
			r.call("GET", "/Users?filter="+url.QueryEscape(f), "").want(200).has(map[string]string{"totalResults": fmt.Sprint(n)})
		}
		r.call("GET", "/Users/"+ids[0]+"?attributes=userName,name.givenName", "").want(200).has(map[string]string{"id": ids[0], "userName": "p0@lumen.example", "name/givenName": "p0", "emails": "", "meta": ""})
		r.call("GET", "/Users/"+ids[0]+"?excludedAttributes=emails", "").want(200).has(map[string]string{"userName": "p0@lumen.example", "emails": ""})
	})
}

func TestVersionsAreChecked(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("ines@lumen.example")
		first := r.call("GET", "/Users/"+id, "").want(200).header.Get("ETag")
		if !strings.HasPrefix(first, `W/"`) {
			r.Errorf("the version is %s", first)
		}
		r.call("GET", "/Users/"+id, "", "If-None-Match", first).want(304)
		const change = `{"Operations":[{"op":"replace","path":"externalId","value":"other"}]}`
		second := r.call("PATCH", "/Users/"+id, change, "If-Match", first).want(200).header.Get("ETag")
		if second == first {
			r.Error("a new externalId is no new version")
		}
		r.call("PATCH", "/Users/"+id, change, "If-Match", first).want(412)
		r.call("PUT", "/Users/"+id, `{"userName":"x@y.example"}`, "If-Match", first).want(412)
		r.call("DELETE", "/Users/"+id, "", "If-Match", first).want(412)
		if again := r.call("PATCH", "/Users/"+id, change, "If-Match", second).want(200).header.Get("ETag"); again != second {
			r.Errorf("a change that changes nothing made %s of %s", again, second)
		}
		r.call("DELETE", "/Users/"+id, "", "If-Match", second).want(204)
	})
}

func TestWhatTheServerCanDoIsTold(t *testing.T) {
	each(t, func(r *rig) {
		r.send(r.max, "GET", "/ServiceProviderConfig", "").want(200).has(map[string]string{"bulk/supported": "false", "patch/supported": "true", "filter/maxResults": "200"})
		r.call("GET", "/ResourceTypes", "").want(200).has(map[string]string{"totalResults": "2"})
		r.call("GET", "/ResourceTypes/Group", "").want(200).has(map[string]string{"endpoint": "/Groups"})
		r.call("GET", "/Schemas", "").want(200).has(map[string]string{"totalResults": "3"})
		r.call("GET", "/Schemas/"+enterprise, "").want(200).has(map[string]string{"name": "EnterpriseUser"})
		r.call("GET", "/Schemas/urn:none", "").want(404)
	})
}

func TestCallsLeaveTheirTrace(t *testing.T) {
	each(t, func(r *rig) {
		id := r.create("ines@lumen.example")
		if got := r.kept.last(); got != "scimCreateUser user  "+api.Done+" " {
			r.Errorf("making somebody: %q", got)
		}
		r.call("PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"title","value":"Chief"}]}`).want(200)
		if got := r.kept.last(); got != "scimPatchUser user "+id+" "+api.Done+" " {
			r.Errorf("changing them: %q", got)
		}
		r.send(r.max, "DELETE", "/Users/"+id, "").want(403)
		if got := r.kept.last(); got != "scimDeleteUser user "+id+" "+api.Denied+" role.missing" {
			r.Errorf("a denial: %q", got)
		}
		before := len(r.kept.list)
		r.call("PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"userName","value":""}]}`)
		r.call("POST", "/Users", `{"userName":"ines@lumen.example"}`).want(409)
		if len(r.kept.list) > before+1 { // what was undone leaves none
			r.Errorf("a conflict left %q", r.kept.last())
		}
	})
}
