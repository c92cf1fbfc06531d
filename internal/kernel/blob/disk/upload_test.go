package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const key = "org/a/b/original"

// bundle is a store with a clock to set.
type bundle struct {
	*Store
	dir   string
	clock *clock.Manual
}

func setup(t *testing.T) bundle {
	t.Helper()
	dir := t.TempDir()
	c := clock.NewManual(time.Now())
	return bundle{mustOpen(t, dir, c), dir, c}
}

func mustOpen(t *testing.T, dir string, c clock.Clock) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir, URL: "http://files.test", Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (b bundle) presign(t *testing.T, limit int64) blob.SignedPost {
	t.Helper()
	post, err := b.Presign(t.Context(), blob.Upload{Key: key, ContentType: "video/mp4", MaxBytes: limit, Expires: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

// request is a POST of a form with a file of a size; the file's bytes come from a reader.
func request(post blob.SignedPost, size int64, file io.Reader) *http.Request {
	var head strings.Builder
	for name, value := range post.Fields.All() {
		fmt.Fprintf(&head, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, name, value)
	}
	fmt.Fprintf(&head, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n", boundary)
	tail := "\r\n--" + boundary + "--\r\n"
	r := httptest.NewRequest(http.MethodPost, post.URL, io.MultiReader(strings.NewReader(head.String()), file, strings.NewReader(tail)))
	r.ContentLength = int64(head.Len()) + size + int64(len(tail))
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	return r
}

func (b bundle) post(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b bundle) mustPost(t *testing.T, r *http.Request, status int, code string) {
	t.Helper()
	if w := b.post(r); w.Code != status || !strings.Contains(w.Body.String(), code) {
		t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, status, code)
	}
}

// files are the files below the store's directory, apart from the secret.
func (b bundle) files(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(b.dir, path); err == nil && !d.IsDir() && rel != secret {
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (b bundle) mustHaveFiles(t *testing.T, want ...string) {
	t.Helper()
	if got := b.files(t); !slices.Equal(got, want) {
		t.Errorf("the directory has %q, want %q", got, want)
	}
}

// zeros gives n zero bytes and counts what was read.
type zeros struct{ left, read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left, z.read = z.left-n, z.read+n
	return int(n), nil
}

func TestPostExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := b.presign(t, 100)
	b.clock.Advance(10 * time.Minute)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 403, "expired")
	b.clock.Advance(-time.Millisecond)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 204, "")
	b.clock.Advance(-30 * time.Minute)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 403, "RequestTimeTooSkewed")
}

func TestTooLargeIsRefusedBeforeTheFileIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create = func(string) (writer, error) { t.Error("a file was created"); return nil, errors.New("no") }
	body := &zeros{left: 1 << 40}
	b.mustPost(t, request(b.presign(t, 1<<20), 1<<40, body), 400, "EntityTooLarge")
	if body.read > window {
		t.Errorf("%d bytes of the file were read", body.read)
	}
	b.mustHaveFiles(t)
}

func TestUsedPostIsRefusedBeforeTheFileIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := b.presign(t, 1<<30)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 204, "")
	body := &zeros{left: 1 << 30}
	b.mustPost(t, request(post, 1<<30, body), 409, "used")
	if body.read > window {
		t.Errorf("%d bytes of the file were read", body.read)
	}
}

func TestFileIsCountedWhateverTheHeaderSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := &zeros{left: 1 << 30}
	b.mustPost(t, request(b.presign(t, 1000), 900, body), 400, "EntityTooLarge")
	if body.read > 2*window {
		t.Errorf("%d bytes of the file were read", body.read)
	}
	b.mustHaveFiles(t)
}

// discard keeps nothing.
type discard struct{ io.Writer }

func (discard) Sync() error  { return nil }
func (discard) Close() error { return nil }

func TestUploadsUseAFixedAmountOfMemory(t *testing.T) { // not parallel: it counts what is allocated
	b := setup(t)
	b.create = func(string) (writer, error) { return discard{io.Discard}, nil }
	const size = 256 << 20
	r := request(b.presign(t, size), size, &zeros{left: size})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := b.post(r)
	runtime.ReadMemStats(&after)
	if w.Code != 500 { // there is no file to give the name to
		t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes of memory were used for %d of file", used, size)
	}
}

func TestNothingIsVisibleBeforeItIsComplete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, out := io.Pipe()
	done := make(chan *httptest.ResponseRecorder)
	r := request(b.presign(t, 300_000), 300_000, in)
	go func() { done <- b.post(r) }()
	if _, err := out.Write(make([]byte, 299_999)); err != nil { // returns when it was read
		t.Fatal(err)
	}
	if _, err := b.Stat(t.Context(), key); !fault.Is(err, fault.KindNotFound) {
		t.Errorf("half an upload is there: %v", err)
	}
	if err := b.Sweep(t.Context()); err != nil { // must leave what is being written
		t.Fatal(err)
	}
	if got := b.files(t); len(got) != 1 || !strings.HasPrefix(got[0], incoming) {
		t.Errorf("the directory has %q", got)
	}
	_, _ = out.Write([]byte("x"))
	_ = out.Close()
	if w := <-done; w.Code != http.StatusNoContent {
		t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	if info, err := b.Stat(t.Context(), key); err != nil || info.Size != 300_000 {
		t.Errorf("%+v %v", info, err)
	}
}

func TestInterruptedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := b.presign(t, 1000)
	for name, failure := range map[string]error{"cut off": io.ErrUnexpectedEOF, "too slow": os.ErrDeadlineExceeded, "ended": io.EOF} {
		file := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { return 0, failure }))
		r := request(post, 100, file)
		if name == "ended" {
			r.Body = io.NopCloser(io.LimitReader(r.Body, r.ContentLength-100-20))
		}
		if w := b.post(r); w.Code != http.StatusBadRequest {
			t.Errorf("%s: answered %d %s", name, w.Code, w.Body)
		}
		b.mustHaveFiles(t)
	}
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 204, "")
	b.mustHaveFiles(t, "objects/"+key)
}

// failing is a file on a disk that fails.
type failing struct {
	writer
	write, sync error
}

func (f failing) Write(p []byte) (int, error) {
	if f.write != nil {
		n, _ := f.writer.Write(p[:len(p)/2])
		return n, f.write
	}
	return f.writer.Write(p)
}

func (f failing) Sync() error { return errors.Join(f.sync, f.writer.Sync()) }

func TestDiskThatFailsKeepsNothing(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	quota := &fs.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}
	broken := &fs.PathError{Op: "sync", Path: "x", Err: syscall.EIO}
	for name, c := range map[string]struct {
		write, sync, create error
		status              int
		code                string
		kind                fault.Kind
	}{
		"full":              {full, nil, nil, 507, "StorageFull", fault.KindStorageFull},
		"over quota":        {quota, nil, nil, 507, "StorageFull", fault.KindStorageFull},
		"full when synced":  {nil, full, nil, 507, "StorageFull", fault.KindStorageFull},
		"full when created": {nil, nil, full, 507, "StorageFull", fault.KindStorageFull},
		"broken":            {nil, broken, nil, 500, "InternalError", fault.KindInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			create := b.create
			b.create = func(name string) (writer, error) {
				if c.create != nil {
					return nil, c.create
				}
				f, err := create(name)
				return failing{f, c.write, c.sync}, err
			}
			post := b.presign(t, 1000)
			b.mustPost(t, request(post, 4, strings.NewReader("text")), c.status, c.code)
			_, err := b.Put(t.Context(), key, blob.Content{Reader: strings.NewReader("text"), Size: 4})
			if !fault.Is(err, c.kind) {
				t.Errorf("Put: %v", err)
			}
			b.mustHaveFiles(t)
			b.create = create // there is space again
			b.mustPost(t, request(post, 4, strings.NewReader("text")), 204, "")
		})
	}
}

func TestObjectIsSyncedBeforeItHasItsName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	create := b.create
	var synced atomic.Int32
	b.create = func(name string) (writer, error) {
		f, err := create(name)
		return syncing{f, func() {
			synced.Add(1)
			if _, err := b.Stat(context.Background(), key); !fault.Is(err, fault.KindNotFound) {
				t.Errorf("has its name already: %v", err)
			}
		}}, err
	}
	b.mustPost(t, request(b.presign(t, 1000), 4, strings.NewReader("text")), 204, "")
	if synced.Load() != 1 {
		t.Errorf("synced %d times", synced.Load())
	}
}

type syncing struct {
	writer
	before func()
}

func (s syncing) Sync() error {
	s.before()
	return s.writer.Sync()
}

func TestLeftoversAreRemovedAtOpenAndDeletionsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := b.presign(t, 1000)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 204, "")
	if err := b.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, incoming, "left"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	b.Store = mustOpen(t, b.dir, b.clock) // the secret is the same, and the deletion is remembered
	b.mustHaveFiles(t, tombstone(key))
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 409, "used")
	b.clock.Advance(blob.MaxExpires + time.Hour)
	if err := b.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.mustHaveFiles(t)
	b.mustPost(t, request(post, 4, strings.NewReader("text")), 403, "expired")
}

func TestSecretIsTheDirectorysOwn(t *testing.T) {
	t.Parallel()
	one, two := setup(t), setup(t)
	info, err := os.Stat(filepath.Join(one.dir, secret))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	two.mustPost(t, request(one.presign(t, 1000), 4, strings.NewReader("text")), 403, "SignatureDoesNotMatch")
	_ = one.Close()
	if err := os.WriteFile(filepath.Join(one.dir, secret), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(Options{Dir: one.dir}); err == nil {
		_ = s.Close()
		t.Error("an empty secret was taken")
	}
}

func TestLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "original"), []byte("not yours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(b.dir, objects, "org/a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(b.dir, objects, "org/a/b")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), key); err == nil {
		t.Error("a link out of the directory was followed")
	}
	if w := b.post(request(b.presign(t, 1000), 4, strings.NewReader("text"))); w.Code < 400 {
		t.Errorf("answered %d", w.Code)
	}
	if got, err := os.ReadFile(filepath.Join(outside, "original")); err != nil || string(got) != "not yours" {
		t.Errorf("outside there is %q now: %v", got, err)
	}
}

func TestOtherRequestsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mustPost(t, httptest.NewRequest(http.MethodGet, "/workdrive", nil), 405, "MethodNotAllowed")
	b.mustPost(t, httptest.NewRequest(http.MethodPost, "/workdrive/"+key, nil), 404, "NoSuchBucket")
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	for _, length := range []string{"-1", "99999999999999999999", "1e3", "4, 5"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /workdrive HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %s\r\n\r\n", length)
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || !bytes.Equal(answer, []byte("HTTP/1.1 400")) {
			t.Errorf("Content-Length %s: %s %v", length, answer, err)
		}
		_ = conn.Close()
	}
}
