package event

import (
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/locale"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// Notifier tells people what becomes of events that they are invited or come to.
type Notifier interface {
	// Tell tells people, in the transaction of what is told.
	Tell(ctx context.Context, tx db.Tx, n Notice) error
}

// Notice is what a Notifier tells people who read alike.
type Notice struct {
	OrgID, ActorID string
	UserIDs        []string
	EventID        string // "" when it is gone
	Title, Text    string
}

// maxTold is how many people one event of the bus names.
const maxTold = 100

// invitedData says who invited whom.
type invitedData struct {
	By     string   `json:"by"`
	People []string `json:"people"`
}

// tellInvited publishes that people are invited to what is published, and not over.
func (s *Service) tellInvited(ctx context.Context, tx db.Tx, orgID string, r content.Record[Body], people []string) error {
	if r.Status != content.Published || r.Body.over(clock.Millis(s.Clock.Now())) {
		return nil
	}
	var events []bus.Event
	for part := range slices.Chunk(people, maxTold) {
		events = append(events, bus.Event{OrgID: orgID, Name: "event.invited", Subject: r.ID, Data: invitedData{r.UpdatedBy, part}})
	}
	return s.Bus.PublishMany(ctx, tx, events)
}

// published tells those invited to an event that has just been published. Those of a series that
// was cut off another one were told of that; who cut it tells the rest.
func (s *Service) published(ctx context.Context, tx db.Tx, orgID string, before, after content.Record[Body]) error {
	if before.Status == content.Published || after.Status != content.Published || after.Body.was != nil {
		return nil
	}
	people, err := s.store.invited(ctx, tx, orgID, after.ID)
	if err != nil {
		return err
	}
	return s.tellInvited(ctx, tx, orgID, after, people)
}

// inviting invites whom a change names, and gives whom nobody has to tell of the rest of it: those
// who hear of the event for the first time.
func (s *Service) inviting(ctx context.Context, tx db.Tx, orgID string, c change, r content.Record[Body], invited []string) ([]string, error) {
	added, err := s.invite(ctx, tx, orgID, r.ID, invited)
	if err != nil {
		return nil, err
	}
	if c.item.Status != content.Published {
		if r.ID == c.item.ID {
			return invited, nil // that it is published now tells them
		}
		added = invited
	}
	return added, s.tellInvited(ctx, tx, orgID, r, added)
}

// happening is what people are told of an event: of the whole, or of one occurrence.
type happening struct {
	who        authz.Actor
	event      string // "" when it is gone
	of         string // the event whose people hear of it
	occurrence string // "" for the whole
	audience   int64  // who may see it
	but        []string
	since      int64 // ms; who only comes to what ends before is not concerned
	ends       int64 // ms; nobody hears of what is over by then
	title      locale.Words
	name       string // of the event
	text       func(l locale.Locale) string
}

// hear tells those concerned what happens: who is invited and has not declined, and who comes or
// may come.
func (s *Service) hear(ctx context.Context, tx db.Tx, h happening) error {
	people, err := s.hearing(ctx, tx, h)
	if err != nil {
		return err
	}
	return s.tellPeople(ctx, tx, h, people)
}

// hearing gives who is to hear of something.
func (s *Service) hearing(ctx context.Context, q db.Queryer, h happening) ([]string, error) {
	now := clock.Millis(s.Clock.Now())
	if s.Notifier == nil || h.ends < now {
		return nil, nil
	}
	people, err := s.store.concerned(ctx, q, h.who.OrgID, h.of, h.occurrence, max(now, h.since))
	if err != nil {
		return nil, err
	}
	outside, err := s.Audiences.Outside(ctx, q, h.who.OrgID, h.audience, people)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(people, func(id string) bool {
		return id == h.who.UserID || slices.Contains(outside, id) || slices.Contains(h.but, id)
	}), nil
}

func (s *Service) tellPeople(ctx context.Context, tx db.Tx, h happening, people []string) error {
	if len(people) == 0 {
		return nil
	}
	var read map[string]locale.Locale
	if s.Locales != nil {
		var err error
		if read, err = s.Locales.Locale(ctx, tx, h.who.OrgID, people); err != nil {
			return err
		}
	}
	ways, readers := locale.Groups(people, read)
	for _, l := range ways {
		n := Notice{
			OrgID: h.who.OrgID, ActorID: h.who.UserID, UserIDs: readers[l], EventID: h.event, Title: h.title.In(l, "{title}", h.name), Text: h.text(l),
		}
		if err := s.Notifier.Tell(ctx, tx, n); err != nil {
			return err
		}
	}
	return nil
}

// concerned gives who is invited and has not declined, and who comes or may come, to an event or,
// when one is named, to an occurrence of it. Who only comes to what ends before since is not.
func (store) concerned(ctx context.Context, q db.Queryer, orgID, eventID, occurrenceID string, since int64) ([]string, error) {
	if occurrenceID != "" {
		return db.Strings(q.Query(ctx, `SELECT w.user_id FROM (SELECT p.user_id, MAX(p.invited_at) AS invited_at,
				COALESCE(MAX(CASE WHEN p.occurrence_id <> '' THEN p.answer END), MAX(CASE WHEN p.occurrence_id = '' THEN p.answer END)) AS answer
				FROM event_people p WHERE p.org_id = ? AND p.event_id = ? AND p.occurrence_id IN ('', ?) GROUP BY p.user_id) w
			WHERE w.answer IN ('GOING', 'MAYBE') OR w.answer IS NULL AND w.invited_at IS NOT NULL ORDER BY w.user_id`, orgID, eventID, occurrenceID))
	}
	return db.Strings(q.Query(ctx, `SELECT DISTINCT p.user_id FROM event_people p WHERE p.org_id = ?1 AND p.event_id = ?2 AND (
			p.occurrence_id = '' AND (p.answer IN ('GOING', 'MAYBE') OR p.answer IS NULL AND p.invited_at IS NOT NULL)
			OR p.answer IN ('GOING', 'MAYBE') AND EXISTS (SELECT 1 FROM event_occurrences o
				WHERE o.org_id = ?1 AND o.id = p.occurrence_id AND NOT o.cancelled AND o.ends_at >= ?3)) ORDER BY p.user_id`, orgID, eventID, since))
}

// The words of what people are told.
var (
	changedTitle   = locale.Words{locale.English: "Changed: {title}", locale.German: "Geändert: {title}", locale.Arabic: "تغيّر: {title}"}
	cancelledTitle = locale.Words{locale.English: "Cancelled: {title}", locale.German: "Abgesagt: {title}", locale.Arabic: "أُلغي: {title}"}

	nowWords    = locale.Words{locale.English: "Now: {what}", locale.German: "Jetzt: {what}", locale.Arabic: "الآن: {what}"}
	beforeWords = locale.Words{locale.English: "Before: {what}", locale.German: "Bisher: {what}", locale.Arabic: "سابقًا: {what}"}
	placeWords  = locale.Words{locale.English: "Place: {what}", locale.German: "Ort: {what}", locale.Arabic: "المكان: {what}"}
	noPlace     = locale.Words{locale.English: "No place is named any more.", locale.German: "Es ist kein Ort mehr angegeben.", locale.Arabic: "لم يعد هناك مكان محدد."}
	fromWords   = locale.Words{locale.English: "From {what} on.", locale.German: "Ab {what}.", locale.Arabic: "ابتداءً من {what}."}
	untilWords  = locale.Words{locale.English: "{when}, {how} until {day}", locale.German: "{when}, {how} bis {day}", locale.Arabic: "{when}، {how} حتى {day}"}

	everyWords = map[recurrence.Frequency]locale.Words{
		recurrence.Daily:    {locale.English: "every day", locale.German: "täglich", locale.Arabic: "كل يوم"},
		recurrence.Weekly:   {locale.English: "every week", locale.German: "wöchentlich", locale.Arabic: "كل أسبوع"},
		recurrence.BiWeekly: {locale.English: "every second week", locale.German: "alle zwei Wochen", locale.Arabic: "كل أسبوعين"},
		recurrence.Monthly:  {locale.English: "every month", locale.German: "monatlich", locale.Arabic: "كل شهر"},
	}
)

// when says when an event is: a series by what comes next of it, or was last.
func (b *Body) when(l locale.Locale, now int64) string {
	if !b.repeats() {
		return span(l, b.Start, b.End)
	}
	r := b.rule()
	var starts, ends int64
	for o := range r.All() {
		if starts, ends = o.Start.UnixMilli(), o.End.UnixMilli(); ends >= now {
			break
		}
	}
	return untilWords.In(l, "{when}", span(l, starts, ends), "{how}", everyWords[b.Frequency].In(l), "{day}", l.Date(r.Until.Civil()))
}

func span(l locale.Locale, starts, ends int64) string {
	return l.Span(clock.FromMillis(starts), clock.FromMillis(ends))
}

// place is where an event is, in words or as an address.
func (b *Body) place() string {
	if b.Location != "" {
		return b.Location
	}
	return b.ConferenceLink
}

// moved says what people have to know of a change, with when it was and is; nil for nothing.
func moved(was, is *Body, times func(l locale.Locale) (before, after string)) func(l locale.Locale) string {
	if times == nil && was.place() == is.place() {
		return nil
	}
	return func(l locale.Locale) (text string) {
		if times != nil {
			before, after := times(l)
			text = nowWords.In(l, "{what}", after) + "\n" + beforeWords.In(l, "{what}", before)
		}
		if was.place() == is.place() {
			return text
		}
		if text != "" {
			text += "\n"
		}
		if is.place() == "" {
			return text + noPlace.In(l)
		}
		return text + placeWords.In(l, "{what}", is.place())
	}
}

// wholeMoved is moved for a whole event.
func wholeMoved(was, is *Body, now int64) func(l locale.Locale) string {
	if was.Until == is.Until && samePattern(was.rule(), is.rule()) {
		return moved(was, is, nil)
	}
	return moved(was, is, func(l locale.Locale) (before, after string) { return was.when(l, now), is.when(l, now) })
}

// hearOfChange tells of a change of a whole event, or of the part of a series that begins a new one.
func (s *Service) hearOfChange(ctx context.Context, tx db.Tx, who authz.Actor, was *Body, r content.Record[Body], but []string) error {
	now := clock.Millis(s.Clock.Now())
	text := wholeMoved(was, &r.Body, now)
	if text == nil {
		return nil
	}
	return s.hear(ctx, tx, happening{
		who: who, event: r.ID, of: r.ID, audience: r.AudienceID, but: but, ends: max(was.last(), r.Body.last()), title: changedTitle, name: r.Body.Title, text: text,
	})
}

// hearOfOne tells of a change of one occurrence.
func (s *Service) hearOfOne(ctx context.Context, tx db.Tx, who authz.Actor, c change, r content.Record[Body], is Body, o Occurrence) error {
	before := *c.occurrence
	was := c.item.Body.with(before.Changes)
	var times func(l locale.Locale) (string, string)
	if before.Starts != o.Starts || before.Ends != o.Ends {
		times = func(l locale.Locale) (string, string) {
			return span(l, before.Starts, before.Ends), span(l, o.Starts, o.Ends)
		}
	}
	text := moved(&was, &is, times)
	if text == nil || r.Status != content.Published {
		return nil
	}
	return s.hear(ctx, tx, happening{
		who: who, event: r.ID, of: r.ID, occurrence: o.ID, audience: r.AudienceID, ends: max(before.Ends, o.Ends), title: changedTitle, name: is.Title, text: text,
	})
}

// hearOfEnd tells that an occurrence is cancelled, with following also those behind it.
func (s *Service) hearOfEnd(ctx context.Context, tx db.Tx, who authz.Actor, c change, scope string) error {
	if c.item.Status != content.Published {
		return nil
	}
	o, b := *c.occurrence, c.item.Body.with(c.occurrence.Changes)
	h := happening{who: who, event: c.item.ID, of: c.item.ID, occurrence: o.ID, audience: c.item.AudienceID, ends: o.Ends, title: cancelledTitle, name: b.Title}
	h.text = func(l locale.Locale) string { return span(l, o.Starts, o.Ends) }
	if scope == following {
		h.occurrence, h.name, h.since, h.ends = "", c.item.Body.Title, o.Ends, c.item.Body.last()
		h.text = func(l locale.Locale) string { return fromWords.In(l, "{what}", span(l, o.Starts, o.Ends)) }
	}
	return s.hear(ctx, tx, h)
}

// remove deletes a whole event, and tells those concerned.
func (s *Service) remove(ctx context.Context, tx db.Tx, who authz.Actor, at Version, moderate bool) error {
	p, err := s.items.Pick(ctx, tx, who, []string{at.ID})
	if err != nil {
		return err
	}
	var h happening
	var people []string
	if len(p.Items) > 0 && p.Items[0].Status == content.Published {
		item := &p.Items[0]
		now := clock.Millis(s.Clock.Now())
		h = happening{who: who, of: item.ID, audience: item.AudienceID, ends: item.Body.last(), title: cancelledTitle, name: item.Body.Title}
		h.text = func(l locale.Locale) string { return item.Body.when(l, now) }
		if people, err = s.hearing(ctx, tx, h); err != nil { // who that is goes with the event
			return err
		}
	}
	if err := s.items.Delete(ctx, who, at.ID, at.IfMatch, moderate); err != nil {
		return err
	}
	return s.tellPeople(ctx, tx, h, people)
}
