package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// File is an answer that is no JSON but the bytes of a file. Clients may ask for a range of
// it, and whether what they have is current.
type File struct {
	Name     string // to save it under, any text without control characters
	Type     string // media type; what it says is believed, see Inline
	Inline   bool   // a browser may show it; otherwise it is saved
	ETag     string // quoted
	Modified time.Time
	Content  io.ReadSeekCloser // is closed when it was sent
}

// filePolicy lets nothing in a file that a browser shows do anything: no scripts, no forms, no
// requests, an origin of its own.
const filePolicy = "sandbox; default-src 'none'"

// octets is the type of files of which nothing is believed.
const octets = "application/octet-stream"

type fileOutput struct{ Body func(ctx huma.Context) }

// RegisterFile mounts an operation that answers with a file. It is Register in everything else:
// the same authentication, limits, input and problems.
func RegisterFile[I any](r *Router, op Operation, handle func(ctx context.Context, who authz.Actor, in *I) (*File, error)) {
	Register(r, op, func(ctx context.Context, who authz.Actor, in *I) (*fileOutput, error) {
		f, err := handle(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return &fileOutput{Body: f.send}, nil
	})
	answers := r.description(r.operations[len(r.operations)-1]).Responses
	bytes := map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	answers[statusText(http.StatusOK)].Content = bytes
	for status, description := range map[int]string{
		http.StatusPartialContent: "The part that the Range header asks for", http.StatusNotModified: "The file is still the one of If-None-Match",
	} {
		answers[statusText(status)] = &huma.Response{Description: description}
	}
	answers[statusText(http.StatusPartialContent)].Content = bytes
	answers[statusText(http.StatusRequestedRangeNotSatisfiable)] = &huma.Response{
		Description: "The file has no such range; Content-Range tells its size",
		Content:     map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
}

// send answers with the file, or with the part of it that the request asks for.
func (f *File) send(ctx huma.Context) {
	defer f.Content.Close() //nolint:errcheck // it was read only
	r, w := humachi.Unwrap(ctx)
	if out, ok := w.(*recorder); ok && out.bodyless {
		head := *r // the router has made a GET of it; nothing should be read that is not sent
		head.Method = http.MethodHead
		r = &head
	}
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache") // ask each time: whether it is still allowed, too
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Disposition", disposition(f.Inline, f.Name))
	h.Set("Content-Type", octets)
	if f.Inline {
		h.Set("Content-Type", f.Type)
	}
	h.Set("ETag", f.ETag)
	http.ServeContent(newPacedWriter(w), r, "", f.Modified, f.Content)
}

// disposition names a file as RFC 6266 has it: in plain characters for old clients, and as it
// is (RFC 8187) for others.
func disposition(inline bool, name string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%' {
			return '_'
		}
		return c
	}, name)
	kind := map[bool]string{true: "inline", false: "attachment"}[inline]
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, kind, plain, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}
