package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// guard is what stands between the route and the operation.
func (r *Router) guard(op Operation) func(huma.Context, func(huma.Context)) {
	if op.MaxBody == 0 {
		op.MaxBody = defaultMaxBody
	}
	if op.Timeout == 0 {
		op.Timeout = defaultTimeout
	}
	return func(ctx huma.Context, next func(huma.Context)) {
		s := stateOf(ctx.Context())
		s.op = &op
		deadline, cancel := context.WithTimeout(ctx.Context(), op.Timeout)
		defer cancel()
		ctx = huma.WithContext(ctx, deadline)
		if err := r.admit(ctx, s); err != nil {
			r.refuse(ctx, s, err)
			return
		}
		body, err := readBody(ctx, op.MaxBody)
		if err != nil {
			r.respond(ctx, s.rejected(ctx, err))
			return
		}
		s.body = body
		if key := ctx.Header(idempotencyHeader); key != "" && op.Method == http.MethodPost {
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
	if err := r.limits.blocked(ctx.RemoteAddr()); err != nil {
		return err
	}
	key := ctx.Header(keyHeader)
	if key == "" {
		return fault.New(fault.KindUnauthenticated, "key.missing", "Send your API key in the header X-API-KEY.")
	}
	who, err := r.o.Authenticator.Authenticate(ctx.Context(), key)
	if err != nil {
		if fault.Is(err, fault.KindUnauthenticated) {
			r.limits.failed(ctx.RemoteAddr())
		}
		return err
	}
	s.who = who
	if err := permitted(who, rule); err != nil {
		return err
	}
	return r.limits.take(who.TokenID, ctx.SetHeader)
}

// permitted checks scope, capability and restriction.
func permitted(who authz.Actor, rule authz.Rule) error {
	switch {
	case !who.Within(rule.Scope):
		return fault.Forbidden("key.scope", "This key does not cover "+rule.Scope+".")
	case !who.Can(rule.Capability):
		return fault.Forbidden("role.missing", forbiddenSentence+" It needs the capability "+string(rule.Capability)+".")
	case who.Restricted && !rule.Restricted:
		return fault.Forbidden("user.restricted", "Finish your overdue tasks first.")
	}
	return nil
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
	_ = r.api.Marshal(ctx.BodyWriter(), "application/json", p) // the client may have gone
}

// readBody reads the whole body, or refuses it before reading more than the limit.
func readBody(ctx huma.Context, limit int64) ([]byte, error) {
	if ctx.Operation().RequestBody == nil {
		return nil, nil
	}
	tooLarge := fault.New(fault.KindTooLarge, "request.tooLarge", "The body is larger than this operation takes.")
	if n := ctx.Header("Content-Length"); len(n) > 0 && exceeds(n, limit) {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(ctx.BodyReader(), limit+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(err, fault.KindInvalid, "body.interrupted", "The body could not be read to its end.")
	case int64(len(body)) > limit:
		return nil, tooLarge
	case len(body) > 0 && !isJSON(ctx.Header("Content-Type")):
		return nil, fault.New(fault.KindUnsupported, "request.mediaType", "Send the body as application/json.")
	}
	return body, nil
}

// exceeds compares a decimal number with a limit without parsing it: it may be huge.
func exceeds(decimal string, limit int64) bool {
	decimal = strings.TrimLeft(decimal, "0")
	bound := strconv.FormatInt(limit, 10)
	return len(decimal) > len(bound) || (len(decimal) == len(bound) && decimal > bound)
}

func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || (t != "application/json" && !strings.HasSuffix(t, "+json")) {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

// decode bends the body to the operation's schema and passes the request on.
func (r *Router) decode(ctx huma.Context, s *state, next func(huma.Context)) {
	body := s.body
	if content := ctx.Operation().RequestBody; content != nil && len(bytes.TrimSpace(body)) > 0 {
		d := decoder{
			registry: r.api.OpenAPI().Components.Schemas, aliases: r.o.Aliases[s.op.ID],
			maxKeys: max(1, int(s.op.MaxBody/defaultMaxBody)) * maxKeysPerMiB,
		}
		var err error
		if body, err = d.decode(body, content.Content["application/json"].Schema); err != nil {
			r.respond(ctx, s.rejected(ctx, err))
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

// BodyReader implements huma.Context.
func (c bodyContext) BodyReader() io.Reader { return c.body }

var errNotStored = errors.New("api: not a success, not stored")
