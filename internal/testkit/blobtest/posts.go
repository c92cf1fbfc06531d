package blobtest

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

// postCase is a post with a policy of the suite's own: other programs sign such ones.
type postCase struct {
	name   string
	policy func(*document) // changes what is signed
	form   func(*form)     // changes what is sent, after signing
	accept int             // the status of success; 0 = refuse
	refuse refusal
	only   string // why our server alone is asked
}

var (
	denied      = refusal{status: 403, code: "AccessDenied"}
	badDocument = refusal{status: 400, code: "InvalidPolicyDocument"}
)

func runPosts(t *testing.T, target Target) {
	for _, cases := range [][]postCase{acceptedPosts(), refusedPosts(target), refusedDocuments()} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				if c.only != "" && !target.Ours {
					t.Logf("not asked: %s", c.only)
					return
				}
				key := newKey()
				f, d := target.handmade(key, []byte("some text"))
				if c.policy != nil {
					c.policy(d)
				}
				target.sign(f, d.text(t))
				if c.form != nil {
					c.form(f)
				}
				if c.accept != 0 {
					target.mustAccept(t, f, key, c.accept)
				} else {
					target.mustRefuse(t, f, key, c.refuse)
				}
			})
		}
	}
}

func acceptedPosts() []postCase {
	status := func(d *document) { d.add([]any{"starts-with", "$success_action_status", ""}) }
	limit := func(low, high int) func(*document) {
		return func(d *document) {
			d.drop("content-length-range")
			d.add([]any{"content-length-range", low, high})
		}
	}
	fill := func(n int) func(*form) {
		return func(f *form) { f.file = bytes.Repeat([]byte("x"), n) }
	}
	return []postCase{
		{name: "authenticated_request", accept: 204},
		{name: "authenticated_no_content_type", accept: 204,
			policy: func(d *document) { d.drop("Content-Type") }, form: func(f *form) { f.drop("Content-Type") }},
		{name: "set_success_code", accept: 201, policy: status, form: func(f *form) { f.add("success_action_status", "201") }},
		{name: "set_success_code_200", accept: 200, policy: status, form: func(f *form) { f.add("success_action_status", "200") }},
		{name: "set_invalid_success_code", accept: 204, policy: status, form: func(f *form) { f.add("success_action_status", "404") }},
		{name: "upload_larger_than_chunk", accept: 204, policy: limit(0, 5<<20), form: fill(3<<20 + 1)},
		{name: "upload_size_rgw_chunk_size_bug", accept: 204, policy: limit(512<<10, 1<<20), form: fill(512 << 10)},
		{name: "upload_size_at_the_limit", accept: 204, policy: limit(9, 9)},
		{name: "ignored_header", accept: 204, form: func(f *form) { f.add("x-ignore-foo", "bar") }},
		{name: "case_insensitive_condition_fields", accept: 204,
			policy: func(d *document) {
				for _, field := range []string{"bucket", "key", "acl", "Content-Type"} {
					d.drop(field)
				}
				d.add([]any{"starts-with", "$BuCkEt", ""}, []any{"starts-with", "$KeY", "org/"}, map[string]string{"AcL": "private"}, []any{"starts-with", "$CoNtEnT-TyPe", "text/plain"})
			},
			form: func(f *form) {
				f.rename("key", "kEy")
				f.rename("acl", "aCl")
				f.rename("x-amz-signature", "X-Amz-Signature")
				f.rename("policy", "pOLICy")
			}},
		{name: "escaped_field_values", accept: 204,
			policy: func(d *document) { d.add([]any{"starts-with", "$x-amz-meta-price", `\$`}) },
			form:   func(f *form) { f.add("x-amz-meta-price", `\$5 "or" <more>`) }},
		{name: "user_specified_header", accept: 204,
			policy: func(d *document) { d.add([]any{"starts-with", "$x-amz-meta-foo", "bar"}) },
			form:   func(f *form) { f.add("x-amz-meta-foo", "barclamp") }},
		{name: "bucket_in_the_form", accept: 204, form: func(f *form) { f.add("bucket", f.url[strings.LastIndex(f.url, "/")+1:]) }},
		{name: "no_line_break_after_the_last_boundary", accept: 204, form: func(f *form) { f.noBreak = true },
			only: "RFC 2046 lets a body end there, and versitygw answers 500"},
		{name: "file_name_of_any_language", accept: 204, form: func(f *form) { f.fileName = "\u00dcberblick %22neu%22; \U0001f3ac.mp4" }},
		{name: "file_that_looks_like_a_boundary", accept: 204,
			form: func(f *form) { f.file = []byte("x--" + boundary + "\r\n--" + boundary[:9] + "\r\n--\r\n--") }},
	}
}

