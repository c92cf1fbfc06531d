package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

func TestPages(t *testing.T) {
	for _, c := range []struct {
		page          api.Page
		total         int
		limit, offset int
		meta          string
	}{
		{api.Page{}, 0, 10, 0, `{"perPage":10,"totalPages":0,"totalResults":0,"curPage":1,"nextPage":0}`},
		{api.Page{CurPage: 1, PerPage: 10}, 10, 10, 0, `{"perPage":10,"totalPages":1,"totalResults":10,"curPage":1,"nextPage":0}`},
		{api.Page{CurPage: 1, PerPage: 10}, 11, 10, 0, `{"perPage":10,"totalPages":2,"totalResults":11,"curPage":1,"nextPage":2}`},
		{api.Page{CurPage: 2, PerPage: 10}, 11, 10, 10, `{"perPage":10,"totalPages":2,"totalResults":11,"curPage":2,"nextPage":0}`},
		{api.Page{CurPage: 9, PerPage: 3}, 11, 3, 24, `{"perPage":3,"totalPages":4,"totalResults":11,"curPage":9,"nextPage":0}`},
		{api.Page{CurPage: 2, PerPage: 5000}, 1500, 1000, 1000, `{"perPage":1000,"totalPages":2,"totalResults":1500,"curPage":2,"nextPage":0}`},
	} {
		meta, err := json.Marshal(c.page.Meta(c.total))
		if err != nil || c.page.Limit() != c.limit || c.page.Offset() != c.offset || string(meta) != c.meta {
			t.Errorf("%+v of %d: limit %d, offset %d, meta %s", c.page, c.total, c.page.Limit(), c.page.Offset(), meta)
		}
	}
	for _, huge := range []api.Page{{CurPage: math.MaxInt, PerPage: math.MaxInt}, {CurPage: math.MaxInt/10 + 2, PerPage: 10}, {CurPage: 1 << 40, PerPage: 1000}} {
		if huge.Offset() < 1<<30 || huge.Offset() > 1<<50 || huge.Limit() > 1000 {
			t.Errorf("%+v: offset %d", huge, huge.Offset())
		}
	}
}

func TestCursors(t *testing.T) {
	type position struct {
		At int64
		ID string
	}
	cursor := ids.EncodeCursor(position{7, "x"})
	var got position
	if err := (api.Page{Cursor: cursor}).DecodeCursor(&got); err != nil || got != (position{7, "x"}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{"", "x", cursor[1:], cursor + "A", "AAAA" + cursor[4:]} {
		f, ok := fault.As(api.Page{Cursor: wrong}.DecodeCursor(&got))
		if !ok || f.Kind != fault.KindInvalid || f.Fields[0].Pointer != "?cursor" {
			t.Errorf("%q: %v", wrong, f)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, text := range []string{"9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "0000-01-01"} {
		var at api.Time
		if err := at.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is taken, in a year that cannot be written", text)
		}
	}
	for text, want := range map[string]string{
		"2026-01-02T03:04:05Z": "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.123456Z": "2026-01-02T03:04:05.123Z",
		"2026-01-02T03:04:05.5+02:00": "2026-01-02T01:04:05.500Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05.000Z",
		"2026-01-02T03:04": "2026-01-02T03:04:00.000Z", "2026-01-02 03:04:05": "2026-01-02T03:04:05.000Z", "2026-01-02": "2026-01-02T00:00:00.000Z",
		"2024-02-29": "2024-02-29T00:00:00.000Z", "2025-02-29": "", "": "", "now": "", "2026": "", "1767323045": "", "0000-01-01": "", "2026-01-02T25:00:00Z": "",
	} {
		var got api.Time
		err := got.UnmarshalText([]byte(text))
		out, _ := json.Marshal(got)
		if (err != nil) != (want == "") || (err == nil && string(out) != `"`+want+`"`) {
			t.Errorf("%q is %s, %v", text, out, err)
		}
	}
	if api.AtPtr(nil) != nil {
		t.Error("NULL is a time")
	}
	ms := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC).UnixMilli()
	if got := api.At(ms); got.Millis() != ms || api.AtPtr(&ms).Millis() != ms {
		t.Errorf("%v", got)
	}
}

func TestPatchAndStrings(t *testing.T) {
	type change struct {
		Name api.Patch[string] `json:"name,omitzero"`
		List api.Strings       `json:"list"`
	}
	for text, want := range map[string]string{
		`{}`:                           `{"list":[]}`,
		`{"name":null,"list":null}`:    `{"name":null,"list":[]}`,
		`{"name":"x","list":"a"}`:      `{"name":"x","list":["a"]}`,
		`{"name":"","list":["a","b"]}`: `{"name":"","list":["a","b"]}`,
	} {
		var c change
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if out, err := json.Marshal(c); err != nil || string(out) != want {
			t.Errorf("%s became %s, want %s (%v)", text, out, want, err)
		}
	}
	for _, text := range []string{`{"name":1}`, `{"list":1}`, `{"list":[1]}`} {
		if err := json.Unmarshal([]byte(text), new(change)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestETags(t *testing.T) {
	if got := fmt.Sprint(api.ETag(12)); got != `"12"` {
		t.Error(got)
	}
	if err := api.CheckMatch(api.ETag(12), 12); err != nil {
		t.Error(err)
	}
	if err := api.CheckMatch(api.ETag(12), 13); !fault.Is(err, fault.KindPreconditionFailed) {
		t.Error(err)
	}
}
