package search

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Place is where the indexing of a kind stands: behind an item of an organization.
type Place struct {
	OrgID string `json:"orgId,omitempty"`
	ID    string `json:"id,omitempty"`
}

// Found is an entry with its organization.
type Found struct {
	OrgID string
	Entry
}

// Source gives the next entries of a kind behind a place, up to limit, in the order of
// organization and id. It keeps what they stand for from changing until the transaction ends.
type Source func(ctx context.Context, tx db.Tx, after Place, limit int) ([]Found, error)

// buildStep is how many entries one job makes.
const buildStep = 500

// build is the job that indexes what was there before there was an index.
type build struct {
	ItemKind string `json:"kind"`
	After    Place  `json:"after"`
}

// Kind names the job.
func (build) Kind() string { return "search.build" }

// Provide says where the entries of a kind come from. It is called while the program is put
// together.
func (x *Index) Provide(kind string, s Source) { x.sources[kind] = s }

// Start has every kind indexed that never was: its first entries at once, the rest by jobs.
func (x *Index) Start(ctx context.Context) error {
	return x.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for kind := range x.sources {
			n, err := tx.Exec(ctx, `INSERT INTO search_sources (kind, done_at) VALUES (?, 0) ON CONFLICT (kind) DO NOTHING`, kind)
			if err != nil {
				return err
			}
			if n == 1 {
				if err := x.step(ctx, tx, build{ItemKind: kind}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// build makes some entries and leaves the rest to another job.
func (x *Index) build(ctx context.Context, from build) error {
	return x.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return x.step(ctx, tx, from) })
}

func (x *Index) step(ctx context.Context, tx db.Tx, from build) error {
	source := x.sources[from.ItemKind]
	if source == nil { // of a kind this release does not have
		return nil
	}
	list, err := source(ctx, tx, from.After, buildStep)
	if err != nil {
		return err
	}
	byOrg := map[string][]Entry{}
	for _, f := range list {
		byOrg[f.OrgID] = append(byOrg[f.OrgID], f.Entry)
		from.After = Place{f.OrgID, f.ID}
	}
	for _, orgID := range slices.Sorted(maps.Keys(byOrg)) {
		if err := x.Put(ctx, tx, orgID, byOrg[orgID]...); err != nil {
			return err
		}
	}
	if len(list) == buildStep {
		return x.jobs.Enqueue(ctx, tx, from, time.Time{})
	}
	_, err = tx.Exec(ctx, `UPDATE search_sources SET done_at = ? WHERE kind = ?`, x.clock.Now().UnixMilli(), from.ItemKind)
	return err
}
