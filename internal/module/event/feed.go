package event

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const feedTag = "Calendar"

// feedPath is below which the feeds are. Calendar programs have no key: the address is the secret.
const feedPath = "/calendar/feeds/"

// Feed is the secret address of a person's calendar.
type Feed struct {
	CreatedAt *api.Time `json:"createdAt" doc:"When it was made; null when the calendar has no address"`
	URL       *string   `json:"url" doc:"The address, for calendar programs; shown when it is made and never again"`
}

type feedOutput struct{ Body Feed }

const feedExample = `{"createdAt":"2026-11-24T09:30:00.000Z","url":null}`

func (s *Service) registerFeed(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "getCalendarFeed", Method: http.MethodGet, Path: "/api/calendar/feed", Tag: feedTag, Summary: "See whether your calendar has an address",
		Authz: authz.Rule{Scope: "events:read"}, Example: api.Example{Response: feedExample},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*feedOutput, error) {
		at, err := s.store.feed(ctx, s.DB.Reader(ctx), who)
		return &feedOutput{Feed{CreatedAt: api.AtPtr(at)}}, err
	})
	api.Register(r, api.Operation{
		ID: "createCalendarFeed", Method: http.MethodPost, Path: "/api/calendar/feed", Tag: feedTag, Summary: "Give your calendar a secret address",
		Description: "Whoever knows it reads what you see of 90 days back and a year ahead, as iCalendar. It is shown once; making another one revokes it.",
		Status:      http.StatusCreated, Secret: true, Authz: authz.Rule{Scope: "events:write"},
		Example: api.Example{Response: `{"createdAt":"2026-11-24T09:30:00.000Z","url":"https://work.example/calendar/feeds/SECRET.ics"}`},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*feedOutput, error) {
		f, err := s.MakeFeed(ctx, who)
		return &feedOutput{f}, err
	})
	api.Register(r, api.Operation{
		ID: "deleteCalendarFeed", Method: http.MethodDelete, Path: "/api/calendar/feed", Tag: feedTag, Summary: "Revoke the address of your calendar",
		Description: "Revoking what there is not changes nothing.", Status: http.StatusNoContent, Authz: authz.Rule{Scope: "events:write"},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*empty, error) {
		return nil, s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.removeFeed(ctx, tx, who) })
	})
	r.Handle("readCalendarFeed", http.MethodGet, feedPath+"{file}", http.HandlerFunc(s.serveFeed))
}

// MakeFeed gives the actor's calendar a new address, and revokes the one it had.
func (s *Service) MakeFeed(ctx context.Context, who authz.Actor) (Feed, error) {
	secret, now := rand.Text(), clock.Millis(s.Clock.Now())
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.setFeed(ctx, tx, who, hashed(secret), now) })
	address := s.URL + feedPath + secret + ".ics"
	return Feed{api.AtPtr(&now), &address}, err
}

// hashed is what is kept of a secret. It has 130 bits of chance: nothing can be gained by trying.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// serveFeed answers calendar programs. The calendar of somebody who may not sign in is not there.
func (s *Service) serveFeed(w http.ResponseWriter, r *http.Request) {
	secret, _ := strings.CutSuffix(chi.URLParam(r, "file"), ".ics")
	who, err := s.store.feedOf(r.Context(), s.DB.Reader(r.Context()), hashed(secret))
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	f, err := s.feed(r.Context(), who)
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	defer f.Content.Close() //nolint:errcheck // it is in memory
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("ETag", f.ETag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Content-Disposition", `inline; filename="`+f.Name+`"`)
	http.ServeContent(w, r, "", f.Modified, f.Content)
}

// feed gives when the address of somebody's calendar was made, nil for none.
func (store) feed(ctx context.Context, q db.Queryer, who authz.Actor) (at *int64, err error) {
	err = q.QueryRow(ctx, `SELECT MAX(created_at) FROM event_feeds WHERE org_id = ? AND user_id = ?`, who.OrgID, who.UserID).Scan(&at)
	return at, err
}

// feedOf gives whose feed has a secret, if they are active in an organization that is.
func (store) feedOf(ctx context.Context, q db.Queryer, hash string) (who authz.Actor, err error) {
	err = q.QueryRow(ctx, `SELECT f.org_id, f.user_id FROM event_feeds f JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id AND u.status = 'ACTIVE'
		JOIN organizations o ON o.id = f.org_id AND o.status = 'ACTIVE' WHERE f.token_hash = ?`, hash).Scan(&who.OrgID, &who.UserID)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound("calendarFeed")
	}
	return who, err
}

func (store) setFeed(ctx context.Context, tx db.Tx, who authz.Actor, hash string, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_feeds (org_id, user_id, token_hash, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (org_id, user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at`, who.OrgID, who.UserID, hash, now)
	return err
}

func (store) removeFeed(ctx context.Context, tx db.Tx, who authz.Actor) error {
	_, err := tx.Exec(ctx, `DELETE FROM event_feeds WHERE org_id = ? AND user_id = ?`, who.OrgID, who.UserID)
	return err
}