func refusedPosts(target Target) []postCase {
	date := time.Now().UTC().Format("20060102")
	credential := func(value string) func(*form) { return func(f *form) { f.set("x-amz-credential", value) } }
	scope := "/" + target.Account.Region + "/s3/aws4_request"
	return []postCase{
		{name: "anonymous_request", refuse: denied, form: func(f *form) {
			for _, name := range []string{"policy", "x-amz-signature", "x-amz-algorithm", "x-amz-credential", "x-amz-date"} {
				f.drop(name)
			}
		}},
		{name: "authenticated_request_bad_access_key", refuse: refusal{status: 403, code: "InvalidAccessKeyId"}, form: credential("somebody/" + date + scope)},
		{name: "invalid_access_key", refuse: refusal{status: 403, code: "InvalidAccessKeyId"}, form: credential("\x00" + target.Account.AccessKey + "/" + date + scope)},
		{name: "wrong_region", refuse: refusal{status: 400, code: "InvalidArgument"}, form: credential(target.Account.AccessKey + "/" + date + "/mars-1/s3/aws4_request")},
		{name: "wrong_day", refuse: refusal{status: 400, code: "InvalidArgument"}, form: credential(target.Account.AccessKey + "/20200101" + scope)},
		{name: "wrong_service", refuse: refusal{status: 400, code: "InvalidArgument"}, form: credential(target.Account.AccessKey + "/" + date + "/" + target.Account.Region + "/iam/aws4_request")},
		{name: "invalid_algorithm", refuse: refusal{status: 400, code: "InvalidArgument"}, form: func(f *form) { f.set("x-amz-algorithm", "AWS4-HMAC-SHA1") }},
		{name: "invalid_signature", refuse: refusal{status: 403, code: "SignatureDoesNotMatch"},
			form: func(f *form) { f.set("x-amz-signature", strings.Repeat("0", 64)) }},
		{name: "missing_signature", refuse: refusal{status: 400, code: "InvalidArgument"}, form: func(f *form) { f.drop("x-amz-signature") }},
		{name: "no_key_specified", refuse: refusal{status: 400, code: "InvalidArgument"}, form: func(f *form) { f.drop("key") }},
		{name: "set_key_from_filename", refuse: refusal{status: 400, code: "InvalidArgument", lax: "S3 fills in the name of the file; our policies fix the key"},
			form: func(f *form) { f.set("key", "org/a/b/${filename}") }},
		{name: "key_with_traversal_from_filename", refuse: refusal{status: 400, code: "InvalidArgument", lax: "it takes only the last part of the name, and our policies fix the key"},
			form: func(f *form) { f.set("key", "org/a/b/${filename}"); f.fileName = "../../x" }},
		{name: "nonexistent_bucket", refuse: refusal{status: 404, code: "NoSuchBucket"}, form: func(f *form) { f.url += "-of-nobody" }},
		{name: "wrong_bucket", refuse: denied, policy: func(d *document) { d.drop("bucket"); d.add(map[string]string{"bucket": "another"}) }},
		{name: "missing_policy_condition", refuse: denied, policy: func(d *document) { d.drop("bucket") }},
		{name: "request_missing_policy_specified_field", refuse: denied,
			policy: func(d *document) { d.add([]any{"starts-with", "$x-amz-meta-foo", "bar"}) }},
		{name: "invalid_request_field_value", refuse: denied,
			policy: func(d *document) { d.add([]any{"eq", "$x-amz-meta-foo", ""}) }, form: func(f *form) { f.add("x-amz-meta-foo", "barclamp") }},
		{name: "user_specified_header_without_condition", refuse: denied, form: func(f *form) { f.add("x-amz-meta-foo", "barclamp") }},
		{name: "success_redirect_action", refuse: refusal{status: 403, code: "AccessDenied", lax: "our policies never name a redirect"},
			policy: func(d *document) { d.add([]any{"starts-with", "$success_action_redirect", ""}) },
			form:   func(f *form) { f.add("success_action_redirect", "https://example.org/") }},
		{name: "upload_checksum", refuse: refusal{status: 403, code: "AccessDenied", lax: "our policies never name a checksum"},
			policy: func(d *document) { d.add([]any{"starts-with", "$x-amz-checksum-sha256", ""}) },
			form:   func(f *form) { f.add("x-amz-checksum-sha256", strings.Repeat("A", 43)+"=") }},
		{name: "tags", refuse: refusal{status: 403, code: "AccessDenied", lax: "our policies never name tags"},
			policy: func(d *document) { d.add([]any{"starts-with", "$tagging", ""}) },
			form:   func(f *form) { f.add("tagging", "<Tagging><TagSet></TagSet></Tagging>") }},
		{name: "content_type_list", refuse: denied, form: func(f *form) { f.set("Content-Type", "text/plain,text/html") }},
		{name: "upload_size_limit_exceeded", refuse: refusal{status: 400, code: "EntityTooLarge"},
			form: func(f *form) { f.file = bytes.Repeat([]byte("x"), 1025) }},
		{name: "upload_size_below_minimum", refuse: refusal{status: 400, code: "EntityTooSmall"},
			policy: func(d *document) { d.drop("content-length-range"); d.add([]any{"content-length-range", 10, 1000}) }},
		{name: "expired_policy", refuse: denied,
			policy: func(d *document) { d.members["expiration"] = time.Now().UTC().Add(-time.Second).Format(time.RFC3339) }},
	}
}

