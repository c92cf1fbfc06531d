package api

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// guard is what stands between the route and the operation.
func (r *Router) guard(op *mounted) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		s := stateOf(ctx.Context())
		if op.first != "" && r.fixed[ctx.Param(op.first)] {
			r.refuse(ctx, s, errNoRoute) // a module's name is not an id
			return
		}
		s.op = op
		if op.Timeout > 0 {
			deadline, cancel := context.WithTimeout(s, op.Timeout)
			defer cancel()
			ctx = huma.WithContext(ctx, deadline)
		}
		defer r.auditDenial(s)
		if err := r.admit(ctx, s); err != nil {
			r.refuse(ctx, s, err)
			return
		}
		req, _ := humachi.Unwrap(ctx)
		err := s.input
		if err == nil {
			err = tidyQuery(req.URL, op.query)
		}
		if err == nil {
			s.body, err = op.readBody(req)
		}
		if err != nil {
			r.respond(ctx, s.rejected(ctx.Context(), err))
			return
		}
		if ctx, err = r.audited(ctx, s); err != nil {
			r.refuse(ctx, s, err)
			return
		}
		if key := req.Header.Get(idempotencyHeader); key != "" && op.idempotent() {
			r.once(ctx, s, key, next)
			return
		}
		r.decode(ctx, s, next)
	}
}

// admit decides whether the caller may call the operation at all.
func (r *Router) admit(ctx huma.Context, s *state) error {
	rule := s.op.Authz
	if rule.Public {
		return nil
	}
	ctx.SetHeader("Cache-Control", "no-store")
	if who, ok := ctx.Context().Value(callerKey{}).(authz.Actor); ok {
		return r.admitAs(ctx, s, who)
	}
	key := ctx.Header(keyHeader)
	if req, _ := humachi.Unwrap(ctx); key == "" && rule.Signed && req.URL.Query().Has(signature) {
		return nil // by nobody: the operation checks it
	}
	if key == "" {
		return fault.New(fault.KindUnauthenticated, "key.missing", "Send your API key in the header X-API-KEY.")
	}
	who, err := r.o.Authenticator.Authenticate(ctx.Context(), key)
	if err != nil {
		if fault.Is(err, fault.KindUnauthenticated) {
			err = r.limits.failed(ctx.RemoteAddr(), err)
		}
		return err
	}
	return r.admitAs(ctx, s, who)
}

// admitAs decides whether an authenticated caller may call the operation.
func (r *Router) admitAs(ctx huma.Context, s *state, who authz.Actor) error {
	s.who = who
	if err := r.limits.take(cmp.Or(who.TokenID, who.SessionID), ctx.SetHeader); err != nil {
		return err
	}
	if err := permitted(who, s.op.Authz); err != nil || !who.Restricted {
		return err
	}
	return r.finishFirst(ctx.Context(), s)
}

type callerKey struct{}

// As makes a request of this process the actor's, without a key. It is how the web console,
// which has authenticated its session, calls the same operations as everybody else. A request
// from outside cannot carry it.
func As(req *http.Request, who authz.Actor) *http.Request {
	return req.WithContext(context.WithValue(req.Context(), callerKey{}, who))
}

// signature is the query parameter that stands for a key where a rule is Signed.
const signature = "signature"

// permitted checks scope and capability.
func permitted(who authz.Actor, rule authz.Rule) error {
	switch {
	case !who.Within(rule.Scope):
		return fault.Forbidden("key.scope", "This key does not cover "+rule.Scope+".")
	case !who.Can(rule.Capability):
		return fault.Forbidden("role.missing", forbiddenSentence+" It needs the capability "+string(rule.Capability)+".")
	}
	return nil
}

