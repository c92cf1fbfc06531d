package scim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

func TestAGroupIsMadeChangedAndDeleted(t *testing.T) {
	each(t, func(r *rig) {
		ines := r.create("ines@lumen.example")
		a := r.call("POST", "/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"g1","displayName":"Editors","members":[{"value":%q}],"meta":{"resourceType":"Group"}}`, ines)).want(201)
		id := a.id()
		a.has(map[string]string{"displayName": "Editors", "externalId": "g1", "members/0/value": ines, "members/0/type": "User", "members/0/display": "ines ines", "meta/resourceType": "Group"})
		r.call("GET", "/Groups/"+id+"?excludedAttributes=members", "").want(200).has(map[string]string{"displayName": "Editors", "members": ""})
		for f, n := range map[string]int{
			`displayName eq "editors"`: 1, `externalId eq "g1"`: 1, `externalId eq "G1"`: 0, `id eq "` + id + `" and members eq "` + ines + `"`: 1,
			`members[value eq "` + r.max.UserID + `"] and displayName eq "Editors"`: 0,
		} {
			r.Log(f)
			r.call("GET", "/Groups?filter="+url.QueryEscape(f), "").want(200).has(map[string]string{"totalResults": fmt.Sprint(n)})
		}
		r.call("GET", "/Groups?startIndex=3&count=1", "").want(200).has(map[string]string{"totalResults": "3", "itemsPerPage": "1", "Resources/0/id": id, "Resources/0/members": ""})
		r.call("POST", "/Groups", `{"displayName":"EDITORS"}`).want(409, "uniqueness")
		r.call("POST", "/Groups", `{"displayName":"Press","externalId":"g1"}`).want(409, "uniqueness")
		r.call("POST", "/Groups", `{"displayName":" "}`).want(400, "invalidValue")
		r.call("POST", "/Groups", `{"displayName":"Nested","members":[{"value":"x","type":"Group"}]}`).want(400, "invalidValue")
		r.call("POST", "/Groups", `{"displayName":"Nobody","members":[{"value":"absent"}]}`).want(400, "invalidValue")
		r.call("PUT", "/Groups/"+id, `{"displayName":"Press","members":[]}`).want(200).has(map[string]string{"displayName": "Press", "members/0/value": ""})
		r.call("PATCH", "/Groups/"+r.Administrators, `{"Operations":[{"op":"replace","path":"displayName","value":"x"}]}`).want(400, "mutability")
		r.call("DELETE", "/Groups/"+r.Members, "").want(400, "mutability")
		r.call("DELETE", "/Groups/"+id, "", "If-Match", `W/"99"`).want(412)
		r.call("DELETE", "/Groups/"+id, "").want(204)
		r.call("GET", "/Groups/"+id, "").want(404)
		r.call("POST", "/Groups", `{"displayName":"Editors","externalId":"g1"}`).want(201)
	})
}

// TestMembersByEntraAndOkta has the forms in which those providers say who is in a group. A, B and
// C are people.
func TestMembersByEntraAndOkta(t *testing.T) {
	each(t, func(r *rig) {
		a, b, c := r.create("a@lumen.example"), r.create("b@lumen.example"), r.create("c@lumen.example")
		fill := strings.NewReplacer("$A", a, "$B", b, "$C", c)
		id := r.call("POST", "/Groups", `{"displayName":"Editors"}`).want(201).id()
		for _, x := range []struct{ name, operations, want string }{
			{"Entra adds", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"$A"}]}`, "$A"},
			{"Entra adds who is there", `{"op":"Add","path":"members","value":[{"value":"$A"},{"value":"$B"}]}`, "$A $B"},
			{"Entra removes by a list", `{"op":"Remove","path":"members","value":[{"value":"$A"}]}`, "$B"},
			{"Entra removes by a filter", `{"op":"Remove","path":"members[value eq \"$B\"]"}`, ""},
			{"Okta replaces all", `{"op":"replace","path":"members","value":[{"value":"$C","display":"c@lumen.example"},{"value":"$A"}]}`, "$A $C"},
			{"Okta removes and adds", `{"op":"remove","path":"members[value eq \"$C\"]"},{"op":"add","path":"members","value":[{"value":"$B"}]}`, "$A $B"},
			{"Okta renames without a path", `{"op":"replace","value":{"id":"x","displayName":"Chief editors"}}`, "$A $B"},
			{"one member, no list", `{"op":"add","path":"members","value":{"value":"$C"}}`, "$A $B $C"},
			{"ids as text", `{"op":"remove","path":"members","value":["$C"]}`, "$A $B"},
			{"members without a path", `{"op":"add","value":{"members":[{"value":"$C"}]}}`, "$A $B $C"},
			{"two by a filter", `{"op":"remove","path":"members[value eq \"$A\" or value eq \"$B\"]"}`, "$C"},
			{"nobody is added", `{"op":"add","path":"members","value":[]}`, "$C"},
			{"all are removed", `{"op":"remove","path":"members"}`, ""},
			{"externalId by Entra", `{"op":"Replace","path":"externalId","value":"g7"}`, ""},
		} {
			r.Log(x.name)
			r.call("PATCH", "/Groups/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+fill.Replace(x.operations)+`]}`).want(204)
			if got := r.inside(id); got != fill.Replace(x.want) {
				r.Errorf("%s, want %s", got, fill.Replace(x.want))
			}
		}
		r.call("GET", "/Groups/"+id, "").has(map[string]string{"displayName": "Chief editors", "externalId": "g7"})
		for operations, scimType := range map[string]string{
			`{"op":"add","path":"members","value":[{"value":"absent"}]}`:    "invalidValue",
			`{"op":"add","path":"members","value":[{"display":"nobody"}]}`:  "invalidValue",
			`{"op":"remove","path":"members[display eq \"x\"]"}`:            "noTarget",
			`{"op":"replace","path":"members[value eq \"x\"]","value":"y"}`: "noTarget",
		} {
			r.call("PATCH", "/Groups/"+id, `{"Operations":[`+operations+`]}`).want(400, scimType)
		}
	})
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	each(t, func(r *rig) {
		clerk := r.Person(r.T, "clerk")
		clerk.Capabilities = []authz.Capability{authz.GroupsManage}
		r.as(clerk)
		add := fmt.Sprintf(`{"Operations":[{"op":"add","path":"members","value":[{"value":%q}]}]}`, r.max.UserID)
		r.send(clerk, "PATCH", "/Groups/"+r.Administrators, add).want(403)
		r.call("PATCH", "/Groups/"+r.Administrators, add).want(204)
		r.call("PATCH", "/Groups/"+r.Administrators, fmt.Sprintf(`{"Operations":[{"op":"replace","path":"members","value":[{"value":%q}]}]}`, r.max.UserID)).want(204)
		if got := r.inside(r.Administrators); got != r.max.UserID { // who was replaced by another
			r.Errorf("administrators: %s", got)
		}
		r.call("PATCH", "/Groups/"+r.Administrators, `{"Operations":[{"op":"remove","path":"members"}]}`).want(409)
	})
}
