package conversation

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const meetingNoun = "meeting"

const (
	maxMinutes = 7 * 24 * 60 // of a meeting
	minuteMS   = 60_000
)

// Meeting is a meeting of a conversation, or of its people alone.
type Meeting struct {
	ID, CallID       string
	ConversationID   *string
	Title            string
	StartsAt, EndsAt int64 // ms
	Duration         int64 // minutes
	PosterID         *string
	CreatedAt        int64
	CreatedBy        string
	People           []string // ids of those invited
}

// everybody is whose cards a meeting shows.
func (m *Meeting) everybody() []string { return append([]string{m.CreatedBy}, m.People...) }

func (m *Meeting) files() []string {
	if m.PosterID == nil {
		return nil
	}
	return []string{*m.PosterID}
}

// MeetingDraft is what a client sends to make a meeting.
type MeetingDraft struct {
	Title         string              `json:"title,omitempty" doc:"Title, at most 200 characters"`
	UserIDs       api.Strings         `json:"userIds,omitempty" maxItems:"1000" doc:"Ids of the people invited"`
	StartDateTime api.Patch[api.Time] `json:"startDateTime,omitzero" doc:"Start"`
	EndDateTime   api.Patch[api.Time] `json:"endDateTime,omitzero" doc:"End; without it, duration says"`
	PosterID      string              `json:"posterId,omitempty" doc:"Id of an uploaded picture of yours"`
	Duration      int64               `json:"duration,omitempty" minimum:"0" doc:"Length in minutes, where there is no end; 0 is not said"`
}

// check gives the meeting a draft means.
func (in MeetingDraft) check(bad *fault.Fields) Meeting {
	m := Meeting{ID: ids.New(), CallID: ids.New(), Title: strings.TrimSpace(in.Title), Duration: in.Duration, PosterID: optional(in.PosterID), People: content.Unique(in.UserIDs)}
	switch {
	case m.Title == "":
		bad.Add("/title", "meeting.titleRequired", "A meeting needs a title.")
	case utf8.RuneCountInString(m.Title) > maxTitle:
		bad.Addf("/title", "meeting.titleTooLong", "A title has at most %d characters.", maxTitle)
	case strings.ContainsFunc(m.Title, unicode.IsControl):
		bad.Add("/title", "meeting.titleInvalid", "Control characters are not allowed.")
	}
	if m.PosterID != nil && !ids.Valid(*m.PosterID) {
		bad.Add("/posterId", "media.unknown", "You have uploaded no file with this id.")
	}
	if in.Duration < 0 || in.Duration > maxMinutes {
		bad.Addf("/duration", "meeting.tooLong", "A meeting has at most %d minutes.", maxMinutes)
		return m
	}
	if !in.StartDateTime.Set || in.StartDateTime.Null {
		bad.Add("/startDateTime", "field.required", "A meeting needs a start.")
		return m
	}
	m.StartsAt = in.StartDateTime.Value.Millis()
	switch {
	case in.EndDateTime.Set && !in.EndDateTime.Null:
		m.EndsAt = in.EndDateTime.Value.Millis()
		m.Duration = (m.EndsAt - m.StartsAt) / minuteMS
	case in.Duration > 0:
		m.EndsAt = m.StartsAt + in.Duration*minuteMS
	default:
		bad.Add("/endDateTime", "field.required", "A meeting needs an end or a duration.")
		return m
	}
	switch {
	case m.EndsAt <= m.StartsAt:
		bad.Add("/endDateTime", "meeting.endsBeforeStart", "The end must be after the start.")
	case m.Duration > maxMinutes:
		bad.Addf("/endDateTime", "meeting.tooLong", "A meeting has at most %d minutes.", maxMinutes)
	}
	return m
}

