package blob_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/testkit/blobtest"
)

func TestKeysOfIdsAreGood(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"original", "thumb-320.webp", "hls_720p.m3u8", "a"} {
		if err := blob.CheckKey(blob.Key(ids.New(), ids.New(), name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range blobtest.BadKeys() {
		if blob.CheckKey(key) == nil {
			t.Errorf("%q is no key", key)
		}
	}
}

// FuzzKey holds every accepted key to what file systems, addresses and headers need.
func FuzzKey(f *testing.F) {
	f.Add(blob.Key(ids.New(), ids.New(), "thumb-320.webp"))
	for _, key := range blobtest.BadKeys() {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if blob.CheckKey(key) != nil {
			return
		}
		parts := strings.Split(key, "/")
		if len(parts) != 4 || parts[0] != "org" || blob.Key(parts[1], parts[2], parts[3]) != key {
			t.Errorf("%q has not the four parts of a key", key)
		}
		for _, part := range parts {
			if part == "" || len(part) > 64 || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") || strings.HasSuffix(part, ".") {
				t.Errorf("%q has the part %q", key, part)
			}
		}
		if path.Clean(key) != key || !filepath.IsLocal(key) || !utf8.ValidString(key) || len(key) > 255 || strings.ToLower(key) != key {
			t.Errorf("%q is no plain path", key)
		}
		if strings.ContainsAny(key, "\\\x00\r\n\"'%$ ;:?#&") {
			t.Errorf("%q has a character that means something", key)
		}
	})
}
