package enforcement

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// maxOutstanding is how many outstanding items are named.
const maxOutstanding = 100

// Status is whether somebody is restricted, and by what.
type Status struct {
	UserID string
	// Restricted says that they are refused what they do not need to finish.
	Restricted bool
	// Exempt says that they would be restricted, were another administrator there to act.
	Exempt      bool
	Outstanding []obligation
	Waived      []Waiver
	Titles      map[Item]string
}

// Waiver is a restriction that was lifted by an administrator.
type Waiver struct {
	obligation
	By     string
	Reason string
}

// Restrict implements api.Options.Restrict. It looks at the database, so that a restriction ends
// at once on every node, whatever the node remembers of the key.
func (s *Service) Restrict(ctx context.Context, who authz.Actor, rule authz.Rule, id string) error {
	q := s.DB.Reader(ctx)
	status, err := s.status(ctx, q, who.OrgID, who.UserID)
	if err != nil || !status.Restricted {
		return err
	}
	if rule.Restricted {
		if near, err := s.reaches(ctx, q, who, reached{rule.Object, id}, status.Outstanding); err != nil || near {
			return err
		}
	}
	if err := s.addTitles(ctx, q, &status); err != nil {
		return err
	}
	f := fault.Forbidden("user.restricted", "Something that you had to do is overdue. Finish what is outstanding, then you can go on.")
	for _, o := range status.Outstanding {
		f.Outstanding = append(f.Outstanding, fault.Outstanding{Kind: o.Kind, ID: o.ID, Title: status.Titles[o.Item], DueAt: o.DueAt})
	}
	return f
}

// status finds out whether somebody is restricted now.
func (s *Service) status(ctx context.Context, q db.Queryer, orgID, userID string) (Status, error) {
	st := Status{UserID: userID}
	var err error
	if st.Outstanding, err = s.store.outstanding(ctx, q, orgID, userID, s.now()); err != nil || len(st.Outstanding) == 0 {
		return st, err
	}
	st.Exempt, err = s.store.isLastAdministrator(ctx, q, orgID, userID, *st.Outstanding[0].RestrictAt)
	st.Restricted = !st.Exempt
	return st, err
}

// addTitles adds the titles of what is outstanding and waived, with a statement for each kind.
func (s *Service) addTitles(ctx context.Context, q db.Queryer, st *Status) error {
	st.Titles = map[Item]string{}
	list := slices.Clone(st.Outstanding)
	for _, w := range st.Waived {
		list = append(list, w.obligation)
	}
	for kind, source := range s.sources {
		var ids []string
		for _, o := range list {
			if o.Kind == kind {
				ids = append(ids, o.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		titles, err := source.Titles(ctx, q, list[0].OrgID, unique(ids))
		if err != nil {
			return err
		}
		for id, title := range titles {
			st.Titles[Item{list[0].OrgID, kind, id}] = title
		}
	}
	return nil
}

// reached is the object that an operation is called on, nil for none.
type reached struct {
	object *authz.Object
	id     string
}

// reaches reports whether a restricted person needs an object to finish what is outstanding, or it
// is their own profile. Operations that are marked and on no such object are for everybody.
func (s *Service) reaches(ctx context.Context, q db.Queryer, who authz.Actor, on reached, outstanding []obligation) (bool, error) {
	if on.object == nil {
		return true, nil
	}
	switch on.object.Type {
	case "user":
		return on.id == who.UserID, nil
	case Task, Course, "document", "video", "media":
	default:
		return true, nil
	}
	var tasks, courses []string
	for _, o := range outstanding {
		if o.Kind == Task {
			tasks = append(tasks, o.ID)
		} else {
			courses = append(courses, o.ID)
		}
	}
	way, err := s.ways.Finishing(ctx, q, who.OrgID, tasks, courses)
	if err != nil {
		return false, err
	}
	if on.object.Type == "media" {
		return s.ways.Shows(ctx, q, who.OrgID, on.id, way)
	}
	return slices.Contains(map[string][]string{Task: way.Tasks, Course: way.Courses, "document": way.Documents, "video": way.Videos}[on.object.Type], on.id), nil
}

// StatusOf tells whether somebody is restricted, and by what.
func (s *Service) StatusOf(ctx context.Context, who authz.Actor, userID string) (Status, error) {
	q := s.DB.Reader(ctx)
	if err := s.store.isPerson(ctx, q, who.OrgID, userID); err != nil {
		return Status{}, err
	}
	if err := mayLook(who, userID); err != nil {
		return Status{}, err
	}
	return s.show(ctx, q, who.OrgID, userID)
}

func (s *Service) show(ctx context.Context, q db.Queryer, orgID, userID string) (Status, error) {
	st, err := s.status(ctx, q, orgID, userID)
	if err != nil {
		return st, err
	}
	if st.Waived, err = s.store.waived(ctx, q, orgID, userID); err != nil {
		return st, err
	}
	return st, s.addTitles(ctx, q, &st)
}

// WaiverDraft is what a client sends to waive a restriction.
type WaiverDraft struct {
	Reason string `json:"reason" required:"true" maxLength:"1000" doc:"Why, for the record"`
}

// waivedItem names an item in the event of a waiver.
type waivedItem struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// waivedEvent is the data of the event restriction.waived.
type waivedEvent struct {
	By     string       `json:"by"`
	Reason string       `json:"reason"`
	Items  []waivedItem `json:"items"`
}

// Waive lifts the restrictions that somebody is under now.
func (s *Service) Waive(ctx context.Context, who authz.Actor, userID string, d WaiverDraft) (Status, error) {
	var st Status
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.isPerson(ctx, tx, who.OrgID, userID); err != nil {
			return err
		}
		var bad fault.Fields
		reason := strings.TrimSpace(d.Reason)
		switch {
		case reason == "":
			bad.Add("/reason", "field.required", "Say why the restriction is waived.")
		case utf8.RuneCountInString(reason) > maxReason:
			bad.Addf("/reason", "field.tooLong", "At most %d characters.", maxReason)
		}
		if err := bad.Err(); err != nil {
			return err
		}
		items, err := s.store.waive(ctx, tx, who.OrgID, userID, reason, s.stamp(who))
		if err != nil {
			return err
		}
		if len(items) > 0 {
			if err := s.publish(ctx, tx, who.OrgID, "restriction.waived", userID, waivedEvent{who.UserID, reason, items}); err != nil {
				return err
			}
		}
		st, err = s.show(ctx, tx, who.OrgID, userID)
		return err
	})
	return st, err
}
