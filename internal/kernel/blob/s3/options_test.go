package s3_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/s3"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

func options() s3.Options {
	return s3.Options{Endpoint: "https://s3.example.org", Region: "eu-1", Bucket: "files", AccessKey: "access", SecretKey: "secret"}
}

func TestClientsPostToThePublicAddressOfTheBucket(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*s3.Options){
		"https://files.s3.example.org/":  func(*s3.Options) {},
		"https://s3.example.org/files":   func(o *s3.Options) { o.PathStyle = true },
		"http://10.0.0.1:9000/files":     func(o *s3.Options) { o.Endpoint, o.PathStyle = "http://10.0.0.1:9000/", true },
		"https://files.cdn.example.org/": func(o *s3.Options) { o.PublicEndpoint = "https://cdn.example.org" },
	} {
		o := options()
		change(&o)
		store, err := s3.New(o)
		if err != nil {
			t.Fatal(err)
		}
		post, err := store.Presign(t.Context(), blob.Upload{Key: "org/a/b/c", ContentType: "image/png", MaxBytes: 1, Expires: time.Minute})
		if err != nil || post.URL != want {
			t.Errorf("posts go to %q, want %q (%v)", post.URL, want, err)
		}
		if post.Fields.ACL != "bucket-owner-full-control" {
			t.Errorf("the ACL is %q", post.Fields.ACL)
		}
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*s3.Options){
		"no scheme":         func(o *s3.Options) { o.Endpoint = "s3.example.org" },
		"another scheme":    func(o *s3.Options) { o.Endpoint = "ftp://s3.example.org" },
		"a path":            func(o *s3.Options) { o.Endpoint = "https://s3.example.org/files" },
		"a password":        func(o *s3.Options) { o.Endpoint = "https://a:b@s3.example.org" },
		"no public scheme":  func(o *s3.Options) { o.PublicEndpoint = "cdn.example.org" },
		"no region":         func(o *s3.Options) { o.Region = "" },
		"no bucket":         func(o *s3.Options) { o.Bucket = "" },
		"no access key":     func(o *s3.Options) { o.AccessKey = "" },
		"no secret key":     func(o *s3.Options) { o.SecretKey = "" },
		"a host with space": func(o *s3.Options) { o.Endpoint = "https://s3 example.org" },
	} {
		o := options()
		change(&o)
		if _, err := s3.New(o); err == nil {
			t.Errorf("%s: was accepted", name)
		} else if strings.Contains(err.Error(), "a:b@") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestServerThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	// A listener that hangs up on everybody: the port stays ours.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	o := options()
	o.Endpoint, o.PathStyle = "http://"+l.Addr().String(), true
	store, err := s3.New(o) // starting does not need the server
	if err != nil {
		t.Fatal(err)
	}
	for what, call := range map[string]func() error{
		"Check": func() error { return store.Check(t.Context()) },
		"Stat":  func() error { _, err := store.Stat(t.Context(), "org/a/b/c"); return err },
		"Open":  func() error { _, err := store.Open(t.Context(), "org/a/b/c"); return err },
		"Put": func() error {
			_, err := store.Put(t.Context(), "org/a/b/c", blob.Content{Reader: strings.NewReader("x"), Size: 1})
			return err
		},
		"Delete": func() error { return store.Delete(t.Context(), "org/a/b/c") },
		"List": func() error {
			for _, err := range store.List(t.Context(), "") {
				return err
			}
			return nil
		},
	} {
		if err := call(); !fault.Is(err, fault.KindUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
