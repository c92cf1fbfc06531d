package quicklink

import (
	"context"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of tiles, sign-ins and tokens.
type store struct{}

// Seen is a tile as one person sees it.
type Seen struct {
	Tile
	Mine      bool // they may change it
	Connected bool // they have a token
	User      person.Card
	File      *person.File
}

const columns = `t.id, t.type, t.name, t.authorization_uri, t.token_uri, t.refresh_uri, t.login_url, t.link, t.client_id, t.client_secret, t.scope, t.managed,
  t.department_id, t.location_id, t.user_id, t.place, t.file_id, t.version, t.created_at, t.updated_at, t.updated_by`

func (t *Tile) targets() []any {
	return []any{
		&t.ID, &t.Kind, &t.Name, &t.AuthorizationURI, &t.TokenURI, &t.RefreshURI, &t.LoginURL, &t.Link, &t.ClientID, &t.secret, &t.Scope, &t.Managed,
		&t.DepartmentID, &t.LocationID, &t.UserID, &t.Place, &t.FileID, &t.Version, &t.CreatedAt, &t.UpdatedAt, &t.UpdatedBy,
	}
}

// tiles are the statement of the tiles that an actor sees.
func tiles(who authz.Actor) string {
	return `SELECT ` + columns + `, ` + changeable(who) + `, EXISTS (SELECT 1 FROM sso_tokens k WHERE k.org_id = t.org_id AND k.tile_id = t.id AND k.user_id = ?2)
FROM sso_tiles t WHERE t.org_id = ?1 AND ` + visible(who)
}

func (t *Seen) scan(row db.Row) error { return row.Scan(append(t.targets(), &t.Mine, &t.Connected)...) }

// find gives a tile that the actor sees.
func (store) find(ctx context.Context, q db.Queryer, who authz.Actor, id string) (t Seen, err error) {
	err = t.scan(q.QueryRow(ctx, tiles(who)+` AND t.id = ?3`, who.OrgID, who.UserID, id))
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return t, err
}

// byID gives a tile whoever sees it.
func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (t Tile, err error) {
	err = q.QueryRow(ctx, `SELECT `+columns+` FROM sso_tiles t WHERE t.org_id = ? AND t.id = ?`, orgID, id).Scan(t.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return t, err
}

func (store) list(ctx context.Context, r db.Queryer, who authz.Actor, q Query) ([]Seen, error) {
	// Whoever manages all tiles sees those of other places only when they ask for them.
	statement := tiles(who) + ` AND (?3 <> '' OR ?4 <> '' OR ?5 OR ` + seen + `)
  AND (?3 = '' OR t.department_id = ?3) AND (?4 = '' OR t.location_id = ?4) AND (NOT ?5 OR t.managed) ORDER BY t.place, t.created_at, t.id LIMIT ?6`
	rows, err := r.Query(ctx, statement, who.OrgID, who.UserID, q.DepartmentID, q.LocationID, q.Managed, maxListed)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Seen
	for rows.Next() {
		var t Seen
		if err := t.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) error {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM sso_tiles WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.NotFound(noun)
	}
	return err
}

// leads reports whether somebody leads every place that a tile is for.
func (store) leads(ctx context.Context, q db.Queryer, who authz.Actor, t Tile) (yes bool, err error) {
	err = q.QueryRow(ctx, `SELECT (t.department_id IS NULL OR `+heads+`) AND (t.location_id IS NULL OR `+keeps+`)
FROM (SELECT CAST(?3 AS TEXT) AS department_id, CAST(?4 AS TEXT) AS location_id) t WHERE ?1 <> '' AND ?2 <> '' /* org_id is ?1 */`,
		who.OrgID, who.UserID, t.DepartmentID, t.LocationID).Scan(&yes)
	return yes, err
}

// areThere reports whether the department and the location of a tile are.
func (store) areThere(ctx context.Context, q db.Queryer, orgID string, t Tile) (department, location bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM departments WHERE org_id = ?1 AND id = ?2), EXISTS (SELECT 1 FROM locations WHERE org_id = ?1 AND id = ?3)`,
		orgID, t.DepartmentID, t.LocationID).Scan(&department, &location)
	return department, location, err
}

// onLevel counts the tiles of a tile's level.
func (store) onLevel(ctx context.Context, q db.Queryer, orgID string, t Tile) (n int, err error) {
	where, arg := `managed AND department_id IS NULL AND location_id IS NULL AND ?2 <> ''`, t.UserID
	switch {
	case t.DepartmentID != nil:
		where, arg = `department_id = ?2`, *t.DepartmentID
	case t.LocationID != nil:
		where, arg = `location_id = ?2`, *t.LocationID
	case !t.Managed:
		where = `user_id = ?2 AND NOT managed AND department_id IS NULL AND location_id IS NULL`
	}
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM sso_tiles WHERE org_id = ?1 AND `+where, orgID, arg).Scan(&n)
	return n, err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, t Tile) error {
	_, err := tx.Exec(ctx, `INSERT INTO sso_tiles (org_id, id, type, name, authorization_uri, token_uri, refresh_uri, login_url, link, client_id, client_secret, scope,
  managed, department_id, location_id, user_id, place, file_id, version, created_at, updated_at, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, t.ID, t.Kind, t.Name, t.AuthorizationURI, t.TokenURI, t.RefreshURI, t.LoginURL, t.Link,
		t.ClientID, t.secret, t.Scope, t.Managed, t.DepartmentID, t.LocationID, t.UserID, t.Place, t.FileID, t.Version, t.CreatedAt, t.UpdatedAt, t.UpdatedBy)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, t Tile) error {
	_, err := tx.Exec(ctx, `UPDATE sso_tiles SET type = ?, name = ?, authorization_uri = ?, token_uri = ?, refresh_uri = ?, login_url = ?, link = ?, client_id = ?,
  client_secret = ?, scope = ?, place = ?, file_id = ?, version = ?, updated_at = ?, updated_by = ? WHERE org_id = ? AND id = ?`,
		t.Kind, t.Name, t.AuthorizationURI, t.TokenURI, t.RefreshURI, t.LoginURL, t.Link, t.ClientID, t.secret, t.Scope, t.Place, t.FileID, t.Version,
		t.UpdatedAt, t.UpdatedBy, orgID, t.ID)
	return err
}

func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM sso_tiles WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// mine gives those of some tiles that the actor may change, and keeps them as they are.
func (store) mine(ctx context.Context, tx db.Tx, who authz.Actor, list []string) (map[string]bool, error) {
	found, err := db.Strings(tx.Query(ctx, `SELECT t.id FROM sso_tiles t WHERE t.org_id = ?1 AND t.id {in ?3} AND `+changeable(who)+` AND ?2 <> '' ORDER BY t.id {forUpdate}`,
		who.OrgID, who.UserID, db.List(list)))
	by := make(map[string]bool, len(found))
	for _, id := range found {
		by[id] = true
	}
	return by, err
}

// arrange gives tiles their places. An order is rare and short: a statement each.
func (store) arrange(ctx context.Context, tx db.Tx, orgID string, list []string) error {
	for i, id := range list {
		_, err := tx.Exec(ctx, `UPDATE sso_tiles SET place = ?, version = version + 1 WHERE org_id = ? AND id = ?`, i, orgID, id)
		if err != nil {
			return err
		}
	}
	return nil
}
