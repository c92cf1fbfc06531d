package blobtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
)

// form is what a client posts.
type form struct {
	url         string
	fields      [][2]string
	file        []byte
	fileName    string
	fileFirst   bool
	noFile      bool
	twoFiles    bool
	preamble    string
	epilogue    string
	noBreak     bool   // after the last boundary
	contentType string // of the request; "" is the right one
	chunked     bool   // no Content-Length
}

const boundary = "a-boundary-of-the-suite"

func (f *form) set(name, value string) {
	for i := range f.fields {
		if strings.EqualFold(f.fields[i][0], name) {
			f.fields[i][1] = value
			return
		}
	}
	f.add(name, value)
}

func (f *form) add(name, value string) { f.fields = append(f.fields, [2]string{name, value}) }

func (f *form) drop(name string) {
	f.fields = slices.DeleteFunc(f.fields, func(x [2]string) bool { return strings.EqualFold(x[0], name) })
}

func (f *form) rename(name, to string) {
	for i := range f.fields {
		if strings.EqualFold(f.fields[i][0], name) {
			f.fields[i][0] = to
		}
	}
}

func (f *form) get(name string) string {
	for _, x := range f.fields {
		if strings.EqualFold(x[0], name) {
			return x[1]
		}
	}
	return ""
}

func (f *form) body() []byte {
	var b bytes.Buffer
	b.WriteString(f.preamble)
	part := func(header string, content []byte) {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n", boundary, header, content)
	}
	file := func() {
		part(`name="file"; filename="`+f.fileName+"\"\r\nContent-Type: application/octet-stream", f.file)
	}
	if f.fileFirst {
		file()
	}
	for _, x := range f.fields {
		part(fmt.Sprintf("name=%q", x[0]), []byte(x[1]))
	}
	if !f.fileFirst && !f.noFile {
		file()
	}
	if f.twoFiles {
		file()
	}
	fmt.Fprintf(&b, "--%s--", boundary)
	if !f.noBreak {
		b.WriteString("\r\n")
	}
	b.WriteString(f.epilogue)
	return b.Bytes()
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// code is the code of an S3 error.
func (a answer) code() string {
	var e struct{ Code string }
	if xml.Unmarshal(a.body, &e) != nil {
		return ""
	}
	return e.Code
}

func (f *form) post(ctx context.Context, t *testing.T) answer {
	t.Helper()
	var body io.Reader = bytes.NewReader(f.body())
	if f.chunked {
		body = struct{ io.Reader }{body}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	if f.contentType != "" {
		req.Header.Set("Content-Type", f.contentType)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, text}
}

// issued is the form a client makes of a signed post.
func issued(post blob.SignedPost, file []byte) *form {
	f := &form{url: post.URL, file: file, fileName: "clip.mp4"}
	for name, value := range post.Fields.All() {
		f.add(name, value)
	}
	return f
}

// document is a policy before it is signed.
type document struct {
	members map[string]any // conditions are apart
	list    []any
	raw     string // instead of both
}

// drop removes the conditions on a field.
func (d *document) drop(field string) {
	d.list = slices.DeleteFunc(d.list, func(c any) bool {
		switch c := c.(type) {
		case map[string]string:
			_, is := c[field]
			return is
		case []any:
			return c[0] == field || c[1] == "$"+field
		}
		return false
	})
}

func (d *document) add(conditions ...any) { d.list = append(d.list, conditions...) }

func (d *document) text(t *testing.T) []byte {
	t.Helper()
	if d.raw != "" {
		return []byte(d.raw)
	}
	if d.list != nil {
		d.members["conditions"] = d.list
	}
	text, err := json.Marshal(d.members)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// handmade is a form with a policy of the suite's own, such as other programs sign, and the
// document of that policy.
func (target Target) handmade(key string, file []byte) (*form, *document) {
	now := time.Now().UTC()
	a := target.Account
	f := &form{url: target.URL, file: file, fileName: "notes.txt"}
	f.add("key", key)
	f.add("acl", "private")
	f.add("Content-Type", "text/plain")
	f.add("x-amz-algorithm", "AWS4-HMAC-SHA256")
	f.add("x-amz-credential", fmt.Sprintf("%s/%s/%s/s3/aws4_request", a.AccessKey, now.Format("20060102"), a.Region))
	f.add("x-amz-date", now.Format("20060102T150405Z"))
	d := &document{members: map[string]any{"expiration": now.Add(10 * time.Minute).Format("2006-01-02T15:04:05Z")}}
	d.add(
		map[string]string{"bucket": a.Bucket},
		[]any{"starts-with", "$key", "org/"},
		map[string]string{"acl": "private"},
		[]any{"starts-with", "$Content-Type", "text/plain"},
		[]any{"content-length-range", 0, 1024},
	)
	for _, name := range []string{"x-amz-algorithm", "x-amz-credential", "x-amz-date"} {
		d.add([]any{"eq", "$" + name, f.get(name)})
	}
	return f, d
}

// sign is Signature Version 4, written down a second time: the suite must not trust what it tests.
func (target Target) sign(f *form, policy []byte) {
	encoded := base64.StdEncoding.EncodeToString(policy)
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	scope := strings.Split(f.get("x-amz-credential")+"////", "/")
	key := mac(mac(mac(mac([]byte("AWS4"+target.Account.Secret), scope[1]), scope[2]), scope[3]), "aws4_request")
	f.set("policy", encoded)
	f.set("x-amz-signature", hex.EncodeToString(mac(key, encoded)))
}
