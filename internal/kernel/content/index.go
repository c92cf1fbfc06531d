package content

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// index keeps the item's entry of the search index as the item is.
func (s *Items[B, P]) index(ctx context.Context, tx db.Tx, orgID string, before, after Record[B]) error {
	if after.Status == Published {
		e, err := s.entry(ctx, tx, orgID, after)
		if err != nil {
			return err
		}
		return s.Index.Put(ctx, tx, orgID, e)
	}
	if before.Status == Published {
		return s.Index.Remove(ctx, tx, orgID, s.kind.Name, after.ID)
	}
	return nil
}

// entry is by what an item is found: its words, those beside it, and those of its files.
func (s *Items[B, P]) entry(ctx context.Context, tx db.Tx, orgID string, r Record[B]) (search.Entry, error) {
	e := search.Entry{Kind: s.kind.Name, ID: r.ID, AudienceID: r.AudienceID, At: r.PostedAt}
	var texts [3]string
	e.Title, texts[0] = P(&r.Body).Words()
	var err error
	if s.hooks.Words != nil {
		if texts[1], err = s.hooks.Words(ctx, tx, orgID, r.ID); err != nil {
			return e, err
		}
	}
	if files := fileIDs(P(&r.Body).Refs().Files); len(files) > 0 {
		known, err := s.Files.Texts(ctx, tx, orgID, files)
		if err != nil {
			return e, err
		}
		for _, id := range Unique(files) {
			texts[2] += known[id] + "\n"
		}
	}
	e.Text = strings.TrimSpace(strings.Join(texts[:], "\n"))
	return e, nil
}

// reindex gives an item its entry anew: something that it shows has words now.
func (s *Items[B, P]) reindex(ctx context.Context, tx db.Tx, orgID, id string) error {
	r, err := s.table.lock(ctx, tx, authz.Actor{OrgID: orgID}, id)
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	if err != nil || r.Status != Published {
		return err
	}
	return s.index(ctx, tx, orgID, r, r)
}

// Reindex gives an item of any kind its entry of the search index anew.
func (c *Content) Reindex(ctx context.Context, tx db.Tx, orgID string, item Item) error {
	return c.timed[item.Kind].reindex(ctx, tx, orgID, item.ID)
}

// indexed is the source of a kind's entries for an index that has none of them yet.
func (s *Items[B, P]) indexed(ctx context.Context, tx db.Tx, after search.Place, limit int) ([]search.Found, error) {
	rows, err := tx.Query(ctx, `SELECT p.org_id, `+s.table.record+` FROM `+s.kind.Table+` p WHERE p.status = 'PUBLISHED' AND (p.org_id, p.id) > (?1, ?3)
		ORDER BY p.org_id, p.id LIMIT ?4 {forUpdate}`, after.OrgID, "", after.ID, limit)
	if err != nil {
		return nil, err
	}
	orgs, records, err := s.table.scanRecords(rows)
	if err != nil {
		return nil, err
	}
	list := make([]search.Found, len(records))
	for i, r := range records { // once in the life of a database: what each shows may be read by itself
		list[i].OrgID = orgs[i]
		if list[i].Entry, err = s.entry(ctx, tx, orgs[i], r); err != nil {
			return nil, err
		}
	}
	return list, nil
}
