package event

import (
	"context"
	"crypto/hmac"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

//go:embed page.html
var pages embed.FS

var guestPage = template.Must(template.ParseFS(pages, "page.html"))

// guestView is what a guest reads.
type guestView struct {
	Title, Organizer string
	Lines            []string
	Answer           string
	Over             bool
}

// pagePolicy lets the page do nothing but send its form.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// registerPage mounts what guests answer at. Opening it changes nothing: programs that look at
// links in mails open them, too.
func (s *Service) registerPage(r *api.Router) {
	r.Handle("readInvitation", http.MethodGet, guestPath+"{token}", http.HandlerFunc(s.servePage))
	r.Handle("answerInvitation", http.MethodPost, guestPath+"{token}", http.HandlerFunc(s.takeAnswer))
}

func (s *Service) servePage(w http.ResponseWriter, r *http.Request) {
	_, g, item, err := s.invited(r.Context(), s.DB.Reader(r.Context()), chi.URLParam(r, "token"))
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	b := &item.Body
	v := guestView{Title: b.Title, Organizer: fullName(item.Author), Lines: b.lines(), Over: b.over(clock.Millis(s.Clock.Now()))}
	if g.Answer != nil {
		v.Answer = *g.Answer
	}
	h := w.Header()
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": pagePolicy, "Cache-Control": "no-store",
		"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff",
	} {
		h.Set(name, value)
	}
	_ = guestPage.Execute(w, v) // the guest may have gone
}

// takeAnswer keeps what a guest answers and shows the page again.
func (s *Service) takeAnswer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	token, answer := chi.URLParam(r, "token"), r.PostFormValue("answer")
	err := s.DB.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
		orgID, g, item, err := s.invited(ctx, tx, token)
		if err != nil {
			return err
		}
		switch {
		case answer != Going && answer != NotGoing && answer != Maybe:
			return fault.Invalid(fault.Field{Pointer: "/answer", Code: "field.enum", Detail: "An answer is GOING, NOT_GOING or MAYBE."})
		case item.Body.over(clock.Millis(s.Clock.Now())):
			return fault.Conflict("event.over", "The event is over.")
		}
		if err := s.store.setGuestAnswer(ctx, tx, orgID, g.ID, answer, clock.Millis(s.Clock.Now())); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: "event.answered", Subject: item.ID, Data: guestData{g.ID}})
	})
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	http.Redirect(w, r, guestPath+token, http.StatusSeeOther) //nolint:gosec // a path of this server, with a token that is good
}

// guestData says which guest answered.
type guestData struct {
	GuestID string `json:"guestId"`
}

// invited gives whose invitation has a token, with its event.
func (s *Service) invited(ctx context.Context, q db.Queryer, token string) (orgID string, g Guest, item *content.Shown[Body], err error) {
	gone := fault.NotFound("invitation")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", g, nil, gone
	}
	orgID = parts[0]
	if g, err = s.store.guest(ctx, q, orgID, parts[1]); errors.Is(err, db.ErrNoRows) {
		return orgID, g, nil, gone
	} else if err != nil {
		return orgID, g, nil, err
	}
	p, err := s.items.Pick(ctx, q, authz.Actor{OrgID: orgID}, []string{g.EventID})
	if err != nil {
		return orgID, g, nil, err
	}
	if len(p.Items) == 0 || p.Items[0].Status != content.Published || !hmac.Equal([]byte(signature(&p.Items[0].Body, g.ID)), []byte(parts[2])) {
		return orgID, g, nil, gone
	}
	return orgID, g, &p.Items[0], nil
}
