package scim

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Path is where the protocol lives.
const Path = "/scim/v2"

// Schemas and messages (RFC 7643, section 8.7; RFC 7644, section 8.2).
const (
	userSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listMessage      = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	errorMessage     = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Limits.
const (
	MaxResults    = 200 // of one page
	defaultCount  = 100
	maxBody       = 4 << 20 // bytes; ten thousand members fit
	maxFilter     = 2000    // characters
	maxTerms      = 20      // comparisons in a filter
	maxOperations = 1000    // in one PATCH
	maxMembers    = 10_000  // named in one request
	maxName       = 254
)

// Constraints tell which conflict a unique index stands for.
var Constraints = []db.Constraint{
	{
		Name: "scim_users_external_key", Columns: "scim_users.org_id, scim_users.external_id",
		Code: "scim.externalIdTaken", Pointer: "/externalId", Detail: "Another person has this externalId.",
	},
	{
		Name: "scim_users_name_key", Columns: "scim_users.org_id, scim_users.user_name_key",
		Code: "scim.userNameTaken", Pointer: "/userName", Detail: "Another person has this userName.",
	},
	{
		Name: "scim_groups_external_key", Columns: "scim_groups.org_id, scim_groups.external_id",
		Code: "scim.externalIdTaken", Pointer: "/externalId", Detail: "Another group has this externalId.",
	},
}

// Change is what a request says of a person, in the terms of module/user. What it does not say is
// not set.
type Change struct {
	Email, FirstName, LastName            api.Patch[string]
	Phone, Title, Language, TimeZone      api.Patch[string]
	EmployeeNumber, DepartmentID, Manager api.Patch[string]
	Status                                api.Patch[string]
}

// User is a person as the protocol shows them.
type User struct {
	ID, UserName, Email                        string
	ExternalID                                 *string
	FirstName, LastName, Status                string
	Phone, Title, Language, TimeZone, Employee *string
	Department, Manager                        *string
	Version, CreatedAt, UpdatedAt              int64
}

// The states of an account that matter here; they are module/user's.
const (
	active   = "ACTIVE"
	blocked  = "BLOCKED"
	archived = "ARCHIVE"
)

// Group is a security group as the protocol shows it.
type Group struct {
	ID, Name                      string
	ExternalID                    *string
	Version, CreatedAt, UpdatedAt int64
}

// Member is somebody in a group.
type Member struct{ ID, Name string }

// refusal is an error of the protocol: a status and, for some, a scimType (RFC 7644, section 3.12).
type refusal struct {
	status   int
	scimType string
	detail   string
}

// Error implements error.
func (r refusal) Error() string { return r.scimType + ": " + r.detail }

func bad(scimType, detail string) error { return refusal{http.StatusBadRequest, scimType, detail} }

// refusalOf is a fault in the protocol's terms. ok is false for failures of ours.
func refusalOf(err error) (r refusal, ok bool) {
	f, ok := fault.As(err)
	if !ok {
		return r, false
	}
	r.detail = f.Detail
	switch f.Kind {
	case fault.KindInvalid:
		r.status, r.scimType = http.StatusBadRequest, "invalidValue"
		var all []string
		for _, x := range f.Fields {
			all = append(all, strings.TrimPrefix(x.Pointer, "/")+": "+x.Detail)
		}
		if len(all) > 0 {
			r.detail = strings.Join(all, " ")
		}
	case fault.KindConflict:
		r.status = http.StatusConflict
		if strings.HasSuffix(f.Code, "Taken") {
			r.scimType = "uniqueness"
		}
		if f.Code == "securityGroup.builtin" {
			r.status, r.scimType = http.StatusBadRequest, "mutability"
		}
	case fault.KindUnauthenticated:
		r.status = http.StatusUnauthorized
	case fault.KindForbidden:
		r.status = http.StatusForbidden
	case fault.KindNotFound:
		r.status = http.StatusNotFound
	case fault.KindPreconditionFailed:
		r.status = http.StatusPreconditionFailed
	case fault.KindTooLarge:
		r.status = http.StatusRequestEntityTooLarge
	case fault.KindTooMany:
		r.status = http.StatusTooManyRequests
	case fault.KindUnavailable:
		r.status = http.StatusServiceUnavailable
	default:
		return r, false
	}
	return r, true
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// isAddress reports whether a userName can stand for an e-mail address.
func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.Contains(domain, "@")
}

// checkName refuses names that cannot be kept.
func checkName(attribute, s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return bad("invalidValue", attribute+" is required.")
	case utf8.RuneCountInString(s) > maxName:
		return bad("invalidValue", attribute+" has at most "+strconv.Itoa(maxName)+" characters.")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return bad("invalidValue", attribute+" has characters that are not allowed.")
	}
	return nil
}
