package ids_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/ids"
)

type position struct {
	At int64
	ID string
}

// FuzzCursor: what is not a cursor is refused as one, and what is says the same again.
func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(ids.EncodeCursor(position{7, "x"}))
	f.Add(ids.EncodeCursor(position{-1, "\x00"}))
	f.Add(ids.EncodeCursor(map[string]any{"at": 7, "ID": "x", "other": []int{}}))
	f.Add(ids.EncodeCursor("x"))
	f.Add("AAAAAAAAe30")
	f.Fuzz(func(t *testing.T, cursor string) {
		var got position
		err := ids.DecodeCursor(cursor, &got)
		if err != nil {
			if !errors.Is(err, ids.ErrCursor) {
				t.Fatalf("%q: %v", cursor, err)
			}
			return
		}
		if strings.Contains(got.ID, "\x00") {
			t.Fatalf("%q gives a NUL", cursor)
		}
		var again position
		if err := ids.DecodeCursor(ids.EncodeCursor(got), &again); err != nil || again != got {
			t.Fatalf("%q gives %+v, then %+v (%v)", cursor, got, again, err)
		}
	})
}

// FuzzCursorTampered: a cursor with anything else in place of a part of it is none.
func FuzzCursorTampered(f *testing.F) {
	f.Add(int64(7), "x", 3, byte(1))
	f.Add(int64(0), `back\u0000slash`, 0, byte(255))
	f.Fuzz(func(t *testing.T, at int64, id string, i int, flip byte) {
		id = strings.ReplaceAll(strings.ToValidUTF8(id, "?"), "\x00", "")
		cursor := ids.EncodeCursor(position{at, id})
		var got position
		if err := ids.DecodeCursor(cursor, &got); err != nil || got != (position{at, id}) {
			t.Fatalf("%+v, %v", got, err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(raw)
		changed[int(uint(i)%uint(len(raw)))] ^= flip
		err = ids.DecodeCursor(base64.RawURLEncoding.EncodeToString(changed), &got)
		if (err == nil) != bytes.Equal(changed, raw) {
			t.Fatalf("%q with a byte changed: %v", raw, err)
		}
	})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	before := ids.New()
	if after := ids.New(); after <= before || !ids.Valid(after) {
		t.Errorf("%s comes after %s", after, before)
	}
	for _, text := range []string{"", "x", "{" + before + "}", "urn:uuid:" + before, strings.ReplaceAll(before, "-", ""), before + " "} {
		if ids.Valid(text) {
			t.Errorf("%q is taken for an id", text)
		}
	}
	for _, text := range []string{`back\u0000slash`, `\\u0000`, `"\`} {
		var got string
		if err := ids.DecodeCursor(ids.EncodeCursor(text), &got); err != nil || got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if raw, err := json.Marshal("\x00"); err != nil || ids.DecodeCursor(ids.EncodeCursor("\x00"), new(string)) == nil {
		t.Errorf("%s is taken: %v", raw, err)
	}
}
