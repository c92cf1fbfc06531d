package blobtest

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// runOnce posts one signed post more than once. An S3 server in the field takes it until it
// expires: S3 knows no one-time signature. There the suite holds on to what is left: only the
// one key is written, and always as a whole.
func runOnce(t *testing.T, target Target) {
	t.Run("a used post is refused", func(t *testing.T) {
		t.Parallel()
		key := newKey()
		post := target.presign(t, upload(key))
		target.mustAccept(t, issued(post, []byte("the first")), key, http.StatusNoContent)
		again := issued(post, []byte("the second")).post(t.Context(), t)
		if !target.Ours {
			if got := string(target.content(t, key)); got != "the second" {
				t.Errorf("answered %d, and the object is %q", again.status, got)
			}
			return
		}
		if got := string(target.content(t, key)); again.status != http.StatusConflict || got != "the first" {
			t.Errorf("answered %d, and the object is %q", again.status, got)
		}
		if err := target.Store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		again = issued(post, []byte("the third")).post(t.Context(), t)
		if got := target.content(t, key); again.status != http.StatusConflict || got != nil {
			t.Errorf("after Delete answered %d, and the object is %q", again.status, got)
		}
	})
	t.Run("a refused post may be repeated", func(t *testing.T) {
		t.Parallel()
		key := newKey()
		post := target.presign(t, upload(key))
		target.mustRefuse(t, issued(post, bytes.Repeat([]byte("x"), 1001)), key, refusal{status: 400, code: "EntityTooLarge"})
		target.mustAccept(t, issued(post, []byte("fits")), key, http.StatusNoContent)
	})
	t.Run("of parallel posts one wins", func(t *testing.T) {
		t.Parallel()
		key := newKey()
		post := target.presign(t, upload(key))
		const n = 8
		var all sync.WaitGroup
		answers := make([]answer, n)
		for i := range n {
			all.Go(func() {
				answers[i] = issued(post, bytes.Repeat(fmt.Append(nil, i), 900)).post(t.Context(), t)
			})
		}
		all.Wait()
		got := target.content(t, key)
		if len(got) != 900 || !bytes.Equal(got, bytes.Repeat(got[:1], 900)) {
			t.Fatalf("the object is %.20q…, %d bytes: not one of those posted", got, len(got))
		}
		if !target.Ours {
			return
		}
		for i, a := range answers {
			want := http.StatusConflict
			if int(got[0]-'0') == i {
				want = http.StatusNoContent
			}
			if a.status != want {
				t.Errorf("post %d answered %d %s, want %d", i, a.status, a.body, want)
			}
		}
	})
}
