package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// problem is why the API did not do what a page asked for.
type problem struct {
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	Code      string        `json:"code"`
	Errors    []fault.Field `json:"errors"`
	RequestID string        `json:"requestId"`
}

// Error implements error.
func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// field is what is wrong with a field of a form, "" for nothing. Names are those of the API.
func (p *problem) field(name string) string {
	if p == nil {
		return ""
	}
	for _, f := range p.Errors {
		if f.Pointer == "/"+name || strings.HasPrefix(f.Pointer, "/"+name+"/") {
			return f.Detail
		}
	}
	return ""
}

// general is what is wrong that belongs to none of the fields.
func (p *problem) general(fields ...string) string {
	if p == nil {
		return ""
	}
	if len(p.Errors) == 0 {
		return p.Detail
	}
	var rest []string
	for _, f := range p.Errors {
		known := false
		for _, name := range fields {
			known = known || f.Pointer == "/"+name || strings.HasPrefix(f.Pointer, "/"+name+"/")
		}
		if !known {
			rest = append(rest, f.Detail)
		}
	}
	return strings.Join(rest, " ")
}

// problemOf is a problem of a fault in this process.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	f, ok := fault.As(err)
	if !ok {
		return &problem{Status: http.StatusInternalServerError, Detail: "We had a problem with our server. Try again later."}
	}
	status := map[fault.Kind]int{
		fault.KindInvalid: http.StatusBadRequest, fault.KindUnauthenticated: http.StatusUnauthorized, fault.KindForbidden: http.StatusForbidden,
		fault.KindNotFound: http.StatusNotFound, fault.KindConflict: http.StatusConflict, fault.KindTooMany: http.StatusTooManyRequests,
		fault.KindUnavailable: http.StatusServiceUnavailable,
	}[f.Kind]
	if status == 0 {
		return &problem{Status: http.StatusInternalServerError, Detail: "We had a problem with our server. Try again later."}
	}
	return &problem{Status: status, Detail: f.Detail, Code: f.Code, Errors: f.Fields}
}

// answer keeps what the API writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// call sends a request to the API as whoever is signed in, and reads the answer into out unless
// it is nil. What the API refuses is a *problem.
func (v *visit) call(method, path string, in, out any) error {
	a, err := v.ask(method, path, in)
	if err != nil || out == nil || a.body.Len() == 0 {
		return err
	}
	return json.Unmarshal(a.body.Bytes(), out)
}

// file answers with a file that the API gives.
func (v *visit) file(path string) error {
	a, err := v.ask(http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		v.w.Header().Set(name, a.header.Get(name))
	}
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = v.w.Write(a.body.Bytes()) // the browser may have gone
	return nil
}

// ask is call without reading the answer.
func (v *visit) ask(method, path string, in any) (*answer, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(v.ctx(), method, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.RemoteAddr = v.r.RemoteAddr
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	a := &answer{header: http.Header{}}
	v.c.d.API.ServeHTTP(a, api.As(req, v.who))
	if a.status >= http.StatusBadRequest {
		p := &problem{Status: a.status}
		if err := json.Unmarshal(a.body.Bytes(), p); err != nil {
			return nil, fmt.Errorf("%s %s answered %d", method, path, a.status)
		}
		return nil, p
	}
	return a, nil
}

func (v *visit) get(path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return v.call(http.MethodGet, path, nil, out)
}

// at makes a path of parts, each of which is one segment.
func at(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}
