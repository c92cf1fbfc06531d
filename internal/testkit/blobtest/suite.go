// Package blobtest is the conformance suite of blob stores: the contract of blob.Store, and
// signed posts as S3 servers take and refuse them. Every store runs all of it.
//
// The names of the post cases are those by which S3 servers are commonly compared. Where a
// server in the field accepts what ours refuses, the case says why that may be.
package blobtest

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Target is a store to test, with what it takes to sign in its name.
type Target struct {
	Store   blob.Store
	URL     string // of the bucket
	Account postpolicy.Account
	// Ours is set when this program answers the posts: exact statuses and codes are expected
	// then, and no leniency.
	Ours bool
}

// Run runs the suite on a store.
func Run(t *testing.T, target Target) {
	t.Run("store", func(t *testing.T) { runStore(t, target) })
	t.Run("post", func(t *testing.T) { runPosts(t, target) })
	t.Run("attack", func(t *testing.T) { runAttacks(t, target) })
	t.Run("once", func(t *testing.T) { runOnce(t, target) })
}

// newKey is a key that nobody used.
func newKey() string { return blob.Key(ids.New(), ids.New(), "original") }

func (target Target) presign(t *testing.T, up blob.Upload) blob.SignedPost {
	t.Helper()
	post, err := target.Store.Presign(t.Context(), up)
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func upload(key string) blob.Upload {
	return blob.Upload{Key: key, ContentType: "video/mp4", MinBytes: 3, MaxBytes: 1000, Expires: 10 * time.Minute}
}

// content reads an object as a whole; nil when there is none.
func (target Target) content(t *testing.T, key string) []byte {
	t.Helper()
	o, err := target.Store.Open(t.Context(), key)
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	text, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mustAccept posts a form and checks that the object is what the form carried.
func (target Target) mustAccept(t *testing.T, f *form, key string, want int) {
	t.Helper()
	got := f.post(t.Context(), t)
	if got.status != want {
		t.Fatalf("answered %d %s, want %d", got.status, got.body, want)
	}
	if stored := target.content(t, key); !bytes.Equal(stored, f.file) {
		t.Fatalf("the object has %d bytes, posted were %d: or they differ", len(stored), len(f.file))
	}
	info, err := target.Store.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if etag := got.header.Get("ETag"); strings.Trim(etag, `"`) != strings.Trim(info.ETag, `"`) {
		t.Errorf("ETag of the answer %s, of the object %s", etag, info.ETag)
	}
	if location, err := url.PathUnescape(got.header.Get("Location")); err != nil || !strings.HasSuffix(location, "/"+key) {
		t.Errorf("Location %q does not end with the key %q", location, key)
	}
	if want != http.StatusCreated {
		return
	}
	var created struct{ Bucket, Key, ETag, Location string }
	if err := xml.Unmarshal(got.body, &created); err != nil || created.Key != key || created.Bucket != target.Account.Bucket || created.ETag == "" || created.Location == "" {
		t.Errorf("answered %s (%v)", got.body, err)
	}
}

// refusal is what a form must be answered.
type refusal struct {
	status int // of our server; others may say another
	code   string
	lax    string // why another server may accept it; "" = none may
}

// mustRefuse posts a form and checks that nothing of it was kept.
func (target Target) mustRefuse(t *testing.T, f *form, key string, want refusal) {
	t.Helper()
	got := f.post(t.Context(), t)
	if !target.Ours && want.lax != "" && got.status < 400 {
		t.Logf("accepted: %s", want.lax)
		return
	}
	if got.status < 400 || got.code() == "" {
		t.Errorf("answered %d %s, want a refusal in XML", got.status, got.body)
	}
	if target.Ours && (got.status != want.status || got.code() != want.code) {
		t.Errorf("answered %d %s, want %d %s", got.status, got.body, want.status, want.code)
	}
	for _, name := range []string{key, f.get("key")} {
		if blob.CheckKey(name) == nil && target.content(t, name) != nil {
			t.Errorf("%s was kept although it was refused", name)
		}
	}
}

func runStore(t *testing.T, target Target) {
	t.Run("keeps what is put, and reads from any offset", target.testReading)
	t.Run("replaces whole objects only", target.testReplacing)
	t.Run("tells missing objects from deleted ones in no way", target.testMissing)
	t.Run("lists in the order of keys", target.testListing)
	t.Run("refuses keys and uploads the server does not make", target.testChecks)
}

func (target Target) mustPut(t *testing.T, key, text string) blob.Info {
	t.Helper()
	info, err := target.Store.Put(t.Context(), key, blob.Content{Reader: strings.NewReader(text), Size: int64(len(text)), Type: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func (target Target) testReading(t *testing.T) {
	t.Parallel()
	key, text := newKey(), strings.Repeat("0123456789", 50_000)
	put := target.mustPut(t, key, text)
	stat, err := target.Store.Stat(t.Context(), key)
	if err != nil || stat.Key != key || stat.Size != int64(len(text)) || stat.ETag != put.ETag || stat.Modified.IsZero() || len(stat.ETag) < 4 {
		t.Fatalf("put %+v, stat %+v: %v", put, stat, err)
	}
	o, err := target.Store.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if o.Info.ETag != stat.ETag || o.Info.Size != stat.Size {
		t.Errorf("opened %+v, stat %+v", o.Info, stat)
	}
	for _, at := range []int64{0, 499_990, 7, 250_001} {
		if _, err := o.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 10)
		if _, err := io.ReadFull(o, got); err != nil || string(got) != text[at:at+10] {
			t.Errorf("at %d: %q %v", at, got, err)
		}
	}
	if n, err := o.Seek(0, io.SeekEnd); err != nil || n != int64(len(text)) {
		t.Errorf("the end is at %d: %v", n, err)
	}
	empty := newKey()
	target.mustPut(t, empty, "")
	if info, err := target.Store.Stat(t.Context(), empty); err != nil || info.Size != 0 {
		t.Errorf("an empty object: %+v %v", info, err)
	}
}

func (target Target) testReplacing(t *testing.T) {
	t.Parallel()
	key := newKey()
	first := target.mustPut(t, key, "first")
	second := target.mustPut(t, key, "other")
	if first.ETag == second.ETag {
		t.Errorf("the ETag stayed %s although the bytes changed", first.ETag)
	}
	_, err := target.Store.Put(t.Context(), key, blob.Content{Reader: strings.NewReader("part"), Size: 100, Type: "text/plain"})
	if err == nil {
		t.Error("content shorter than its size was kept")
	}
	if got := string(target.content(t, key)); got != "other" {
		t.Errorf("after a failed Put the object is %q", got)
	}
	if info, err := target.Store.Stat(t.Context(), key); err != nil || info.ETag != second.ETag {
		t.Errorf("after a failed Put: %+v %v", info, err)
	}
}

func (target Target) testMissing(t *testing.T) {
	t.Parallel()
	never, gone := newKey(), newKey()
	target.mustPut(t, gone, "text")
	for range 2 {
		if err := target.Store.Delete(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{never, gone} {
		if _, err := target.Store.Stat(t.Context(), key); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("Stat: %v", err)
		}
		if _, err := target.Store.Open(t.Context(), key); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("Open: %v", err)
		}
	}
	target.mustPut(t, gone, "again")
	if got := string(target.content(t, gone)); got != "again" {
		t.Errorf("put again after Delete: %q", got)
	}
}

func (target Target) testListing(t *testing.T) {
	t.Parallel()
	org := ids.New()
	var want []string
	// "-" and "." come before "/", so the order of keys is not the order of directories.
	for _, file := range []string{"f-1", "f.1", "f", "f1"} {
		for _, name := range []string{"a", "b"} {
			want = append(want, blob.Key(org, file, name))
		}
	}
	for i := range want { // in another order than they are listed
		target.mustPut(t, want[(i*3)%len(want)], "text")
	}
	list := func(after string, limit int) (keys []string) {
		for info, err := range target.Store.List(t.Context(), after) {
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(info.Key, "org/"+org+"/") { // other tests' come before or after
				break
			}
			if info.Size != 4 || info.ETag == "" || info.Modified.IsZero() {
				t.Errorf("%+v", info)
			}
			if keys = append(keys, info.Key); len(keys) == limit {
				break
			}
		}
		return keys
	}
	for i := range want {
		after := "org/" + org + "/"
		if i > 0 {
			after = want[i-1]
		}
		if got := list(after, -1); fmt.Sprint(got) != fmt.Sprint(want[i:]) {
			t.Errorf("after %s:\n got %v\nwant %v", after, got, want[i:])
		}
	}
	if got := list("org/"+org+"/", 3); len(got) != 3 {
		t.Errorf("a listing that was left early gave %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range target.Store.List(ctx, "") {
		last = err
	}
	if last == nil {
		t.Error("a cancelled listing looks complete")
	}
}

func (target Target) testChecks(t *testing.T) {
	t.Parallel()
	for _, key := range BadKeys() {
		_, stat := target.Store.Stat(t.Context(), key)
		_, open := target.Store.Open(t.Context(), key)
		_, put := target.Store.Put(t.Context(), key, blob.Content{Reader: strings.NewReader("x"), Size: 1})
		up := upload(key)
		_, presign := target.Store.Presign(t.Context(), up)
		for what, err := range map[string]error{"Stat": stat, "Open": open, "Put": put, "Presign": presign, "Delete": target.Store.Delete(t.Context(), key)} {
			if !fault.Is(err, fault.KindInternal) {
				t.Errorf("%s(%q): %v", what, key, err)
			}
		}
	}
	for name, change := range map[string]func(*blob.Upload){
		"no type":              func(up *blob.Upload) { up.ContentType = "" },
		"a type with a quote":  func(up *blob.Upload) { up.ContentType = `image/png","x":"` },
		"a type with a comma":  func(up *blob.Upload) { up.ContentType = "image/png,text/html" },
		"a type with a break":  func(up *blob.Upload) { up.ContentType = "image/png\r\nx: y" },
		"no size":              func(up *blob.Upload) { up.MaxBytes = 0 },
		"a negative size":      func(up *blob.Upload) { up.MinBytes = -1 },
		"sizes the wrong way":  func(up *blob.Upload) { up.MinBytes = up.MaxBytes + 1 },
		"more than a POST has": func(up *blob.Upload) { up.MaxBytes = blob.MaxPost + 1 },
		"no time":              func(up *blob.Upload) { up.Expires = 0 },
		"too much time":        func(up *blob.Upload) { up.Expires = blob.MaxExpires + 1 },
	} {
		up := upload(newKey())
		change(&up)
		if _, err := target.Store.Presign(t.Context(), up); !fault.Is(err, fault.KindInternal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BadKeys are keys that no store may take.
func BadKeys() []string {
	return []string{
		"", "org", "org/a/b", "org/a/b/c/d", "x/a/b/c", "/org/a/b/c", "org/a/b/", "org//b/c", "org/a/b/c/",
		"org/../b/c", "org/a/../c", "org/a/b/..", "org/a/b/.", "org/a/b/.hidden", "org/a/b/c.", "../../etc/passwd",
		`org\a\b\c`, "org/a/b/c\x00.png", "org/a/b/%2e%2e", "org/a/b/C", "org/a/b/c d", "org/a/b/\u202egnp.exe", "org/a/b/ü",
		"org/a/b/-c", "org/a/b/${filename}", "org/a/b/" + strings.Repeat("x", 65), "org/" + strings.Repeat("x", 4096) + "/b/c", "org/a/b/c\n",
	}
}
