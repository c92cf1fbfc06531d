package notification

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/delivery"
	"github.com/workdrive/workdrive/internal/kernel/mail"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/sms"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

const (
	pushLife   = 24 * time.Hour // how long a push service keeps a message for a browser that is away
	pushText   = 500            // characters of a text in a push message
	maxSummary = 20             // entries of a daily summary
)

// errNothing says that there is nothing to send any more.
var errNothing = errors.New("notification: nothing to send")

// send hands a delivery to its channel. The key is the delivery's id, the same for each attempt.
func (s *Service) send(ctx context.Context, w work) error {
	n := w.notification
	words, language := wordsIn(w.to.language)
	actor, err := s.actorName(ctx, n)
	if err != nil {
		return delivery.Later(err, "delivery.undecided", "What to say could not be read.")
	}
	title, link := words.title(n, actor, 1), n.Link
	if link == "" && n.Subject.Kind != "" {
		link = s.Page(n.Subject)
	}
	switch w.Channel {
	case Email:
		m := mail.Message{Key: w.ID, At: clock.FromMillis(n.CreatedAt), To: mail.Address{Name: w.to.name(), Email: w.to.email}, Subject: title, Language: language, Paragraphs: paragraphs(n.Text)}
		if w.UserID == "" {
			m.To.Email = w.Address
		} else {
			m.Footer = words.why
		}
		if link != "" {
			m.Action = &mail.Action{Label: words.open, URL: link}
		}
		if n.Kind == digest {
			if err := s.summary(ctx, w, words, &m); err != nil {
				return err
			}
		}
		return s.Mail.Send(ctx, m)
	case SMS:
		text := title
		if n.Text != "" {
			text += "\n" + n.Text
		}
		if link != "" {
			text += "\n" + link
		}
		return s.SMS.Send(ctx, sms.Message{Key: w.ID, To: *w.to.phone, Text: text})
	case Push:
		return s.push(ctx, w, title, link)
	case InApp:
	}
	return delivery.Never(nil, "channel.unknown", "There is no such channel.")
}

func paragraphs(text string) (list []string) {
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// actorName gives the name of whose act a notification tells.
func (s *Service) actorName(ctx context.Context, n Notification) (string, error) {
	if n.ActorID == "" || n.Title != "" {
		return "", nil
	}
	cards, err := person.ByIDs(ctx, s.DB.Reader(ctx), n.OrgID, []string{n.ActorID})
	return nameOf(cards[n.ActorID]), err
}

func nameOf(c person.Card) string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// pushed is what the service worker of a browser gets.
type pushed struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	Body        string  `json:"body"`
	Link        *string `json:"link"`
	SubjectKind string  `json:"subjectKind,omitempty"`
	SubjectID   string  `json:"subjectId,omitempty"`
}

func (s *Service) push(ctx context.Context, w work, title, link string) error {
	n := w.notification
	pusher, err := s.sender(ctx)
	if err != nil {
		return delivery.Later(err, "push.keys", "The keys of this server could not be read.")
	}
	payload, err := json.Marshal(pushed{n.ID, n.Kind, title, cut(n.Text, pushText), optional(link), n.Subject.Kind, n.Subject.ID})
	if err != nil {
		return delivery.Never(err, "push.payload", "The message cannot be written.")
	}
	urgency := webpush.UrgencyNormal
	if n.Urgent {
		urgency = webpush.UrgencyHigh
	}
	return pusher.Send(ctx, webpush.Message{
		Key: w.ID, To: webpush.Subscription{Endpoint: w.device.endpoint, P256dh: w.device.p256dh, Auth: w.device.auth},
		Payload: payload, TTL: pushLife, Urgency: urgency, Topic: n.bundle(),
	})
}

// summary writes what somebody has not read into a mail.
func (s *Service) summary(ctx context.Context, w work, words wording, m *mail.Message) error {
	who := authz.Actor{OrgID: w.OrgID, UserID: w.UserID}
	list, totals, err := s.entries(ctx, who, true, slice{limit: maxSummary})
	if err != nil {
		return delivery.Later(err, "delivery.undecided", "The inbox could not be read.")
	}
	if len(list) == 0 {
		return errNothing
	}
	m.Subject = strings.ReplaceAll(words.digest, "{n}", strconv.Itoa(totals.unread))
	m.Heading, m.Paragraphs, m.Action = m.Subject, []string{words.unread}, nil
	for _, e := range list {
		m.Paragraphs = append(m.Paragraphs, "• "+words.title(e.Notification, nameOf(e.actor), e.Number))
	}
	if m.Unsubscribe, err = s.unsubscribeLink(ctx, who); err != nil {
		return delivery.Later(err, "delivery.undecided", "The keys of this server could not be read.")
	}
	m.Footer = words.why
	return nil
}
