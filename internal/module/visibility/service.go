package visibility

import (
	"context"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Service answers who sees what.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	audiences *audience.Audiences
	content   *content.Content
	store     store
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, a *audience.Audiences, c *content.Content) *Service {
	return &Service{db: d, bus: b, audiences: a, content: c}
}

// Preview says who would see an item of the actor's, on one state of the database.
func (s *Service) Preview(ctx context.Context, who authz.Actor, in Intent) (p Preview, err error) {
	var bad fault.Fields
	if in.validate(&bad); !bad.Empty() {
		return p, bad.Err()
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		prospect, said, err := s.prospect(ctx, q, who, in)
		if err != nil {
			return err
		}
		p.Permissions = said.Normalize()
		if p.First, p.Count, err = prospect.Members(ctx, q, shown); err != nil {
			return err
		}
		if p.Warnings, err = s.warnings(ctx, q, who, in, prospect, said); err != nil {
			return err
		}
		if p.Count == 1 {
			p.Warnings = append(p.Warnings, Warning{Code: "audience.onlyYou", Pointer: "/permissions", Detail: "Nobody but you will see this."})
		}
		people := p.First
		for _, w := range p.Warnings {
			people = slices.Concat(people, w.People)
		}
		p.Cards, err = person.ByIDs(ctx, q, who.OrgID, content.Unique(people))
		return err
	})
	return p, err
}

// prospect gives the audience an intent means and the permissions it says, or everything that is
// wrong with it.
func (s *Service) prospect(ctx context.Context, q db.Queryer, who authz.Actor, in Intent) (audience.Prospect, audience.Permissions, error) {
	said := in.Permissions.Value
	if !in.Permissions.Set || in.Permissions.Null {
		v, err := s.store.defaultVisibility(ctx, q, who.OrgID, who.UserID)
		if err != nil {
			return audience.Prospect{}, said, err
		}
		said = audience.Default(v)
	}
	var bad fault.Fields
	prospect, err := s.audiences.Prospect(ctx, q, who.OrgID, who.UserID, said, in.OwnerIDs...)
	if f, ok := fault.As(err); ok && f.Kind == fault.KindInvalid {
		for _, wrong := range f.Fields {
			bad.Add(wrong.Pointer, wrong.Code, wrong.Detail)
		}
	} else if err != nil {
		return prospect, said, err
	}
	missing, err := person.Missing(ctx, q, who.OrgID, content.Unique(slices.Concat(in.Mention, in.TaggedUserIDs, in.OwnerIDs)))
	if err != nil {
		return prospect, said, err
	}
	for _, l := range in.lists() {
		for _, id := range missing {
			if slices.Contains(l.people, id) {
				bad.Addf(l.pointer, "user.unknown", "%s is not the id of a person of this organization.", id)
			}
		}
	}
	return prospect, said, bad.Err()
}

// warnings finds what the author may not expect of an audience.
func (s *Service) warnings(ctx context.Context, q db.Queryer, who authz.Actor, in Intent, prospect audience.Prospect, said audience.Permissions) ([]Warning, error) {
	mentioned, tagged := content.Unique(in.Mention), content.Unique(in.TaggedUserIDs)
	outside, err := prospect.Outside(ctx, q, content.Unique(slices.Concat(mentioned, tagged)))
	if err != nil {
		return nil, err
	}
	outsideOf := func(people []string) []string {
		return slices.DeleteFunc(people, func(id string) bool { return !slices.Contains(outside, id) })
	}
	meant := said.Normalize()
	inactive, err := s.store.inactive(ctx, q, who.OrgID, content.Unique(slices.Concat(in.Mention, in.TaggedUserIDs, in.OwnerIDs, meant.Users, meant.TaggedUsers)))
	if err != nil {
		return nil, err
	}
	groups, locations, err := s.store.deserted(ctx, q, who.OrgID, meant.Groups, meant.Locations)
	if err != nil {
		return nil, err
	}
	list := slices.Concat(
		ignored(said),
		about("audience.mentionOutside", "/mention", outsideOf(mentioned), "mentioned person will not see this.", "mentioned people will not see this."),
		about("audience.taggedOutside", "/taggedUserIds", outsideOf(tagged), "tagged person will not see this.", "tagged people will not see this."),
		about("audience.inactive", "", inactive, "person you name is not an active member, and sees nothing for now.", "people you name are not active members, and see nothing for now."),
	)
	for _, name := range groups {
		list = append(list, Warning{Code: "audience.groupEmpty", Pointer: "/permissions/groups", Detail: "Group " + name + " has no active members."})
	}
	for _, name := range locations {
		list = append(list, Warning{Code: "audience.locationEmpty", Pointer: "/permissions/locations", Detail: "Location " + name + " has no active members."})
	}
	return list, nil
}

// Explain says why somebody sees an item or does not.
func (s *Service) Explain(ctx context.Context, who authz.Actor, kind, id, userID string) (e Explanation, err error) {
	var names []string
	for _, k := range s.content.Kinds() {
		names = append(names, k.Name)
	}
	if !slices.Contains(names, kind) {
		return e, fault.Invalid(fault.Field{Pointer: "?kind", Code: "field.enum", Detail: "Allowed values: " + strings.Join(names, ", ") + "."})
	}
	q := s.db.Reader(ctx)
	moderated, err := s.mayAsk(ctx, q, who, kind, id)
	if err != nil {
		return e, err
	}
	if e.Sight, err = s.content.Explain(ctx, q, subjectOf(who, userID), kind, id); err != nil {
		return e, err
	}
	cards, err := person.ByIDs(ctx, q, who.OrgID, []string{userID})
	if err != nil {
		return e, err
	}
	var known bool
	if e.Person, known = cards[userID]; !known {
		return e, fault.Invalid(fault.Field{Pointer: "?userId", Code: "user.unknown", Detail: "This is not the id of a person of this organization."})
	}
	if !moderated {
		return e, nil
	}
	return e, s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "visibility.explained", Subject: e.ID, Data: explained{who.UserID, kind, userID}})
	})
}
