package postpolicy

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/workdrive/workdrive/internal/kernel/blob"
)

var (
	account = Account{Bucket: "files", Region: "local", AccessKey: "workdrive", Secret: "a secret"}
	now     = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

func upload() blob.Upload {
	return blob.Upload{Key: "org/a/b/c", ContentType: "video/mp4", MinBytes: 1, MaxBytes: 1000, Expires: 10 * time.Minute}
}

// fieldsOf is a form by lower-case name, as Verify takes it.
func fieldsOf(f blob.Fields) map[string]string {
	form := map[string]string{}
	for name, value := range f.All() {
		form[strings.ToLower(name)] = value
	}
	return form
}

func TestIssuedPoliciesFixEverything(t *testing.T) {
	t.Parallel()
	fields := account.Issue(upload(), "private", now)
	p, err := Parse(fields.Policy)
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Add(10 * time.Minute); !p.Expiration.Equal(want) {
		t.Errorf("expires %s, want %s", p.Expiration, want)
	}
	fixed := map[string]string{}
	for _, c := range p.Conditions {
		switch c.Op {
		case Equal:
			fixed[c.Field] = c.Value
		case LengthRange:
			fixed["size"] = fmt.Sprint(c.Min, "-", c.Max)
		default:
			t.Errorf("a loose condition: %+v", c)
		}
	}
	want := fieldsOf(fields)
	delete(want, "policy")
	delete(want, "x-amz-signature")
	want["size"] = "1-1000"
	if !maps.Equal(fixed, want) {
		t.Errorf("fixed %v, want %v", fixed, want)
	}
	grant, err := account.Verify(fieldsOf(fields), now)
	if err != nil || grant != (Grant{Key: "org/a/b/c", Min: 1, Max: 1000}) {
		t.Errorf("%+v %v", grant, err)
	}
}

func TestSignatureIsThatOfS3(t *testing.T) {
	t.Parallel()
	fields := account.Issue(upload(), "private", now)
	if want := signer.PostPresignSignatureV4(fields.Policy, now, account.Secret, account.Region); fields.Signature != want {
		t.Errorf("signed %s, want %s", fields.Signature, want)
	}
	for name, other := range map[string]Account{
		"secret": {account.Bucket, account.Region, account.AccessKey, "another"},
		"region": {account.Bucket, "else", account.AccessKey, account.Secret},
	} {
		if other.sign(fields.Policy, "20260304") == fields.Signature {
			t.Errorf("another %s signs the same", name)
		}
	}
	if account.sign(fields.Policy, "20260305") == fields.Signature {
		t.Error("another day signs the same")
	}
}

// What is signed has one reading: moving a byte from one field to its neighbour changes it.
func TestFieldsCannotBeShiftedIntoEachOther(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, c := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {`a","$x`, "bc"}} {
		p := Policy{Expiration: now, Conditions: []Condition{{Op: Equal, Field: c[0], Value: c[1]}}}
		signature := account.sign(p.Encode(), "20260304")
		if other, is := seen[signature]; is {
			t.Errorf("%q and %s have one signature", c, other)
		}
		seen[signature] = fmt.Sprintf("%q", c)
		if again, err := Parse(p.Encode()); err != nil || again.Conditions[0] != p.Conditions[0] {
			t.Errorf("%q reads back as %+v: %v", c, again, err)
		}
	}
}

func TestPolicyLastsFromItsDateToItsExpiration(t *testing.T) {
	t.Parallel()
	form := fieldsOf(account.Issue(upload(), "private", now))
	for _, c := range []struct {
		at   time.Duration
		code string
	}{
		{-Skew - time.Second, "RequestTimeTooSkewed"}, {-Skew, ""}, {0, ""},
		{10*time.Minute - time.Millisecond, ""}, {10 * time.Minute, "AccessDenied"}, {24 * time.Hour, "AccessDenied"},
	} {
		_, err := account.Verify(form, now.Add(c.at))
		var refusal *Refusal
		if errors.As(err, &refusal); (err == nil) != (c.code == "") || (err != nil && refusal.Code != c.code) {
			t.Errorf("%s after it was signed: %v, want %q", c.at, err, c.code)
		}
	}
}

