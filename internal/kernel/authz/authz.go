// Package authz is the vocabulary of "who": the actor of a request, the
// capabilities that security groups give, the scopes that keys carry, and the rule
// that every operation declares (x-authz in the OpenAPI description).
//
// It decides nothing about single objects: that is each module's access.go and
// kernel/audience.
package authz

import (
	"slices"
	"strings"
)

// Capability is a right that a security group gives its members.
type Capability string

// The capabilities. The built-in group Administrators holds all of them.
const (
	UsersManage        Capability = "users:manage"
	OrganizationManage Capability = "organization:manage"
	DepartmentsManage  Capability = "departments:manage"
	LocationsManage    Capability = "locations:manage"
	GroupsManage       Capability = "groups:manage"
	TokensManage       Capability = "tokens:manage"
	SettingsManage     Capability = "settings:manage"
	CategoriesManage   Capability = "categories:manage"
	SSOManage          Capability = "sso:manage"
	TemplatesManage    Capability = "templates:manage"
	NotificationsSend  Capability = "notifications:send"
	ContentModerate    Capability = "content:moderate"
	WebhooksManage     Capability = "webhooks:manage"
	AuditRead          Capability = "audit:read"
)

// Capabilities is every capability, in the order the documentation lists them.
var Capabilities = []Capability{
	UsersManage, OrganizationManage, DepartmentsManage, LocationsManage, GroupsManage, TokensManage,
	SettingsManage, CategoriesManage, SSOManage, TemplatesManage, NotificationsSend, ContentModerate,
	WebhooksManage, AuditRead,
}

// Actor is the authenticated caller of one request. It is a value: what it says was
// true when the request was authenticated (at most a second ago).
type Actor struct {
	OrgID  string
	UserID string
	// TokenID is the key the actor called with, SessionID the browser session: one of them.
	TokenID   string
	SessionID string
	// Root says that the organization is the root organization of this installation.
	Root bool
	// Capabilities are the union over the actor's security groups.
	Capabilities []Capability
	// Scopes limit what the key may do: "posts:read", "posts:write", "posts:*",
	// "*:read", "*:*" or "*". Empty means everything.
	Scopes []string
	// Restricted says that an overdue obligation limits the actor, unless something decides
	// otherwise when they are refused (api.Options.Restrict).
	Restricted bool
}

// Can reports whether the actor holds a capability. The empty capability is held by
// every member.
func (a Actor) Can(c Capability) bool {
	return c == "" || slices.Contains(a.Capabilities, c)
}

// Within reports whether the actor's key covers a scope such as "posts:write", or a wide
// one such as "posts:*".
func (a Actor) Within(scope string) bool {
	return len(a.Scopes) == 0 || slices.ContainsFunc(a.Scopes, func(own string) bool { return covers(own, scope) })
}

// covers reports whether a scope allows all that another one does.
func covers(own, scope string) bool {
	noun, verb := parts(own)
	otherNoun, otherVerb := parts(scope)
	return (noun == "*" || noun == otherNoun) && (verb == "*" || verb == otherVerb)
}

// parts splits a scope; "*" is everything done to everything.
func parts(scope string) (noun, verb string) {
	if scope == "*" {
		return "*", "*"
	}
	noun, verb, _ = strings.Cut(scope, ":")
	return noun, verb
}

// Rule is what an operation asks of its caller, published as x-authz.
type Rule struct {
	// Public operations need no key.
	Public bool `json:"public,omitempty"`
	// Signed operations take, instead of a key, a signature in the query that this server made
	// for one object and a short time. The actor is nobody then (the zero Actor), and the
	// operation checks the signature.
	Signed bool `json:"signed,omitempty"`
	// Capability the caller must hold; empty for every member.
	Capability Capability `json:"capability,omitempty"`
	// Scope the caller's key must cover, "noun:read" or "noun:write".
	Scope string `json:"scope,omitempty"`
	// Restricted says that a restricted user may still call it: on an object, only when it is
	// their own profile or has to do with what they must finish.
	Restricted bool `json:"restricted"`
	// Object is the object the path names, nil for collections.
	Object *Object `json:"object,omitempty"`
	// BodyRefs names body fields that refer to other objects, by JSON name and noun.
	BodyRefs map[string]string `json:"bodyRefs,omitempty"`
}

// Object binds a path parameter to the kind of object it names.
type Object struct {
	// Param is the name of the path parameter.
	Param string `json:"param"`
	// Type is the noun: "post", "user", "department" …
	Type string `json:"type"`
}
