package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
)

// row is about what a post with its author is.
type row struct {
	ID   string `json:"id" doc:"Id"`
	Text string `json:"text" doc:"Text"`
	User struct {
		FirstName string `json:"firstName" doc:"First name"`
		LastName  string `json:"lastName" doc:"Last name"`
	} `json:"user" doc:"Author"`
	Tags []string `json:"tags" doc:"Tags"`
}

type rowsOutput struct {
	Body struct {
		Rows []row    `json:"rows" doc:"Rows"`
		Meta api.Meta `json:"meta" doc:"Page"`
	}
}

type rowsInput struct{ api.Page }

func rowsOf(in *rowsInput) *rowsOutput {
	out := &rowsOutput{}
	for range 10 {
		r := row{ID: visible, Text: strings.Repeat("text ", 20), Tags: []string{"a", "b"}}
		r.User.FirstName, r.User.LastName = "Rosa", "Silva"
		out.Body.Rows = append(out.Body.Rows, r)
	}
	out.Body.Meta = in.Meta(100)
	return out
}

// sink is an answer nobody reads.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) Write(b []byte) (int, error) { return len(b), nil }
func (s sink) WriteHeader(int)             {}

// BenchmarkList compares a page of ten rows through huma alone and through the whole router.
func BenchmarkList(b *testing.B) {
	mux := chi.NewMux()
	config := huma.DefaultConfig("x", "1")
	config.CreateHooks = nil // as in the router
	bareHuma := humachi.New(mux, config)
	huma.Register(bareHuma, huma.Operation{OperationID: "x", Method: "GET", Path: "/api/rows"}, func(_ context.Context, in *rowsInput) (*rowsOutput, error) {
		return rowsOf(in), nil
	})
	r := api.NewRouter(api.Options{Clock: clock.System{}, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Authenticator: keys{"k": member}, RatePerMinute: 1 << 30})
	api.Register(r, api.Operation{ID: "listRows", Method: "GET", Path: "/api/rows", Tag: "X", Summary: "X", Authz: authz.Rule{Scope: "x:read"}},
		func(_ context.Context, _ authz.Actor, in *rowsInput) (*rowsOutput, error) { return rowsOf(in), nil })
	for _, c := range []struct {
		name string
		h    http.Handler
	}{{"huma", mux}, {"router", r}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			req := httptest.NewRequest("GET", "/api/rows?cur_page=2&per_page=10", nil)
			req.Header.Set("X-API-KEY", "k")
			for b.Loop() {
				c.h.ServeHTTP(sink{http.Header{}}, req)
			}
		})
	}
}
