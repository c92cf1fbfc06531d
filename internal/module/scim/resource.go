package scim

import (
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// resource is a JSON object of the protocol. A value that is empty is left out: the protocol does
// not tell "no value" from "not there" (RFC 7643, section 2.5).
type resource map[string]any

func (r resource) set(name string, value any) {
	switch v := value.(type) {
	case *string:
		if v != nil && *v != "" {
			r[name] = *v
		}
	case resource:
		if len(v) > 0 {
			r[name] = v
		}
	default:
		r[name] = value
	}
}

// etag is a version as the protocol shows it. It is weak: projections of a resource share it.
func etag(version int64) string { return "W/" + api.ETag(version) }

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Service) meta(kind, path string, version, created, updated int64) resource {
	return resource{"resourceType": kind, "created": stamp(created), "lastModified": stamp(updated), "location": s.URL + Path + path, "version": etag(version)}
}

func (s *Service) userResource(u User) resource {
	r := resource{
		"schemas": []string{userSchema}, "id": u.ID, "userName": u.UserName, "active": u.Status != blocked, "displayName": u.FirstName + " " + u.LastName,
		"name":   resource{"givenName": u.FirstName, "familyName": u.LastName, "formatted": u.FirstName + " " + u.LastName},
		"emails": []resource{{"value": u.Email, "type": "work", "primary": true}},
		"meta":   s.meta("User", "/Users/"+u.ID, u.Version, u.CreatedAt, u.UpdatedAt),
	}
	for name, value := range map[string]*string{"externalId": u.ExternalID, "title": u.Title, "preferredLanguage": u.Language, "timezone": u.TimeZone} {
		r.set(name, value)
	}
	if u.Phone != nil && *u.Phone != "" {
		r["phoneNumbers"] = []resource{{"value": *u.Phone, "type": "work"}}
	}
	more := resource{}
	more.set("employeeNumber", u.Employee)
	more.set("department", u.Department)
	if u.Manager != nil {
		more["manager"] = resource{"value": *u.Manager, "$ref": s.URL + Path + "/Users/" + *u.Manager}
	}
	if len(more) > 0 {
		r["schemas"], r[enterpriseSchema] = []string{userSchema, enterpriseSchema}, more
	}
	return r
}

// groupResource shows a group; members is nil where they are not shown.
func (s *Service) groupResource(g Group, members []Member) resource {
	r := resource{
		"schemas": []string{groupSchema}, "id": g.ID, "displayName": g.Name,
		"meta": s.meta("Group", "/Groups/"+g.ID, g.Version, g.CreatedAt, g.UpdatedAt),
	}
	r.set("externalId", g.ExternalID)
	if members != nil {
		list := make([]resource, len(members))
		for i, m := range members {
			list[i] = resource{"value": m.ID, "display": m.Name, "type": "User", "$ref": s.URL + Path + "/Users/" + m.ID}
		}
		r["members"] = list
	}
	return r
}

// projection says which attributes of a resource are wanted (RFC 7644, section 3.9).
type projection struct{ only, without []string }

func projectionOf(attributes, excluded string) projection {
	return projection{names(attributes), names(excluded)}
}

// names gives the attributes of a list, without their parts: name.givenName asks for name.
func names(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(enterpriseSchema)) {
			name = enterpriseSchema
		} else {
			name, _, _ = strings.Cut(withoutSchema(name), ".")
		}
		out = append(out, strings.ToLower(name))
	}
	return out
}

// wants reports whether an attribute is shown.
func (p projection) wants(name string) bool {
	name = strings.ToLower(name)
	switch {
	case name == "id" || name == "schemas":
		return true
	case len(p.only) > 0:
		return slices.Contains(p.only, name)
	}
	return !slices.Contains(p.without, name)
}

func (p projection) of(r resource) resource {
	for name := range r {
		if !p.wants(name) {
			delete(r, name)
		}
	}
	return r
}

func listOf(list []resource, total, start int) resource {
	return resource{"schemas": []string{listMessage}, "totalResults": total, "startIndex": start, "itemsPerPage": len(list), "Resources": list}
}
