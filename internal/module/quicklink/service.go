package quicklink

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/seal"
)

// Deps are what tiles work with.
type Deps struct {
	DB      *db.DB
	Bus     *bus.Bus
	Jobs    *job.Jobs // nil: nothing is tidied up by itself
	Clock   clock.Clock
	Content *content.Content
	Files   content.Files
	Keys    seal.Keys
	Client  *egress.Client // asks the services
	Allow   []netip.Prefix // networks that may be spoken to in the clear
	URL     string         // of this server, which services send people back to
	Log     *slog.Logger
}

// Service is what can be done with tiles.
type Service struct {
	Deps

	store store
}

// tidy is the periodic job that deletes sign-ins that did not come back, and tokens of people who
// have left.
type tidy struct{}

// Kind names the job.
func (tidy) Kind() string { return "sso.tidy" }

// New makes the service.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	d.Content.Carry(noun, ofTile)
	if d.Jobs != nil {
		job.Handle(d.Jobs, func(ctx context.Context, _ tidy) error { return s.Tidy(ctx) })
		d.Jobs.Every(time.Hour, tidy{})
	}
	return s
}

// Tidy deletes sign-ins that did not come back in time, and tokens of former members, and seals
// again what older keys have sealed.
func (s *Service) Tidy(ctx context.Context) error {
	if s.Keys.Several() {
		if err := s.rotate(ctx); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.tidy(ctx, tx, s.now()) })
}

func (s *Service) now() int64 { return clock.Millis(s.Clock.Now()) }

// event is the data of the events of this module.
type event struct {
	By     string `json:"by,omitempty"`
	UserID string `json:"userId,omitempty"`
}

func (s *Service) publish(ctx context.Context, tx db.Tx, orgID, name, id string, e event) error {
	return s.Bus.Publish(ctx, tx, bus.Event{OrgID: orgID, Name: name, Subject: id, Data: e})
}

// Query is a listing.
type Query struct {
	Managed                  bool // those made with manage
	DepartmentID, LocationID string
}

// List gives the tiles that the actor sees.
func (s *Service) List(ctx context.Context, who authz.Actor, q Query) ([]Seen, error) {
	if q.Managed && !who.Can(manager) {
		return nil, fault.Forbidden("role.missing", "The requested content is hidden for administrators only. It needs the capability "+string(manager)+".")
	}
	return s.show(ctx, s.DB.Reader(ctx), who, func(ctx context.Context, r db.Queryer) ([]Seen, error) { return s.store.list(ctx, r, who, q) })
}

// Get gives a tile.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (Seen, error) {
	return s.one(ctx, s.DB.Reader(ctx), who, id)
}

func (s *Service) one(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Seen, error) {
	list, err := s.show(ctx, q, who, func(ctx context.Context, q db.Queryer) ([]Seen, error) {
		t, err := s.store.find(ctx, q, who, id)
		return []Seen{t}, err
	})
	if err != nil {
		return Seen{}, err
	}
	return list[0], nil
}

// show adds to tiles their pictures and who made them, with two statements.
func (s *Service) show(ctx context.Context, q db.Queryer, who authz.Actor, read func(context.Context, db.Queryer) ([]Seen, error)) ([]Seen, error) {
	list, err := read(ctx, q)
	if err != nil {
		return nil, err
	}
	var files, people []string
	for _, t := range list {
		people = append(people, t.UserID)
		if t.FileID != nil {
			files = append(files, *t.FileID)
		}
	}
	pictures, err := s.Files.ByIDs(ctx, q, who.OrgID, content.Unique(files))
	if err != nil {
		return nil, err
	}
	cards, err := person.ByIDs(ctx, q, who.OrgID, content.Unique(people))
	for i := range list {
		list[i].User = cards[list[i].UserID]
		if id := list[i].FileID; id != nil {
			if f, there := pictures[*id]; there {
				list[i].File = &f
			}
		}
	}
	return list, err
}

// Create makes a tile; managed at the level of administrators.
func (s *Service) Create(ctx context.Context, who authz.Actor, managed bool, d Draft) (Seen, error) {
	now := s.now()
	t := Tile{ID: ids.New(), Managed: managed, UserID: who.UserID, Version: 1, CreatedAt: now, UpdatedAt: now, UpdatedBy: who.UserID}
	t.DepartmentID, t.LocationID = optional(d.DepartmentID.Value), optional(d.LocationID.Value)
	var bad fault.Fields
	d.apply(&t, &bad)
	if err := s.arrive(ctx, who, t); err != nil {
		return Seen{}, err
	}
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.mayMake(ctx, tx, who, t); err != nil {
			return err
		}
		bad := bad
		if err := s.places(ctx, tx, who.OrgID, t, &bad); err != nil {
			return err
		}
		if err := bad.Err(); err != nil {
			return err
		}
		n, err := s.store.onLevel(ctx, tx, who.OrgID, t)
		if err != nil {
			return err
		}
		if n >= maxOnLevel {
			return fault.Conflict("sso.full", "There are 200 tiles on this level: delete one first.")
		}
		t.secret = s.sealed(t, d)
		if err := s.store.insert(ctx, tx, who.OrgID, t); err != nil {
			return err
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: noun, ID: t.ID}, t.files()); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "sso.created", t.ID, event{By: who.UserID}); err != nil {
			return err
		}
		out, err = s.one(ctx, tx, who, t.ID)
		return err
	})
	return out, err
}

