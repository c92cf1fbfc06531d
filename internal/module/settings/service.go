package settings

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Service is the settings of every organization.
type Service struct {
	db    *db.DB
	bus   *bus.Bus
	clock clock.Clock
	store store
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, c clock.Clock) *Service { return &Service{db: d, bus: b, clock: c} }

// Value gives the stored JSON of a setting ("onboarding" or "offboarding", in the forms
// of the package comment), nil when the organization has none.
func (s *Service) Value(ctx context.Context, q db.Queryer, orgID, name string) ([]byte, error) {
	value, _, err := s.store.read(ctx, q, orgID, name)
	return value, err
}

// Onboarding reads the on-boarding defaults and their version.
func (s *Service) Onboarding(ctx context.Context, who authz.Actor) (Onboarding, int64, error) {
	o := Onboarding{Departments: map[string]Defaults{}, Locations: map[string]Defaults{}}
	version, err := s.get(ctx, who, onboardingName, &o)
	o.Departments, o.Locations = orEmpty(o.Departments), orEmpty(o.Locations) // null in settings of earlier releases
	return o, version, err
}

// Offboarding reads the off-boarding assignees and their version.
func (s *Service) Offboarding(ctx context.Context, who authz.Actor) (Offboarding, int64, error) {
	o := Offboarding{Departments: map[string]Assignee{}, Locations: map[string]Assignee{}}
	version, err := s.get(ctx, who, offboardingName, &o)
	o.Departments, o.Locations = orEmpty(o.Departments), orEmpty(o.Locations) // null in settings of earlier releases
	return o, version, err
}

// SetOnboarding replaces the on-boarding defaults.
func (s *Service) SetOnboarding(ctx context.Context, who authz.Actor, ifMatch string, o Onboarding) (Onboarding, int64, error) {
	o.Departments, o.Locations = orEmpty(o.Departments), orEmpty(o.Locations)
	version, err := s.put(ctx, who, document{onboardingName, o, o.uses(), o.check()}, ifMatch)
	if err != nil {
		return Onboarding{}, 0, err
	}
	return o, version, nil
}

// SetOffboarding replaces the off-boarding assignees.
func (s *Service) SetOffboarding(ctx context.Context, who authz.Actor, ifMatch string, o Offboarding) (Offboarding, int64, error) {
	o.Departments, o.Locations = orEmpty(o.Departments), orEmpty(o.Locations)
	version, err := s.put(ctx, who, document{offboardingName, o, o.uses(), o.check()}, ifMatch)
	if err != nil {
		return Offboarding{}, 0, err
	}
	return o, version, nil
}

func orEmpty[T any](m map[string]T) map[string]T {
	if m == nil {
		return map[string]T{}
	}
	return m
}

func (s *Service) get(ctx context.Context, who authz.Actor, name string, into any) (int64, error) {
	value, version, err := s.store.read(ctx, s.db.Reader(ctx), who.OrgID, name)
	if err != nil || value == nil {
		return 0, err
	}
	if err := json.Unmarshal(value, into); err != nil {
		return 0, fmt.Errorf("setting %s: %w", name, err)
	}
	return version, nil
}

// document is a setting to be written: its value, the ids it mentions, and what is
// already known to be wrong with it.
type document struct {
	name  string
	value any
	uses  []use
	bad   *fault.Fields
}

func (s *Service) put(ctx context.Context, who authz.Actor, d document, ifMatch string) (version int64, err error) {
	value, err := json.Marshal(d.value)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(d.uses, func(a, b use) int { return cmp.Compare(a.pointer, b.pointer) })
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.checkUses(ctx, tx, who, d); err != nil {
			return err
		}
		row := row{name: d.name, value: string(value), by: who.UserID, at: clock.Millis(s.clock.Now())}
		if version, err = s.store.write(ctx, tx, who.OrgID, row); err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, version-1); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "settings.updated", Subject: d.name, Data: struct{}{}})
	})
	return version, err
}

var nounText = map[string]string{
	"user": "person", "department": "department", "location": "location", "securityGroup": "security group",
}

// checkUses reports every id that is not there, and refuses default groups above the
// caller. One statement for each noun that is mentioned.
func (s *Service) checkUses(ctx context.Context, q db.Queryer, who authz.Actor, d document) error {
	byNoun := map[string][]string{}
	for _, u := range d.uses {
		byNoun[u.noun] = append(byNoun[u.noun], u.id)
	}
	there := map[string]map[string][]authz.Capability{}
	for noun, list := range byNoun {
		found, err := s.store.existing(ctx, q, who.OrgID, noun, list)
		if err != nil {
			return err
		}
		there[noun] = found
	}
	var bad fault.Fields
	bad.Under("", d.bad)
	for _, u := range d.uses {
		capabilities, ok := there[u.noun][u.id]
		if !ok {
			bad.Add(u.pointer, u.noun+".unknown", "There is no such "+nounText[u.noun]+".")
		}
		if slices.ContainsFunc(capabilities, func(c authz.Capability) bool { return !who.Can(c) }) {
			e := fault.Forbidden("settings.groupAboveCaller",
				"The requested content is hidden for administrators only. The group holds capabilities that you do not have.")
			e.Fields = []fault.Field{{Pointer: u.pointer, Code: e.Code, Detail: e.Detail}}
			return e
		}
	}
	return bad.Err()
}
