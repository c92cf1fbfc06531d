package user

import (
	"context"
	"net/http"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// BulkOptions say how a file of people is created.
type BulkOptions struct {
	Partial  bool // create the good rows, report the others
	DryRun   bool // validate only
	Defaults bool // fill rows from the on-boarding settings
}

// BulkOutcome is the people created, in the order of the file, or with Partial or
// DryRun what became of every row.
type BulkOutcome struct {
	Users   []User
	Results []RowResult
}

// RowResult is what became of one row.
type RowResult struct {
	Index  int           `json:"index" doc:"Position in data, from 0"`
	Status int           `json:"status" doc:"201 created, 200 valid (dry run), 400 not created"`
	ID     *string       `json:"id" doc:"Id of the new person"`
	Errors []fault.Field `json:"errors" nullable:"false" doc:"Everything wrong with the row"`
}

// BulkCreate makes many people with a constant number of statements. Unless Partial is
// set, one bad row means that nothing is created; the fault lists every bad field of
// every row.
func (s *Service) BulkCreate(ctx context.Context, who authz.Actor, drafts []Draft, o BulkOptions) (BulkOutcome, error) {
	var out BulkOutcome
	run := func(ctx context.Context, q db.Queryer, create func([]*candidate, known) error) error {
		people, k, err := s.prepare(ctx, q, who, drafts, o.Defaults)
		if err != nil {
			return err
		}
		good, bad := settle(people, drafts)
		if !o.Partial && !bad.Empty() {
			return bad.Err()
		}
		out = outcome(people, o)
		return create(good, k)
	}
	if o.DryRun {
		err := s.db.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
			return run(ctx, q, func([]*candidate, known) error { return nil })
		})
		return out, err
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return run(ctx, tx, func(good []*candidate, k known) error {
			if len(good) == 0 {
				return nil
			}
			if err := s.insert(ctx, tx, who.OrgID, good, k, s.stamp(who)); err != nil || o.Partial {
				return err
			}
			var err error
			out.Users, err = s.readAll(ctx, tx, who, good)
			return err
		})
	})
	return out, err
}

// settle gives the rows that can be created, and every error of the others with its
// pointer into the request. A row whose supervisor is a bad row is bad too.
func settle(people []*candidate, drafts []Draft) (good []*candidate, bad fault.Fields) {
	for i, c := range people {
		if drafts[i].Password != nil {
			c.Add("/password", "user.passwordInBulk", "A password can only be set when one person is created.")
		}
		for _, f := range c.taken.List() {
			c.Add(f.Pointer, f.Code, f.Detail)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, c := range people {
			if c.Empty() && c.supervisor != nil && !c.supervisor.Empty() {
				c.Add("/reportsToEmail", "user.supervisorNotCreated", "The row of the supervisor has errors.")
				changed = true
			}
		}
	}
	for i, c := range people {
		if c.Empty() {
			good = append(good, c)
		}
		bad.Under("/data/"+strconv.Itoa(i), &c.Fields)
	}
	return good, bad
}

// outcome lists what became of every row; for a plain call the answer is the people.
func outcome(people []*candidate, o BulkOptions) (out BulkOutcome) {
	if !o.Partial && !o.DryRun {
		return out
	}
	for i, c := range people {
		r := RowResult{Index: i, Status: http.StatusCreated, Errors: []fault.Field{}}
		switch {
		case !c.Empty():
			var f fault.Fields
			f.Under("/data/"+strconv.Itoa(i), &c.Fields)
			r.Status, r.Errors = http.StatusBadRequest, f.List()
		case o.DryRun:
			r.Status = http.StatusOK
		default:
			r.ID = &c.id
		}
		out.Results = append(out.Results, r)
	}
	return out
}

// readAll reads people that were just created, in the order of the file.
func (s *Service) readAll(ctx context.Context, q db.Queryer, who authz.Actor, people []*candidate) ([]User, error) {
	userIDs := make([]string, len(people))
	for i, c := range people {
		userIDs[i] = c.id
	}
	found, err := s.store.byIDs(ctx, q, who.OrgID, userIDs)
	if err != nil {
		return nil, err
	}
	records := make([]record, 0, len(userIDs))
	for _, id := range userIDs {
		records = append(records, found[id])
	}
	return s.complete(ctx, q, who, records)
}
