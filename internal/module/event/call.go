package event

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Calls says where calls are held: a server that speaks LiveKit's protocol. Without one people meet
// at the conference link.
type Calls struct {
	URL    string // wss://…, for people's browsers
	Key    string // of the server's API
	Secret string
}

// joinable is how long before its start and after its end a call can be joined.
const joinable = 15 * time.Minute

// Entry is how somebody joins a call: with a token at a provider, or at a link.
type Entry struct {
	URL       string    `json:"url" doc:"Address of the provider, or the conference link"`
	Token     *string   `json:"token" doc:"For the provider, for this person and call alone; null at a conference link"`
	ExpiresAt *api.Time `json:"expiresAt" doc:"Until when the token lets somebody in, or null"`
}

// Join lets the actor into the call of an occurrence. In a livestream the organizer is seen and
// heard; in a meeting everybody.
func (s *Service) Join(ctx context.Context, who authz.Actor, id string) (Entry, error) {
	var entry Entry
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		o, err := s.oneOccurrence(ctx, tx, who, id)
		if err != nil {
			return err
		}
		p, err := s.items.Pick(ctx, tx, who, []string{o.EventID})
		if err != nil || len(p.Items) == 0 {
			return err
		}
		b := p.Items[0].Body.with(o.Changes)
		now := s.Clock.Now()
		until := clock.FromMillis(o.Ends).Add(joinable)
		called := b.Meeting || b.Type == typeLivestream
		switch {
		case now.Before(clock.FromMillis(o.Starts).Add(-joinable)) || now.After(until):
			return fault.Conflict("event.notNow", "A call can be joined from a quarter of an hour before it begins until a quarter of an hour after it ends.")
		case called && s.Calls.URL != "":
			if entry, err = s.token(ctx, tx, who, pass{b.CallID + "-" + o.ID, b.Meeting || p.Items[0].AuthorID == who.UserID, now, until}); err != nil {
				return err
			}
		case b.ConferenceLink != "":
			entry = Entry{URL: b.ConferenceLink}
		default:
			return fault.Conflict("event.noCall", "Nobody has said where to meet: the organizer can set conferenceLink.")
		}
		part := part{org: who.OrgID, event: o.EventID, occurrence: o.ID, user: who.UserID, at: clock.Millis(now)}
		if err := s.store.join(ctx, tx, part); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "event.joined", Subject: o.EventID, Data: eventData{who.UserID, o.ID}})
	})
	return entry, err
}

// pass is what a token allows.
type pass struct {
	room     string
	speaks   bool
	now, end time.Time
}

// grant is LiveKit's claim of what somebody may do in a room.
type grant struct {
	Room           string `json:"room"`
	RoomJoin       bool   `json:"roomJoin"`
	CanPublish     bool   `json:"canPublish"`
	CanSubscribe   bool   `json:"canSubscribe"`
	CanPublishData bool   `json:"canPublishData"`
}

// claims are those of LiveKit's access tokens (RFC 7519, with the claims name and video).
type claims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	Name      string `json:"name"`
	Video     grant  `json:"video"`
}

// token signs a token for the actor.
func (s *Service) token(ctx context.Context, q db.Queryer, who authz.Actor, p pass) (Entry, error) {
	cards, err := person.ByIDs(ctx, q, who.OrgID, []string{who.UserID})
	if err != nil {
		return Entry{}, err
	}
	c := claims{
		s.Calls.Key, who.UserID, p.now.Add(-time.Minute).Unix(), p.end.Unix(), fullName(cards[who.UserID]),
		grant{p.room, true, p.speaks, true, true},
	}
	header, err := json.Marshal(map[string]string{"alg": "HS256", "typ": "JWT"})
	if err != nil {
		return Entry{}, err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return Entry{}, err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(s.Calls.Secret))
	mac.Write([]byte(text))
	text += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	expires := api.At(c.Expires * 1000)
	return Entry{s.Calls.URL, &text, &expires}, nil
}

// join keeps that somebody has joined a call.
func (s store) join(ctx context.Context, tx db.Tx, p part) error {
	if err := s.note(ctx, tx, p, `joined_at`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE event_occurrences SET call_started_at = COALESCE(call_started_at, ?) WHERE org_id = ? AND id = ?`, p.at, p.org, p.occurrence)
	return err
}

type joinOutput struct{ Body Entry }

func (s *Service) registerCalls(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "joinEvent", Method: http.MethodPost, Path: "/api/events/{id}/join", Tag: tag, Summary: "Join the call of a meeting or livestream",
		Description: "From a quarter of an hour before it begins until a quarter of an hour after it ends (otherwise 409). " +
			"The answer has a token for the provider of calls, or the conference link.",
		Authz: use, Secret: true, Statuses: []int{http.StatusConflict},
		Example: api.Example{Response: `{"url":"https://meet.example/board","token":null,"expiresAt":null}`},
	}, func(ctx context.Context, who authz.Actor, in *idInput) (*joinOutput, error) {
		e, err := s.Join(ctx, who, in.ID)
		return &joinOutput{e}, err
	})
}
