package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/seal"
)

func TestWhatIsSealedOpensForItsContextAlone(t *testing.T) {
	t.Parallel()
	k := seal.New()
	rapid.Check(t, func(t *rapid.T) {
		secret, context := rapid.String().Draw(t, "secret"), rapid.String().Draw(t, "context")
		sealed := k.Seal(secret, context)
		if got, stale, err := k.Open(sealed, context); got != secret || stale || err != nil {
			t.Fatalf("opens as %q, stale %t: %v", got, stale, err)
		}
		if len(secret) > 3 && strings.Contains(sealed, secret) || sealed == k.Seal(secret, context) {
			t.Fatal("it can be read, or recognized")
		}
		if other := rapid.String().Draw(t, "other"); other != context {
			if _, _, err := k.Open(sealed, other); !errors.Is(err, seal.ErrUnreadable) {
				t.Fatalf("opens for another context: %v", err)
			}
		}
		raw, err := base64.RawStdEncoding.DecodeString(sealed)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		if _, _, err := k.Open(base64.RawStdEncoding.EncodeToString(raw), context); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("opens though it was changed: %v", err)
		}
		if _, _, err := k.Open(rapid.String().Draw(t, "noise"), context); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("noise opens: %v", err)
		}
	})
}

func TestKeysAreChangedByPuttingANewOneFirst(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "secret.key")
	var all [8]seal.Keys
	var starting sync.WaitGroup
	for i := range all { // several processes that start at once agree
		starting.Go(func() {
			var err error
			if all[i], err = seal.Load(path, true); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	sealed := all[0].Seal("secret", "row")
	for _, k := range all {
		if got, _, err := k.Open(sealed, "row"); got != "secret" || err != nil {
			t.Fatalf("%q %v", got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, seal.KeySize))
	write := func(text string) seal.Keys {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := seal.Load(path, false)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	both := write(fresh + "\n\n" + string(old))
	if got, stale, err := both.Open(sealed, "row"); got != "secret" || !stale || err != nil {
		t.Errorf("with both: %q, stale %t: %v", got, stale, err)
	}
	again := both.Seal("secret", "row")
	if !strings.HasPrefix(again, both.Prefix()) || strings.HasPrefix(sealed, both.Prefix()) || !both.Several() || all[0].Several() {
		t.Errorf("what the first key seals begins with %s: %s", both.Prefix(), again)
	}
	one := write(fresh)
	if got, stale, err := one.Open(again, "row"); got != "secret" || stale || err != nil {
		t.Errorf("sealed again: %q, stale %t: %v", got, stale, err)
	}
	if _, _, err := one.Open(sealed, "row"); !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("without its key: %v", err)
	}
}

func TestBadKeyFilesAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret.key")
	if _, err := seal.Load(path, false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
	for text, want := range map[string]string{"": "no key", "# only words\n": "no key", "\nshort\n": "line 2", base64.StdEncoding.EncodeToString(make([]byte, 16)): "line 1"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(path, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestKeysAreNotShown(t *testing.T) {
	t.Parallel()
	k, err := seal.Parse(bytes.Repeat([]byte("k"), seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "keys", k)
	if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, k) + log.String(); strings.Contains(text, "kkk") || strings.Contains(text, "107") {
		t.Error(text)
	}
}