// Meet makes a meeting in a conversation, which a message announces, or with conversation "" one
// of its people alone.
func (s *Service) Meet(ctx context.Context, who authz.Actor, conversation string, in MeetingDraft) (Meeting, content.Company, error) {
	var bad fault.Fields
	m := in.check(&bad)
	m.ConversationID, m.CreatedAt, m.CreatedBy = optional(conversation), s.now(), who.UserID
	if bad.Empty() {
		if err := s.arrive(ctx, who, m.PosterID); err != nil {
			return m, content.Company{}, err
		}
	}
	var with content.Company
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		bad := bad
		if conversation != "" {
			if err := s.toSend(ctx, tx, who, conversation); err != nil {
				return err
			}
		}
		if err := s.knownPeople(ctx, tx, who.OrgID, []named{{"/userIds", in.UserIDs}}, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.insertMeeting(ctx, tx, who.OrgID, m); err != nil {
			return err
		}
		if m.PosterID != nil {
			poster := []content.FileRef{{ID: *m.PosterID, Pointer: "/posterId", Must: "image"}}
			if err := s.Files.Use(ctx, tx, who, content.Item{Kind: meetingNoun, ID: m.ID}, poster); err != nil {
				return err
			}
		}
		if conversation != "" {
			announced := Message{ID: ids.New(), ConversationID: conversation, SenderID: who.UserID, UpdatedBy: who.UserID}
			announced.Body.Text, announced.Body.Meeting = m.Title, m.ID
			if err := s.post(ctx, tx, who, &announced); err != nil {
				return err
			}
		}
		err := s.Bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "meeting.created", Subject: m.ID, Data: event{ID: m.ID, By: who.UserID}})
		if err != nil {
			return err
		}
		with, err = s.company(ctx, tx, who.OrgID, content.Refs{People: m.everybody()}, m.files())
		return err
	})
	return m, with, err
}

const meetingColumns = `id, call_id, conversation_id, title, starts_at, ends_at, duration, poster_id, created_at, created_by`

func (m *Meeting) targets() []any {
	return []any{&m.ID, &m.CallID, &m.ConversationID, &m.Title, &m.StartsAt, &m.EndsAt, &m.Duration, &m.PosterID, &m.CreatedAt, &m.CreatedBy}
}

func (store) insertMeeting(ctx context.Context, tx db.Tx, orgID string, m Meeting) error {
	_, err := tx.Exec(ctx, `INSERT INTO meetings (org_id, `+meetingColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orgID, m.ID, m.CallID, m.ConversationID, m.Title, m.StartsAt, m.EndsAt, m.Duration, m.PosterID, m.CreatedAt, m.CreatedBy)
	if err != nil {
		return err
	}
	rows := make([][]any, len(m.People))
	for i, id := range m.People {
		rows[i] = []any{orgID, m.ID, id, i}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO meeting_people (org_id, meeting_id, user_id, place)`, rows, ``)
}

// meetings gives meetings by id, without their people.
func (store) meetings(ctx context.Context, q db.Queryer, orgID string, list []string) (map[string]Meeting, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT `+meetingColumns+` FROM meetings WHERE org_id = ? AND id {in}`, orgID, db.List(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]Meeting{}
	for rows.Next() {
		var m Meeting
		if err := rows.Scan(m.targets()...); err != nil {
			return nil, err
		}
		found[m.ID] = m
	}
	return found, rows.Err()
}

// meetingsOf gives the next meeting of a conversation, which may have begun, and the latest that is
// over, with their people.
func (s store) meetingsOf(ctx context.Context, q db.Queryer, orgID, id string, now int64) (next, last *Meeting, err error) {
	rows, err := q.Query(ctx, `SELECT `+meetingColumns+` FROM (SELECT * FROM meetings WHERE org_id = ?1 AND conversation_id = ?2 AND ends_at > ?3 ORDER BY starts_at, id LIMIT 1) n
		UNION ALL SELECT `+meetingColumns+` FROM (SELECT * FROM meetings WHERE org_id = ?1 AND conversation_id = ?2 AND ends_at <= ?3 ORDER BY ends_at DESC, id DESC LIMIT 1) l`,
		orgID, id, now)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m := new(Meeting)
		if err := rows.Scan(m.targets()...); err != nil {
			return nil, nil, err
		}
		if m.EndsAt > now {
			next = m
		} else {
			last = m
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	for _, m := range []*Meeting{next, last} {
		if m == nil {
			continue
		}
		m.People, err = db.Strings(q.Query(ctx, `SELECT user_id FROM meeting_people WHERE org_id = ? AND meeting_id = ? ORDER BY place`, orgID, m.ID))
		if err != nil {
			return nil, nil, err
		}
	}
	return next, last, nil
}