// FuzzVerify signs any document, and holds what Verify accepts to a checker that shares
// nothing with it. A changed bit of policy or signature is never accepted.
func FuzzVerify(f *testing.F) {
	good := account.Issue(upload(), "private", now)
	document, err := base64.StdEncoding.DecodeString(good.Policy)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document, "Key=org/a/b/c&Content-Type=video/mp4&ACL=private&bucket=files", uint16(77))
	f.Add(document, "key=org/a/b/d&content-type=video/mp4&acl=private&bucket=files", uint16(1))
	f.Add([]byte(`{"expiration":"2026-03-05T00:00:00Z","conditions":[{"bucket":"files"},["starts-with","$key","o"],["starts-with","$content-type","image/"],`+
		`["content-length-range",5,10],["content-length-range",1,7],["starts-with","$X-Amz-Credential",""],["starts-with","$x-amz-date","2"],["eq","$x-amz-algorithm","AWS4-HMAC-SHA256"]]}`),
		"key=org/a/b/d&content-type=image/png,image/x", uint16(300))
	f.Fuzz(func(t *testing.T, document []byte, query string, bit uint16) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		form := map[string]string{"x-amz-algorithm": good.Algorithm, "x-amz-credential": good.Credential, "x-amz-date": good.Date}
		for name, list := range values {
			form[strings.ToLower(name)] = list[0]
		}
		form["policy"] = base64.StdEncoding.EncodeToString(document)
		form["x-amz-signature"] = account.sign(form["policy"], "20260304")
		grant, err := account.Verify(form, now)
		if err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Status < 400 || refusal.Status > 499 || refusal.Code == "" {
				t.Fatalf("refused with %#v", err)
			}
			return
		}
		if why := naive(document, form, grant); why != "" {
			t.Fatalf("accepted although %s:\n%s\n%v", why, document, form)
		}
		for _, field := range []string{"policy", "x-amz-signature"} {
			changed := maps.Clone(form)
			text := []byte(form[field])
			text[int(bit)/8%len(text)] ^= 1 << (bit % 8)
			changed[field] = string(text)
			if _, err := account.Verify(changed, now); err == nil {
				t.Fatalf("accepted with bit %d of %s changed", bit, field)
			}
		}
	})
}

// naive says which rule an accepted form breaks, by the plainest reading of the document.
func naive(document []byte, form map[string]string, grant Grant) string {
	var p map[string]any
	if err := json.Unmarshal(document, &p); err != nil {
		return "it is no JSON"
	}
	if at, err := time.Parse(time.RFC3339, p["expiration"].(string)); err != nil || !at.After(now) {
		return "it has expired"
	}
	named := map[string]bool{"policy": true, "x-amz-signature": true}
	bucket := false
	for _, c := range p["conditions"].([]any) {
		op, field, value := "eq", "", any(nil)
		switch c := c.(type) {
		case map[string]any:
			for k, v := range c {
				field, value = k, v
			}
		case []any:
			op, value = strings.ToLower(c[0].(string)), c[2]
			if op == "content-length-range" {
				if float64(grant.Min) < c[1].(float64) || float64(grant.Max) > c[2].(float64) {
					return "the sizes are not those of the policy"
				}
				continue
			}
			field = strings.TrimPrefix(c[1].(string), "$")
		}
		field = strings.ToLower(field)
		named[field] = true
		has, given := form[field]
		if field == "bucket" {
			has, given, bucket = account.Bucket, true, true
		}
		if !given || (op == "eq" && has != value) || (op == "starts-with" && !strings.HasPrefix(has, value.(string))) {
			return "a condition on " + field + " does not hold"
		}
	}
	for name := range form {
		if !named[name] && !strings.HasPrefix(name, "x-ignore-") {
			return name + " is not named"
		}
	}
	if !bucket || grant.Key != form["key"] || grant.Key == "" {
		return "bucket or key are not fixed"
	}
	return ""
}
