package event

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// External is an occurrence in a calendar that its reader subscribes to.
type External struct {
	ID, Calendar, UserID              string
	Starts, Ends                      int64 // ms
	Title, Description, Location, URL string
	CreatedAt, UpdatedAt              int64
}

const externalColumns = `x.id, c.name, x.user_id, x.starts_at, x.ends_at, x.title, x.description, x.location, x.url, x.created_at, x.updated_at`

// externalFrom is where they are: what belongs to the viewer ?2 of organization ?1.
const externalFrom = ` FROM external_events x JOIN calendar_subscriptions c ON c.org_id = x.org_id AND c.id = x.subscription_id
	WHERE x.org_id = ?1 AND x.user_id = ?2`

func (x *External) scan(from db.Row) error {
	return from.Scan(&x.ID, &x.Calendar, &x.UserID, &x.Starts, &x.Ends, &x.Title, &x.Description, &x.Location, &x.URL, &x.CreatedAt, &x.UpdatedAt)
}

// external gives an occurrence of a calendar that the viewer subscribes to.
func (store) external(ctx context.Context, q db.Queryer, who authz.Actor, id string) (x External, err error) {
	err = x.scan(q.QueryRow(ctx, `SELECT `+externalColumns+externalFrom+` AND x.id = ?3`, who.OrgID, who.UserID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return x, err
}

// externals gives occurrences of calendars that the viewer subscribes to.
func (store) externals(ctx context.Context, q db.Queryer, who authz.Actor, ids []string) ([]External, error) {
	rows, err := q.Query(ctx, `SELECT `+externalColumns+externalFrom+` AND x.id {in ?3}`, who.OrgID, who.UserID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []External
	for rows.Next() {
		var x External
		if err := x.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, rows.Err()
}

// view shows an occurrence of another calendar.
func (x *External) view() View {
	kind := typeEvent
	return View{
		ID: x.ID, CreatedAt: api.At(x.CreatedAt), UpdatedAt: api.At(x.UpdatedAt), CreatedBy: x.UserID, UpdatedBy: x.UserID, Title: x.Title, Description: x.Description,
		ExternalLink: x.links(), IsExternalEvent: true, Location: message.Optional(x.Location), StartDateTime: api.At(x.Starts), EndDateTime: api.At(x.Ends),
		EventSource: x.Calendar, Tags: []string{}, Reactions: []string{}, Type: &kind, RsvpUsers: []RsvpUser{}, ExternalAttendees: []string{}, TZID: "UTC",
		Duration: (x.Ends - x.Starts) / minuteMS, VideoPreviewIDs: []string{}, VideoPreviews: []person.File{}, ReactionCounts: []content.ReactionCount{},
		MyReactions: []string{}, Status: content.Published, PostedAt: api.At(x.CreatedAt),
	}
}

func (x *External) links() []Link {
	if x.URL == "" {
		return []Link{}
	}
	return []Link{{URL: x.URL}}
}
