package event

import (
	"cmp"
	"context"
	"crypto/hmac"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
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
	Alone            bool        // it is about one occurrence of a series
	Each             []guestDate // of a series as a whole: what comes next of it
}

// guestDate is an occurrence of a series that a guest can answer to.
type guestDate struct{ ID, When, Answer string }

// maxDates is how many occurrences of a series the page of a guest lists.
const maxDates = 52

// pagePolicy lets the page do nothing but send its form.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// registerPage mounts what guests answer at. Opening it changes nothing: programs that look at
// links in mails open them, too.
func (s *Service) registerPage(r *api.Router) {
	r.Handle("readInvitation", http.MethodGet, guestPath+"{token}", http.HandlerFunc(s.servePage))
	r.Handle("answerInvitation", http.MethodPost, guestPath+"{token}", http.HandlerFunc(s.takeAnswer))
}

func (s *Service) servePage(w http.ResponseWriter, r *http.Request) {
	q := s.DB.Reader(r.Context())
	v, err := s.guestView(r.Context(), q, chi.URLParam(r, "token"), r.URL.Query().Get(oneOccurrence))
	if err != nil {
		api.WriteProblem(w, err)
		return
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

// guestView gives the page of an invitation: of the whole event, or of one occurrence of a series.
func (s *Service) guestView(ctx context.Context, q db.Queryer, token, occurrenceID string) (v guestView, err error) {
	i, err := s.invited(ctx, q, token, occurrenceID)
	if err != nil {
		return v, err
	}
	b, now := i.body(), clock.Millis(s.Clock.Now())
	v = guestView{Title: b.Title, Organizer: fullName(i.item.Author), Lines: b.lines(), Over: b.over(now), Alone: i.occurrence != nil}
	if i.guest.Answer != nil {
		v.Answer = *i.guest.Answer
	}
	if !b.repeats() && !v.Alone {
		return v, nil
	}
	own, err := s.store.guestAnswers(ctx, q, i.orgID, i.guest.ID)
	if err != nil {
		return v, err
	}
	if v.Alone {
		v.Answer = cmp.Or(own[i.occurrence.ID], v.Answer)
		return v, nil
	}
	list, err := s.store.coming(ctx, q, i.orgID, i.item.ID, now, maxDates)
	for _, o := range list {
		when := i.of(&o)
		v.Each = append(v.Each, guestDate{o.ID, when.lines()[0], cmp.Or(own[o.ID], v.Answer)})
	}
	return v, err
}

// takeAnswer keeps what a guest answers and shows the page again.
func (s *Service) takeAnswer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	token, answer, occurrenceID := chi.URLParam(r, "token"), r.PostFormValue("answer"), r.URL.Query().Get(oneOccurrence)
	err := s.DB.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
		i, err := s.invited(ctx, tx, token, occurrenceID)
		if err != nil {
			return err
		}
		b, now := i.body(), clock.Millis(s.Clock.Now())
		switch {
		case answer != Going && answer != NotGoing && answer != Maybe:
			return fault.Invalid(fault.Field{Pointer: "/answer", Code: "field.enum", Detail: "An answer is GOING, NOT_GOING or MAYBE."})
		case b.over(now):
			return fault.Conflict("event.over", "The event is over.")
		}
		guest := part{org: i.orgID, event: i.item.ID, user: i.guest.ID, at: now}
		if i.occurrence != nil {
			guest.occurrence = i.occurrence.ID
		}
		if err := s.store.setGuestAnswer(ctx, tx, guest, answer); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{OrgID: i.orgID, Name: "event.answered", Subject: i.item.ID, Data: guestData{i.guest.ID, guest.occurrence}})
	})
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	to := guestPath + token
	if occurrenceID != "" {
		to += "?" + oneOccurrence + "=" + url.QueryEscape(occurrenceID)
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // a path of this server, with a token that is good
}

// guestData says which guest answered, and to which occurrence; "" is the whole event.
type guestData struct {
	GuestID      string `json:"guestId"`
	OccurrenceID string `json:"occurrenceId,omitempty"`
}

// invitedTo is what somebody holds a link to.
type invitedTo struct {
	orgID      string
	guest      Guest
	item       *content.Shown[Body]
	occurrence *Occurrence // of a series, if one is named
}

// of gives an event as one of its occurrences has it.
func (i invitedTo) of(o *Occurrence) Body {
	return mailing{event: content.Record[Body]{Body: i.item.Body}, only: o}.body()
}

// body is what the page is about.
func (i invitedTo) body() Body { return i.of(i.occurrence) }

// invited gives whose invitation has a token, with its event and, of a series, the occurrence that is
// named.
func (s *Service) invited(ctx context.Context, q db.Queryer, token, occurrenceID string) (i invitedTo, err error) {
	gone := fault.NotFound("invitation")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return i, gone
	}
	i.orgID = parts[0]
	if i.guest, err = s.store.guest(ctx, q, i.orgID, parts[1]); errors.Is(err, db.ErrNoRows) {
		return i, gone
	} else if err != nil {
		return i, err
	}
	p, err := s.items.Pick(ctx, q, authz.Actor{OrgID: i.orgID}, []string{i.guest.EventID})
	if err != nil {
		return i, err
	}
	if len(p.Items) == 0 || p.Items[0].Status != content.Published || !hmac.Equal([]byte(signature(&p.Items[0].Body, i.guest.ID)), []byte(parts[2])) {
		return i, gone
	}
	if i.item = &p.Items[0]; occurrenceID == "" {
		return i, nil
	}
	o, err := s.store.occurrence(ctx, q, i.orgID, occurrenceID)
	switch {
	case fault.Is(err, fault.KindNotFound), err == nil && (o.EventID != i.item.ID || o.Cancelled):
		return i, gone
	case err != nil:
		return i, err
	}
	if i.item.Body.repeats() {
		i.occurrence = &o
	}
	return i, nil
}
