package media

import (
	"context"
	"errors"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of files and nothing else.
type store struct{}

// row is a file with its owner.
type row struct {
	Media

	owner person.Card
}

const columns = `m.id, m.owner_id, m.module_code, m.name, m.declared, m.state, m.reason, m.mime, m.size, m.etag, m.width, m.height, m.duration, m.thumbnail, m.played, m.stream, m.processing, m.created_at`

func (m *Media) targets() []any {
	return []any{&m.ID, &m.OwnerID, &m.ModuleCode, &m.Name, &m.Declared, &m.State, &m.Reason, &m.Mime, &m.Size, &m.ETag, &m.Width, &m.Height, &m.Duration, &m.Thumbnail, &m.Played, &m.Stream, &m.Processing, &m.CreatedAt}
}

const (
	rowColumns = columns + `, ` + person.Columns
	rowJoins   = ` JOIN users u ON u.org_id = m.org_id AND u.id = m.owner_id` + person.Join
)

func (r *row) scan(from db.Row) error {
	err := from.Scan(slices.Concat(r.Media.targets(), r.owner.Targets())...)
	r.owner.Finish()
	return notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.NotFound(noun)
	}
	return err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, m Media) error {
	_, err := tx.Exec(ctx, `INSERT INTO media (org_id, id, owner_id, module_code, name, declared, state, created_at, unused_since)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, m.ID, m.OwnerID, m.ModuleCode, m.Name, m.Declared, m.State, m.CreatedAt, m.CreatedAt)
	return err
}

// readable reads a file that is the viewer's or that an item uses which is visible to them.
func (store) readable(ctx context.Context, q db.Queryer, v content.Visibility, id string) (row, error) {
	var r row
	return r, r.scan(q.QueryRow(ctx, `SELECT `+rowColumns+` FROM media m`+rowJoins+` WHERE m.org_id = ?1 AND m.id = ?4 AND (m.owner_id = ?2
		OR EXISTS (SELECT 1 FROM media_uses x WHERE x.org_id = ?1 AND x.media_id = m.id AND `+v.Where("x.kind", "x.item_id")+`))`,
		append(slices.Clone(v.Args), id)...))
}

// byIDs reads files of an organization; who may know of them is the caller's question.
func (store) byIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]row, error) {
	rows, err := q.Query(ctx, `SELECT `+rowColumns+` FROM media m`+rowJoins+` WHERE m.org_id = ? AND m.id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []row
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// byID reads one file of an organization.
func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Media, error) {
	var m Media
	err := q.QueryRow(ctx, `SELECT `+columns+` FROM media m WHERE m.org_id = ? AND m.id = ?`, orgID, id).Scan(m.targets()...)
	return m, notFound(err)
}

// lock reads files and keeps others from changing them until the transaction ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID string, ids []string) (map[string]Media, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM media m WHERE m.org_id = ? AND m.id {in} ORDER BY m.id {forUpdate}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	files := make(map[string]Media, len(ids))
	for rows.Next() {
		var m Media
		if err := rows.Scan(m.targets()...); err != nil {
			return nil, err
		}
		files[m.ID] = m
	}
	return files, rows.Err()
}

// settle stores what was found out about the bytes, unless somebody has found out otherwise
// since the file was read.
func (store) settle(ctx context.Context, tx db.Tx, orgID string, was, is Media) (changed bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE media SET state = ?, reason = ?, mime = ?, size = ?, etag = ?, width = ?, height = ?, processing = ?,
		thumbnail = '', duration = 0, played = '', stream = '' WHERE org_id = ? AND id = ? AND etag = ? AND state = ?`, is.State, is.Reason, is.Mime, is.Size, is.ETag, is.Width, is.Height, is.Processing, orgID, is.ID, was.ETag, was.State)
	return n > 0, err
}

func (store) isUsed(ctx context.Context, q db.Queryer, orgID, id string) (used bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM media_uses WHERE org_id = ? AND media_id = ?)`, orgID, id).Scan(&used)
	return used, err
}

// isUsedBy reports whether one of some items of a kind uses a file.
func (store) isUsedBy(ctx context.Context, q db.Queryer, orgID, id, kind string, items []string) (used bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM media_uses WHERE org_id = ? AND media_id = ? AND kind = ? AND item_id {in})`,
		orgID, id, kind, db.List(items)).Scan(&used)
	return used, err
}

// uses lists the files an item uses.
func (store) uses(ctx context.Context, q db.Queryer, orgID string, item content.Item) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT media_id FROM media_uses WHERE org_id = ? AND kind = ? AND item_id = ?`, orgID, item.Kind, item.ID))
}

// use replaces the files an item uses.
func (store) use(ctx context.Context, tx db.Tx, orgID string, item content.Item, ids []string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM media_uses WHERE org_id = ? AND kind = ? AND item_id = ?`, orgID, item.Kind, item.ID); err != nil {
		return err
	}
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{orgID, id, item.Kind, item.ID}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO media_uses (org_id, media_id, kind, item_id)`, rows, "")
}

// usedOn lists the files that items of a kind use.
func (store) usedOn(ctx context.Context, q db.Queryer, orgID, kind string, ids []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT DISTINCT media_id FROM media_uses WHERE org_id = ? AND kind = ? AND item_id {in}`, orgID, kind, db.List(ids)))
}

func (store) free(ctx context.Context, tx db.Tx, orgID, kind string, ids []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM media_uses WHERE org_id = ? AND kind = ? AND item_id {in}`, orgID, kind, db.List(ids))
	return err
}

// noteUse keeps the time since which each of some files has not been used.
func (store) noteUse(ctx context.Context, tx db.Tx, orgID string, ids []string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE media SET unused_since = CASE WHEN EXISTS (SELECT 1 FROM media_uses x WHERE x.org_id = media.org_id AND x.media_id = media.id)
		THEN NULL ELSE COALESCE(unused_since, ?) END WHERE org_id = ? AND id {in}`, now, orgID, db.List(ids))
	return err
}

func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM media_texts WHERE org_id = ? AND media_id = ?`, orgID, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM media WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// place names a file of any organization.
type place struct{ orgID, id, state, mime string }

// unused lists files of all organizations that nothing has used since a time, or, of those
// still to come, since a later one.
func (store) unused(ctx context.Context, q db.Queryer, since, pendingSince int64, limit int) ([]place, error) {
	rows, err := q.Query(ctx, `SELECT org_id, id, state FROM media WHERE unused_since IS NOT NULL AND unused_since < ?2
		AND (unused_since < ?1 OR state = 'PENDING') ORDER BY unused_since LIMIT ?3`, since, pendingSince, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.orgID, &p.id, &p.state); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// known gives those of some ids that are files of an organization.
func (store) known(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]string, error) {
	return db.Strings(q.Query(ctx, `SELECT id FROM media WHERE org_id = ? AND id {in}`, orgID, db.List(ids)))
}
