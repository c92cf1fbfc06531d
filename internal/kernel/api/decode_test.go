package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

type guest struct {
	Email string `json:"email" maxLength:"50" doc:"Address"`
	Size  int32  `json:"size" doc:"Size"`
}

// party has a field of every kind that bodies are bent for.
type party struct {
	Name    string           `json:"name" doc:"Name"`
	Count   int              `json:"count" doc:"Count"`
	Price   float64          `json:"price" doc:"Price"`
	IsAdmin bool             `json:"isAdmin" doc:"Switch"`
	Tags    Strings          `json:"tags" doc:"Tags"`
	Guests  []guest          `json:"guests" doc:"Guests"`
	At      Time             `json:"at" doc:"When"`
	Note    Patch[string]    `json:"note,omitzero" doc:"Note"`
	Extra   map[string]guest `json:"extra" doc:"Guests by name"`
	Mixed   Text             `json:"mixed" doc:"Text or number"`
}

func partyDecoder() (*decoder, *huma.Schema) {
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[party](), true, "")
	return &decoder{registry: registry, aliases: map[string]string{"names": "name"}, maxKeys: maxKeysPerMiB}, schema
}

// FuzzDecodeBody: whatever comes, the decoder agrees with encoding/json on what is JSON,
// accepts it again after bending it, and lets no key but the exact one take effect.
func FuzzDecodeBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `"x"`, `1`, ``, ` `, `{"name":"x","count":"1","price":"1e2","isAdmin":"true","tags":"a","guests":{"email":"x","size":"3"}}`,
		`{"Name":"x","NAME":1,"isadmin":true,"iſAdmin":true}`, `{"names":"x","name":"y"}`, `{"name":"x","name":"y"}`, `{"n\u0061me":"\ud83d\ude00\u0000\ud800"}`,
		`{"count":9223372036854775808,"price":1e400,"guests":[{"size":-0}]}`, `{"at":"2026-01-02","note":null,"mixed":1.50,"extra":{"a":{"size":1.0}}}`,
		`{"a":[[[[{"b":{}}]]]],"c":-0.0e-1}`, "\uFEFF{}", "{\"\xff\":1}", `{"tags":["a",]}`, `[1,2`, `{"a":tru}`, `{"at":"x","tags":"","count":1.5}`,
		strings.Repeat(`[`, 70), strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat(`}`, 64), `{"` + strings.Repeat(`a":1,"b`, 30) + `":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, schema := partyDecoder()
		before := bytes.Clone(body)
		out, bad, err := d.decode(body, schema)
		if !bytes.Equal(before, body) {
			t.Fatalf("%q was changed in place", before)
		}
		plain := bytes.TrimPrefix(body, []byte("\uFEFF"))
		if err != nil {
			e, ok := fault.As(err)
			if !ok || e.Kind != fault.KindInvalid || len(e.Fields) != 1 {
				t.Fatalf("%q: %v", body, err)
			}
			if e.Fields[0].Code == "body.malformed" && json.Valid(plain) && !bytes.Contains(bytes.ToLower(body), []byte(`\u`)) {
				t.Fatalf("%q is JSON: %v", body, err)
			}
			return
		}
		if !json.Valid(plain) || !json.Valid(out) {
			t.Fatalf("%q became %q, which is not JSON", body, out)
		}
		if len(bad) > 0 {
			return
		}
		exactKeys(t, plain, out)
		if bytes.Contains(out, []byte(`""`)) { // keys that were put out of the way
			return
		}
		again, _ := partyDecoder()
		if twice, bad, err := again.decode(out, schema); err != nil || len(bad) > 0 || !bytes.Equal(twice, out) {
			t.Fatalf("%q became %q, then %q (%v, %v)", body, out, twice, bad, err)
		}
	})
}

// exactKeys: a field has its value only when it was named exactly, or under its alias.
func exactKeys(t *testing.T, body, out []byte) {
	var sent map[string]json.RawMessage
	var got party
	if json.Unmarshal(body, &sent) != nil || json.Unmarshal(out, &got) != nil {
		return // the validator's to report
	}
	v := reflect.ValueOf(got)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		_, named := sent[name]
		_, aliased := sent["names"]
		if !named && (name != "name" || !aliased) && !v.Field(i).IsZero() {
			t.Fatalf("%q sets %s", body, name)
		}
	}
}

func TestABodyThatNeedsNothingIsNotCopied(t *testing.T) {
	body := []byte(`{"name":"x","count":1,"tags":["a"],"guests":[{"email":"a","size":1}],"unknown":[1,{"a":null}],"at":"2026-01-02T03:04:05.000Z"}`)
	d, schema := partyDecoder()
	out, bad, err := d.decode(body, schema)
	if err != nil || len(bad) > 0 || &out[0] != &body[0] || len(out) != len(body) {
		t.Errorf("%q, %v, %v", out, bad, err)
	}
	allocations := testing.AllocsPerRun(100, func() {
		again := decoder{registry: d.registry, maxKeys: d.maxKeys}
		if _, _, err := again.decode(body, schema); err != nil {
			t.Error(err)
		}
	})
	if allocations > 12 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestCheckJSON(t *testing.T) {
	for text, ok := range map[string]bool{`{"a":1}`: true, `{"a":1,"a":2}`: false, `{"a":"\u0000"}`: false, `{`: false, "\xff": false} {
		if err := CheckJSON([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func BenchmarkDecodeBody(b *testing.B) {
	row := `{"name":"Rosa Silva","count":12,"price":1.5,"isAdmin":false,"tags":["a","b"],"guests":[{"email":"rosa@example.com","size":1}],"at":"2026-01-02T03:04:05.000Z"}`
	for name, body := range map[string]string{
		"small": row,
		"rows":  `{"extra":{},"list":[` + strings.Repeat(row+",", 999) + row + `]}`,
		"bent":  `{"name":"Rosa Silva","count":"12","price":"1.5","tags":"a","guests":{"email":"rosa@example.com","size":"1"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			prototype, schema := partyDecoder()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				d := decoder{registry: prototype.registry, maxKeys: 100_000}
				if _, _, err := d.decode([]byte(body), schema); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