func optional(id string) *string {
	if id = strings.TrimSpace(id); id == "" {
		return nil
	}
	return &id
}

// arrive looks for an upload before the transaction that uses it.
func (s *Service) arrive(ctx context.Context, who authz.Actor, t Tile) error {
	if t.FileID == nil {
		return nil
	}
	return s.Files.Arrive(ctx, who, []string{*t.FileID})
}

// places reports a department and a location that are not there.
func (s *Service) places(ctx context.Context, tx db.Tx, orgID string, t Tile, bad *fault.Fields) error {
	department, location, err := s.store.areThere(ctx, tx, orgID, t)
	if t.DepartmentID != nil && !department {
		bad.Add("/departmentId", "department.unknown", "There is no department with this id.")
	}
	if t.LocationID != nil && !location {
		bad.Add("/locationId", "location.unknown", "There is no location with this id.")
	}
	return err
}

// context is what the client secret of a tile is sealed for.
func (t Tile) context() string { return "sso client " + t.ID }

// sealed gives the client secret to keep.
func (s *Service) sealed(t Tile, d Draft) string {
	switch {
	case !d.ClientSecret.Set:
		return t.secret
	case d.ClientSecret.Value == "":
		return ""
	}
	return s.Keys.Seal(d.ClientSecret.Value, t.context())
}

// Update changes a tile. ifMatch is the If-Match header, "" for none.
func (s *Service) Update(ctx context.Context, who authz.Actor, id, ifMatch string, d Draft) (Seen, error) {
	if d.FileID.Value != "" {
		if err := s.arrive(ctx, who, Tile{FileID: &d.FileID.Value}); err != nil {
			return Seen{}, err
		}
	}
	var out Seen
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.toChange(ctx, tx, who, id, ifMatch)
		if err != nil {
			return err
		}
		t := before.Tile
		var bad fault.Fields
		d.apply(&t, &bad)
		moved := func(pointer string, sent string, is *string) {
			if sent != "" && (is == nil || sent != *is) {
				bad.Add(pointer, "sso.levelFixed", "A tile stays on its level: make another one there.")
			}
		}
		moved("/departmentId", d.DepartmentID.Value, t.DepartmentID)
		moved("/locationId", d.LocationID.Value, t.LocationID)
		if err := bad.Err(); err != nil {
			return err
		}
		if !t.sameServer(before.Tile) {
			t.secret = "" // it must not be sent to another server than the one it was meant for
		}
		t.secret = s.sealed(t, d)
		t.UpdatedAt, t.UpdatedBy, t.Version = s.now(), who.UserID, t.Version+1
		if err := s.store.update(ctx, tx, who.OrgID, t); err != nil {
			return err
		}
		if !t.sameClient(before.Tile) {
			if err := s.store.forgetAll(ctx, tx, who.OrgID, id); err != nil {
				return err
			}
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: noun, ID: id}, t.files()); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, who.OrgID, "sso.updated", id, event{By: who.UserID}); err != nil {
			return err
		}
		out, err = s.one(ctx, tx, who, id)
		return err
	})
	return out, err
}

// Delete removes a tile with everybody's tokens.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.toChange(ctx, tx, who, id, ifMatch); err != nil {
			return err
		}
		if err := s.store.forgetAll(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		if err := s.Files.Use(ctx, tx, who, content.Item{Kind: noun, ID: id}, nil); err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		return s.publish(ctx, tx, who.OrgID, "sso.deleted", id, event{By: who.UserID})
	})
}

// Order is what a client sends to arrange tiles.
type Order struct {
	IDs []string `json:"ids" required:"true" maxItems:"1000" nullable:"false" doc:"Ids of tiles you may change, in the order they are to have"`
}

// Arrange puts tiles that the actor may change in an order.
func (s *Service) Arrange(ctx context.Context, who authz.Actor, in Order) error {
	var bad fault.Fields
	if len(in.IDs) > maxReorders {
		bad.Addf("/ids", "field.tooMany", "At most %d tiles at once.", maxReorders)
		return bad.Err()
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		mine, err := s.store.mine(ctx, tx, who, in.IDs)
		if err != nil {
			return err
		}
		bad := bad
		for i, id := range in.IDs {
			if _, is := mine[id]; !is {
				bad.Addf("/ids/"+itoa(i), "sso.unknown", "This is not the id of a tile that you may change.")
			}
			delete(mine, id) // once
		}
		if err := bad.Err(); err != nil {
			return err
		}
		if err := s.store.arrange(ctx, tx, who.OrgID, in.IDs); err != nil {
			return err
		}
		for _, id := range in.IDs {
			if err := s.publish(ctx, tx, who.OrgID, "sso.updated", id, event{By: who.UserID}); err != nil {
				return err
			}
		}
		return nil
	})
}