func refusedDocuments() []postCase {
	condition := func(c any) func(*document) { return func(d *document) { d.add(c) } }
	member := func(from, to string) func(*document) {
		return func(d *document) {
			if from == "conditions" {
				d.members[from], d.list = d.list, nil
			}
			if to != "" {
				d.members[to] = d.members[from]
			}
			delete(d.members, from)
		}
	}
	rangeOf := func(c ...any) func(*document) {
		return func(d *document) { d.drop("content-length-range"); d.add(append([]any{"content-length-range"}, c...)) }
	}
	const lax = "our policies are not of this form; the server does not insist"
	return []postCase{
		{name: "invalid_date_format", refuse: badDocument, policy: func(d *document) { d.members["expiration"] = time.Now().Add(time.Hour).Format(time.RFC1123) }},
		{name: "condition_is_case_sensitive", refuse: badDocument, policy: member("conditions", "CONDITIONS")},
		{name: "expires_is_case_sensitive", refuse: badDocument, policy: member("expiration", "EXPIRATION")},
		{name: "missing_expires_condition", refuse: badDocument, policy: member("expiration", "")},
		{name: "missing_conditions_list", refuse: badDocument, policy: member("conditions", "")},
		{name: "empty_conditions", refuse: badDocument, policy: func(d *document) { d.members["conditions"], d.list = []any{}, nil }},
		{name: "missing_content_length_argument", refuse: badDocument, policy: rangeOf(0)},
		{name: "invalid_content_length_argument", refuse: refusal{status: 400, code: "InvalidPolicyDocument", lax: lax}, policy: rangeOf(-1, 1024)},
		{name: "overflowing_content_length_argument", refuse: badDocument, policy: rangeOf(0, 1e30)},
		{name: "unknown_operator", refuse: badDocument, policy: condition([]any{"ends-with", "$key", "l"})},
		{name: "condition_without_dollar", refuse: badDocument, policy: condition([]any{"eq", "acl", "private"})},
		{name: "condition_of_two_fields", refuse: badDocument, policy: condition(map[string]string{"acl": "private", "x-amz-meta-foo": "bar"})},
		{name: "condition_that_is_a_string", refuse: badDocument, policy: condition("acl")},
		{name: "unknown_member", refuse: badDocument, policy: func(d *document) { d.members["version"] = 1 }},
		{name: "member_twice", refuse: refusal{status: 400, code: "InvalidPolicyDocument", lax: lax},
			policy: func(d *document) {
				d.raw = `{"expiration": "2020-01-01T00:00:00Z", "expiration": "2999-01-01T00:00:00Z", "conditions": [["starts-with", "$key", ""]]}`
			}},
		{name: "not_json", refuse: badDocument, policy: func(d *document) { d.raw = "{" }},
		{name: "not_an_object", refuse: badDocument, policy: func(d *document) { d.raw = `["expiration"]` }},
	}
}

// attackCase is a misuse of a form that the store issued.
type attackCase struct {
	name   string
	form   func(*form)
	refuse refusal
}

func runAttacks(t *testing.T, target Target) {
	t.Run("none: an issued form works as it is", func(t *testing.T) {
		t.Parallel()
		key := newKey()
		target.mustAccept(t, issued(target.presign(t, upload(key)), bytes.Repeat([]byte("x"), 1000)), key, http.StatusNoContent)
	})
	for _, c := range append(fieldAttacks(), bodyAttacks()...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			key := newKey()
			f := issued(target.presign(t, upload(key)), []byte("a film"))
			c.form(f)
			target.mustRefuse(t, f, key, c.refuse)
		})
	}
	t.Run("fields of somebody else's form", func(t *testing.T) {
		t.Parallel()
		mine, theirs := newKey(), newKey()
		f := issued(target.presign(t, upload(mine)), []byte("a film"))
		f.set("Key", theirs)
		target.mustRefuse(t, f, mine, denied)
		f = issued(target.presign(t, upload(mine)), []byte("a film"))
		f.set("X-Amz-Signature", target.presign(t, upload(theirs)).Fields.Signature)
		target.mustRefuse(t, f, mine, refusal{status: 403, code: "SignatureDoesNotMatch"})
	})
}

