package user

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Delete archives a person; archiving a former member changes nothing. With handOver
// an heir takes over what the person leaves behind.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id, ifMatch string, handOver bool) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		leaver, err := s.store.byID(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if err := api.CheckMatch(ifMatch, leaver.version); err != nil {
			return err
		}
		if err := s.governs(ctx, tx, who, id); err != nil {
			return err
		}
		return s.keepingAdministrator(ctx, tx, who.OrgID, leaver.status == Active, func() error {
			at, heir := s.stamp(who), ""
			if handOver {
				if heir, err = s.handOver(ctx, tx, who.OrgID, leaver, at); err != nil {
					return err
				}
			}
			return s.archive(ctx, tx, who, []record{leaver}, heir, at)
		})
	})
}

// BulkDelete archives people in one transaction with a constant number of statements,
// all or none. It gives the ids that are people and those that are not.
func (s *Service) BulkDelete(ctx context.Context, who authz.Actor, list []string) (deleted, notFound []string, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		deleted, notFound = []string{}, []string{}
		if err := s.store.lockDirectory(ctx, tx, who.OrgID); err != nil {
			return err
		}
		found, err := s.store.byIDs(ctx, tx, who.OrgID, validIDs(list))
		if err != nil {
			return err
		}
		var leavers []record
		for _, id := range distinct(list) {
			if r, ok := found[id]; ok {
				deleted, leavers = append(deleted, id), append(leavers, r)
			} else {
				notFound = append(notFound, id)
			}
		}
		if len(leavers) == 0 {
			return nil
		}
		if err := s.governs(ctx, tx, who, deleted...); err != nil {
			return err
		}
		return s.keepingAdministrator(ctx, tx, who.OrgID, true, func() error {
			return s.archive(ctx, tx, who, leavers, "", s.stamp(who))
		})
	})
	return deleted, notFound, err
}

// archive makes people former members, lifts their direct reports, sees that their
// departments keep a head, and tells. The caller holds the directory lock.
func (s *Service) archive(ctx context.Context, tx db.Tx, who authz.Actor, leavers []record, heir string, at stamp) error {
	var gone []string
	var departments set
	for _, r := range leavers {
		if r.status != Archive {
			gone = append(gone, r.id)
			departments.addPtr(r.department)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.store.archive(ctx, tx, who.OrgID, gone, at); err != nil {
		return err
	}
	if err := s.changed(ctx, tx, who.OrgID, gone...); err != nil {
		return err
	}
	if err := s.store.liftReports(ctx, tx, who.OrgID, gone, at); err != nil {
		return err
	}
	if err := s.store.lockDepartments(ctx, tx, who.OrgID, departments.list()); err != nil {
		return err
	}
	if err := s.store.ensureHeads(ctx, tx, who.OrgID, departments.list(), at); err != nil {
		return err
	}
	return s.publishArchived(ctx, tx, who, gone, heir)
}

// offboarding is the setting of that name.
type offboarding struct {
	Organization assignee            `json:"organization"`
	Departments  map[string]assignee `json:"departments"`
	Locations    map[string]assignee `json:"locations"`
}

type assignee struct {
	Assignee string `json:"assignee"`
}

// handOver finds the leaver's heir and gives them what the leaver leaves behind. It
// runs before the leaver is archived; the heir is "" when nobody is left to inherit.
func (s *Service) handOver(ctx context.Context, tx db.Tx, orgID string, leaver record, at stamp) (heir string, err error) {
	if heir, err = s.heirOf(ctx, tx, orgID, leaver); err != nil || heir == "" {
		return "", err
	}
	above, err := s.store.chain(ctx, tx, orgID, heir)
	if err != nil {
		return "", err
	}
	if err := s.store.giveReports(ctx, tx, orgID, leaver.id, heir, above, at); err != nil {
		return "", err
	}
	if leaver.head && leaver.department != nil {
		if err := s.store.giveHeadship(ctx, tx, orgID, leaver.id, heir, *leaver.department, at); err != nil {
			return "", err
		}
	}
	if err := s.store.giveLinks(ctx, tx, orgID, leaver.id, heir); err != nil {
		return "", err
	}
	for _, h := range s.heirs {
		if err := h(ctx, tx, orgID, leaver.id, heir); err != nil {
			return "", err
		}
	}
	return heir, nil
}

// heirOf applies the order of the package comment. Only ACTIVE people inherit.
func (s *Service) heirOf(ctx context.Context, q db.Queryer, orgID string, leaver record) (string, error) {
	var o offboarding
	value, err := s.settings.Value(ctx, q, orgID, "offboarding")
	if err != nil {
		return "", err
	}
	if value != nil {
		if err := json.Unmarshal(value, &o); err != nil {
			return "", fmt.Errorf("offboarding settings: %w", err)
		}
	}
	order := []string{
		o.Departments[deref(leaver.department)].Assignee, o.Locations[deref(leaver.location)].Assignee,
		o.Organization.Assignee, deref(leaver.reportsTo),
	}
	active, err := s.store.active(ctx, q, orgID, order)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(order, func(id string) bool { return active[id] && id != leaver.id }); i >= 0 {
		return order[i], nil
	}
	return s.store.lastResort(ctx, q, orgID, leaver.id, deref(leaver.department))
}

func (s *Service) publishArchived(ctx context.Context, tx db.Tx, who authz.Actor, gone []string, heir string) error {
	if len(gone) == 1 {
		data := personEvent{ID: gone[0], By: who.UserID, Heir: heir}
		return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: "user.archived", Subject: gone[0], Data: data})
	}
	return s.publishEach(ctx, tx, who.OrgID, "user.archived", gone, who.UserID)
}

// checkBulkIDs refuses an empty or an endless list.
func checkBulkIDs(list []string) error {
	switch {
	case len(list) == 0:
		return fault.Invalid(fault.Field{Pointer: "/ids", Code: "user.idsRequired", Detail: "Name the people to delete."})
	case len(list) > MaxBulk:
		return fault.Invalid(fault.Field{Pointer: "/ids", Code: "user.idsTooMany", Detail: fmt.Sprintf("At most %d people in one call.", MaxBulk)})
	}
	return nil
}
