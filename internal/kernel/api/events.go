package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// Events is an answer that goes on: a stream of server-sent events (HTML, section 9.2). It writes
// until it is done, the context ends or a write fails.
type Events func(ctx context.Context, w *EventWriter)

// Patience is how long a client may take to take what is written to it at once.
const Patience = 10 * time.Second

// EventWriter writes a stream of events. Whatever is given to one Write leaves at once.
type EventWriter struct {
	// Patience of the writer; whoever opens the stream may change it.
	Patience time.Duration

	w          http.ResponseWriter
	connection *http.ResponseController
}

// Write sends text in the form of an event stream. It fails when the client has gone or does not
// take it in time.
func (e *EventWriter) Write(parts ...[]byte) error {
	err := e.connection.SetWriteDeadline(time.Now().Add(e.Patience)) //nolint:forbidigo // deadlines of connections are of the wall clock
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, part := range parts {
		if _, err := e.w.Write(part); err != nil {
			return err
		}
	}
	return e.connection.Flush()
}

type eventsOutput struct{ Body func(ctx huma.Context) }

// RegisterEvents mounts an operation that answers with a stream of events. Until it begins it is
// like every other; then it has no deadline, and no place among the requests worked on: the
// operation bounds how many there are. Metrics count it as a request that took until it began.
func RegisterEvents[I any](r *Router, op Operation, handle func(ctx context.Context, who authz.Actor, in *I) (Events, error)) {
	op.Timeout = -1
	Register(r, op, func(ctx context.Context, who authz.Actor, in *I) (*eventsOutput, error) {
		events, err := handle(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return &eventsOutput{Body: func(ctx huma.Context) { r.stream(ctx, events) }}, nil
	})
	answer := r.description(r.operations[len(r.operations)-1]).Responses[statusText(http.StatusOK)]
	answer.Content = map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}
}

func (r *Router) stream(ctx huma.Context, events Events) {
	_, w := humachi.Unwrap(ctx)
	s, connection := stateOf(ctx.Context()), http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events until there are many
	w.WriteHeader(http.StatusOK)
	out, recorded := w.(*recorder)
	bodyless := recorded && out.bodyless
	s.leave()
	s.opened = max(1, time.Since(s.began))
	r.metrics.inFlight.Dec()
	// Nothing more is read; a deadline for it would end the request.
	if err := connection.SetReadDeadline(time.Time{}); bodyless || err != nil && !errors.Is(err, http.ErrNotSupported) {
		events(ended(ctx.Context()), &EventWriter{Patience, w, connection})
		return
	}
	if connection.Flush() == nil {
		events(ctx.Context(), &EventWriter{Patience, w, connection})
		return
	}
	events(ended(ctx.Context()), &EventWriter{Patience, w, connection})
}

// ended gives a context that has ended, for an operation that shall only tidy up.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