// finishFirst refuses what a restricted actor may not do before they have finished what is
// overdue.
func (r *Router) finishFirst(ctx context.Context, s *state) error {
	rule, id := s.op.Authz, ""
	if rule.Restricted && rule.Object == nil {
		return nil
	}
	if rule.Object != nil {
		id = s.pathID(rule.Object.Param)
	}
	switch {
	case r.o.Restrict != nil:
		return r.o.Restrict(ctx, s.who, rule, id)
	case rule.Restricted:
		return nil
	}
	return fault.Forbidden("user.restricted", "Finish what is overdue first.")
}

// refuse answers a caller who is not admitted.
func (r *Router) refuse(ctx huma.Context, s *state, err error) {
	r.respond(ctx, s.report(ctx.Context(), err))
}

func (r *Router) respond(ctx huma.Context, p *Problem) {
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	_ = r.api.Marshal(ctx.BodyWriter(), jsonType, p) // the client may have gone
}

var errTooLarge = fault.New(fault.KindTooLarge, "request.tooLarge", "The body is larger than this operation takes.")

// readBody reads the whole body, or refuses it before reading more than the limit.
func (op *mounted) readBody(req *http.Request) ([]byte, error) {
	if op.schema == nil || req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if req.ContentLength > op.MaxBody {
		return nil, errTooLarge
	}
	var buffer bytes.Buffer
	if req.ContentLength > 0 {
		buffer.Grow(int(req.ContentLength) + bytes.MinRead) // at once, and ReadFrom never grows it
	}
	_, err := buffer.ReadFrom(io.LimitReader(req.Body, op.MaxBody+1))
	body := buffer.Bytes()
	switch {
	case err != nil:
		return nil, fault.Wrap(err, fault.KindInvalid, "body.interrupted", "The body could not be read to its end.")
	case int64(len(body)) > op.MaxBody:
		return nil, errTooLarge
	case len(body) > 0 && !isJSON(req.Header):
		return nil, fault.New(fault.KindUnsupported, "request.mediaType", "Send the body as application/json in UTF-8, not compressed.")
	}
	return body, nil
}

const jsonType = "application/json"

// isJSON takes a body that does not say what it is for JSON.
func isJSON(h http.Header) bool {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return false
	}
	switch contentType := h.Get("Content-Type"); contentType {
	case "", jsonType:
		return true
	default:
		t, params, err := mime.ParseMediaType(contentType)
		if err != nil || (t != jsonType && (!strings.HasPrefix(t, "application/") || !strings.HasSuffix(t, "+json"))) {
			return false
		}
		charset := params["charset"]
		return charset == "" || strings.EqualFold(charset, "utf-8")
	}
}

// decode bends the body to the operation's schema and passes the request on.
func (r *Router) decode(ctx huma.Context, s *state, next func(huma.Context)) {
	body := s.body
	if len(bytes.TrimSpace(body)) > 0 {
		d := decoder{registry: r.api.OpenAPI().Components.Schemas, aliases: r.o.Aliases[s.op.ID], maxKeys: s.op.maxKeys()}
		var err error
		if body, s.bad, err = d.decode(body, s.op.schema); err != nil {
			r.respond(ctx, s.rejected(ctx.Context(), err))
			return
		}
	}
	next(bodyContext{ctx, bytes.NewReader(body)})
}

// bodyContext is a request whose body was read already.
type bodyContext struct {
	embedded
	body io.Reader
}

// embedded is huma.Context under another name: embedding it so leaves room for the method
// Context.
type embedded huma.Context

// Unwrap lets humachi reach the request.
func (c bodyContext) Unwrap() huma.Context { return c.embedded }

// BodyReader implements huma.Context.
func (c bodyContext) BodyReader() io.Reader { return c.body }

// SetReadDeadline implements huma.Context: there is nothing left to read.
func (c bodyContext) SetReadDeadline(time.Time) error { return nil }

// Header implements huma.Context. A body that came this far is JSON, whatever +json it is, and
// JSON is what everybody gets.
func (c bodyContext) Header(name string) string {
	switch name {
	case "Content-Type":
		return jsonType
	case "Accept":
		return ""
	}
	return c.embedded.Header(name)
}