func fieldAttacks() []attackCase {
	set := func(name, value string) func(*form) { return func(f *form) { f.set(name, value) } }
	add := func(name, value string) func(*form) { return func(f *form) { f.add(name, value) } }
	drop := func(name string) func(*form) { return func(f *form) { f.drop(name) } }
	mismatch := refusal{status: 403, code: "SignatureDoesNotMatch"}
	malformed := refusal{status: 400, code: "MalformedPOSTRequest", lax: "it takes one of the two; the policy holds for that one"}
	return []attackCase{
		{"one byte too many", func(f *form) { f.file = bytes.Repeat([]byte("x"), 1001) }, refusal{status: 400, code: "EntityTooLarge"}},
		{"an empty file", func(f *form) { f.file = nil }, refusal{status: 400, code: "EntityTooSmall"}},
		{"one byte too few", func(f *form) { f.file = []byte("ab") }, refusal{status: 400, code: "EntityTooSmall"}},
		{"another key", func(f *form) { f.set("Key", newKey()) }, denied},
		{"a key outside", set("Key", "../../etc/passwd"), denied},
		{"another content type", set("Content-Type", "text/html"), denied},
		{"no content type", drop("Content-Type"), denied},
		{"another ACL", set("ACL", "public-read"), denied},
		{"no ACL", drop("ACL"), denied},
		{"an ACL by its other name", add("x-amz-acl", "public-read"), denied},
		{"metadata", add("x-amz-meta-role", "admin"), denied},
		{"a redirect", add("success_action_redirect", "https://example.org/"), denied},
		{"a status", add("success_action_status", "200"), denied},
		{"another bucket", set("bucket", "another"), refusal{status: 403, code: "AccessDenied", lax: "the address decides; the field is not looked at"}},
		{"another date", set("X-Amz-Date", time.Now().UTC().Add(-time.Second).Format("20060102T150405Z")), denied},
		{"a changed policy", func(f *form) {
			p := []byte(f.get("Policy"))
			p[40] ^= 1
			f.set("Policy", string(p))
		}, mismatch},
		{"a longer policy", func(f *form) { f.set("Policy", f.get("Policy")+"\n") }, mismatch},
		{"a changed signature", func(f *form) {
			s := []byte(f.get("X-Amz-Signature"))
			s[0] ^= 1
			f.set("X-Amz-Signature", string(s))
		}, mismatch},
		{"an upper-case signature", func(f *form) { f.set("X-Amz-Signature", strings.ToUpper(f.get("X-Amz-Signature"))) },
			refusal{status: 403, code: "SignatureDoesNotMatch", lax: "the same bytes in another spelling"}},
		{"no signature", drop("X-Amz-Signature"), refusal{status: 400, code: "InvalidArgument"}},
		{"no policy", drop("Policy"), refusal{status: 400, code: "InvalidArgument"}},
		{"the key twice", func(f *form) { f.add("key", newKey()) }, malformed},
		{"the same field twice in other cases", func(f *form) { f.add("content-type", "text/html") }, malformed},
		{"fields without end", func(f *form) { f.add("x-ignore-this", strings.Repeat("x", 30<<10)) },
			refusal{status: 400, code: "MaxPostPreDataLengthExceeded", lax: "it has room for more"}},
	}
}

func bodyAttacks() []attackCase {
	malformed := refusal{status: 400, code: "MalformedPOSTRequest"}
	lax := func(why string) refusal { return refusal{malformed.status, malformed.code, why} }
	return []attackCase{
		{"the file before the fields", func(f *form) { f.fileFirst = true },
			refusal{status: 403, code: "AccessDenied", lax: "it reads the whole form before it decides"}},
		{"a file that begins with the boundary", func(f *form) { f.file = []byte("--" + boundary + "\r\n\r\n") },
			lax("it reads a boundary only after a line break of the file's own")},
		{"two files", func(f *form) { f.twoFiles = true }, lax("what follows the first file is ignored")},
		{"no file", func(f *form) { f.noFile = true }, malformed},
		{"something after the last boundary", func(f *form) { f.epilogue = "more" }, lax("what follows the file is ignored")},
		{"a second form after the last boundary", func(f *form) { f.epilogue = string(f.body()) },
			refusal{status: 400, code: "EntityTooLarge", lax: "what follows the file is ignored"}},
		{"something before the first boundary", func(f *form) { f.preamble = "less\r\n" }, lax("RFC 2046 allows a preamble")},
		{"another boundary than the header says", func(f *form) { f.contentType = "multipart/form-data; boundary=another" }, malformed},
		{"no boundary", func(f *form) { f.contentType = "multipart/form-data" }, malformed},
		{"a body that is no form", func(f *form) { f.contentType = "application/json" }, refusal{status: 412, code: "PreconditionFailed"}},
		{"no Content-Length", func(f *form) { f.chunked = true }, refusal{status: 411, code: "MissingContentLength"}},
	}
}
