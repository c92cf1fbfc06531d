package postpolicy

import (
	"crypto/hmac"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Skew is how far the clocks of two servers of one installation may be apart: a policy dated
// further in the future is refused. Expiration is exact.
const Skew = 5 * time.Minute

// Grant is what a verified form may do.
type Grant struct {
	Key           string
	Min, Max      int64  // bytes, inclusive; 0 and the largest int64 when the policy says nothing
	SuccessStatus string // success_action_status, as the form has it
}

// needed are the fields without which there is no signature to verify, and the key.
var needed = []string{"key", "policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"}

// honoured are the other fields that mean something here. x-amz-meta-* and x-ignore-* are
// taken and dropped. Every other field of S3 is refused: ignoring a checksum, an encryption
// or a redirect would break what the form asks for.
var honoured = []string{"acl", "bucket", "content-type", "success_action_status"}

// Verify says what a form, by lower-case name and without the file, may do in the account's
// bucket. Errors are refusals. Whether the file's size fits the grant is left to the caller.
func (a Account) Verify(form map[string]string, now time.Time) (Grant, error) {
	if err := a.verifySignature(form, now); err != nil {
		return Grant{}, err
	}
	p, err := Parse(form["policy"])
	if err != nil {
		return Grant{}, err
	}
	if !now.Before(p.Expiration) {
		return Grant{}, denied("the policy has expired")
	}
	covered := map[string]bool{}
	grant := Grant{Key: form["key"], Max: math.MaxInt64, SuccessStatus: form["success_action_status"]}
	for _, c := range p.Conditions {
		covered[c.Field] = true
		if c.Op == LengthRange {
			grant.Min, grant.Max = max(grant.Min, c.Min), min(grant.Max, c.Max)
			continue
		}
		value, given := form[c.Field]
		if c.Field == "bucket" { // the address says it; the form need not repeat it
			if given && value != a.Bucket {
				return Grant{}, denied("the form names another bucket than the address")
			}
			value, given = a.Bucket, true
		}
		if !given || !c.holds(value) {
			return Grant{}, denied(fmt.Sprintf("the policy's condition on %q is not fulfilled", c.Field))
		}
	}
	if !covered["bucket"] {
		return Grant{}, denied("the policy does not say which bucket it is for")
	}
	for name := range form {
		if name == "policy" || name == "x-amz-signature" || strings.HasPrefix(name, "x-ignore-") {
			continue
		}
		known := slices.Contains(needed, name) || slices.Contains(honoured, name) || strings.HasPrefix(name, "x-amz-meta-")
		if !covered[name] || !known {
			return Grant{}, denied(fmt.Sprintf("extra input field: %.100s", name))
		}
	}
	return grant, nil
}

// holds reports whether a value fulfils a condition on a field.
func (c Condition) holds(value string) bool {
	if c.Op == Equal {
		return value == c.Value
	}
	if c.Field != "content-type" {
		return strings.HasPrefix(value, c.Value)
	}
	for part := range strings.SplitSeq(value, ",") { // a type may be a list; each must begin so
		if !strings.HasPrefix(strings.TrimSpace(part), c.Value) {
			return false
		}
	}
	return true
}

func (a Account) verifySignature(form map[string]string, now time.Time) error {
	isSigned := func(name string) bool { _, given := form[name]; return given && name != "key" }
	if !slices.ContainsFunc(needed, isSigned) {
		return denied("the form is not signed")
	}
	for _, name := range needed {
		if form[name] == "" {
			return argument(fmt.Sprintf("the form must contain the field %q", name))
		}
	}
	if form["x-amz-algorithm"] != algorithm {
		return argument("X-Amz-Algorithm must be " + algorithm)
	}
	accessKey, scope, _ := strings.Cut(form["x-amz-credential"], "/")
	date, place, _ := strings.Cut(scope, "/")
	if place != a.Region+"/"+scopeEnd {
		return argument("X-Amz-Credential must end with date/" + a.Region + "/" + scopeEnd)
	}
	signed, err := time.Parse(amzDate, form["x-amz-date"])
	if err != nil || signed.Format(day) != date {
		return argument("X-Amz-Date must look like 20060102T150405Z, on the day of X-Amz-Credential")
	}
	if accessKey != a.AccessKey {
		return &Refusal{http.StatusForbidden, "InvalidAccessKeyId", "The access key does not exist."}
	}
	if !hmac.Equal([]byte(a.sign(form["policy"], date)), []byte(form["x-amz-signature"])) {
		return &Refusal{http.StatusForbidden, "SignatureDoesNotMatch", "The signature is not that of the policy."}
	}
	if signed.After(now.Add(Skew)) {
		return &Refusal{http.StatusForbidden, "RequestTimeTooSkewed", "The policy is dated in the future."}
	}
	return nil
}

func denied(why string) *Refusal {
	return &Refusal{http.StatusForbidden, "AccessDenied", "Invalid according to Policy: " + why + "."}
}

func argument(why string) *Refusal {
	return &Refusal{http.StatusBadRequest, "InvalidArgument", why + "."}
}
