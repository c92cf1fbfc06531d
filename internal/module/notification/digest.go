package notification

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// maxDigests is how many summaries one transaction queues.
const maxDigests = 200

// Preferences gives how the actor wants to be told, and their time zone.
func (s *Service) Preferences(ctx context.Context, who authz.Actor) (Preferences, *string, error) {
	stored, zone, err := s.store.preferences(ctx, s.DB.Reader(ctx), who)
	if err != nil {
		return Preferences{}, nil, err
	}
	p, err := parsePreferences(stored)
	return p, zone, err
}

// SetPreferences replaces how the actor wants to be told.
func (s *Service) SetPreferences(ctx context.Context, who authz.Actor, p Preferences) (zone *string, err error) {
	var bad fault.Fields
	p.validate(&bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return zone, s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, zone, err = s.store.preferences(ctx, tx, who); err != nil {
			return err
		}
		return s.keep(ctx, tx, who, p, zone)
	})
}

// keep stores preferences and sets when the next summary is due.
func (s *Service) keep(ctx context.Context, tx db.Tx, who authz.Actor, p Preferences, zone *string) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.store.setPreferences(ctx, tx, who, string(value), s.nextDigest(p, zone), s.now())
}

func (s *Service) nextDigest(p Preferences, zone *string) *int64 {
	if p.Digest == nil {
		return nil
	}
	at := clock.Millis(next(s.Clock.Now(), zoneOf(zone), p.Digest.At))
	return &at
}

// PeopleChanged moves the next summaries of people whose time zone may have changed.
func (s *Service) PeopleChanged(ctx context.Context, tx db.Tx, orgID string, people []string) error {
	list, err := s.store.digestsFor(ctx, tx, orgID, people)
	if err != nil {
		return err
	}
	for _, d := range list {
		if at := s.nextDigest(d.Preferences, d.zone); at == nil || *at != d.at && d.at > s.now() {
			if _, err := s.store.nextDigest(ctx, tx, d, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// summarize queues the daily summaries whose time has come, and reports whether there were any.
// What is in one is read when it is sent. Setting the time of the next and queueing is one
// transaction: a day has one summary.
func (s *Service) summarize(ctx context.Context) (bool, error) {
	due, err := s.store.dueDigests(ctx, s.DB.Reader(ctx), s.now(), maxDigests)
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []delivered
		for _, d := range due {
			mine, err := s.store.nextDigest(ctx, tx, d, s.nextDigest(d.Preferences, d.zone))
			if err != nil {
				return err
			}
			if !mine || s.Mail == nil {
				continue
			}
			n := Notification{OrgID: d.orgID, ID: ids.New(), Kind: digest, Channels: []Channel{Email}, Accepted: 1, CreatedAt: s.now()}
			if err := s.store.insert(ctx, tx, n); err != nil {
				return err
			}
			rows = append(rows, s.queued(n, Email, d.userID, "", ""))
		}
		tx.OnCommit(func() { s.wakeUp(string(Email)) })
		return s.store.addDeliveries(ctx, tx, rows)
	})
}

// unsubscribePath is where a mail program or a person ends somebody's daily summaries.
const unsubscribePath = path + "/unsubscribe"

// unsubscribeLink is the address that ends the daily summaries of somebody, for whoever has it. It
// does not expire: mail is read years later.
func (s *Service) unsubscribeLink(ctx context.Context, who authz.Actor) (string, error) {
	signature, err := s.sign(ctx, who)
	return s.URL + unsubscribePath + "?" + url.Values{"org": {who.OrgID}, "user": {who.UserID}, "signature": {signature}}.Encode(), err
}

// sign signs a link for somebody. Each part is preceded by its length, so that no two lists of
// parts are the same bytes.
func (s *Service) sign(ctx context.Context, who authz.Actor) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links == nil {
		key, err := s.store.key(ctx, s.DB, "links", s.now(), func() (string, error) { return rand.Text() + rand.Text(), nil })
		if err != nil {
			return "", err
		}
		s.links = []byte(key)
	}
	h := hmac.New(sha256.New, s.links)
	for _, part := range []string{"unsubscribe", who.OrgID, who.UserID} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}

// unsubscribe ends the daily summaries of somebody. Doing so again changes nothing.
func (s *Service) unsubscribe(ctx context.Context, who authz.Actor) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		stored, zone, err := s.store.preferences(ctx, tx, who)
		if err != nil {
			return err
		}
		p, err := parsePreferences(stored)
		if err != nil || p.Digest == nil {
			return err
		}
		p.Digest = nil
		return s.keep(ctx, tx, who, p, zone)
	})
}
