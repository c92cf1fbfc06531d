package org

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// store is the SQL of organizations and nothing else.
type store struct{}

const columns = `id, parent_org_id, subdomain, status, auth_method, name, legal_name, websites, address, email, phone,
	description, industry, logo_id, version, created_at, updated_at, COALESCE(created_by, '')`

func (o *Organization) scan(from db.Row) error {
	var websites, address *string
	err := from.Scan(&o.ID, &o.ParentID, &o.Subdomain, &o.Status, &o.AuthMethod, &o.Name, &o.LegalName, &websites, &address,
		&o.Email, &o.Phone, &o.Description, &o.Industry, &o.LogoID, &o.Version, &o.CreatedAt, &o.UpdatedAt, &o.CreatedBy)
	if err != nil {
		return err
	}
	return errors.Join(parse(websites, &o.Websites), parse(address, &o.Address))
}

func parse(stored *string, into any) error {
	if stored == nil {
		return nil
	}
	return json.Unmarshal([]byte(*stored), into)
}

// stored is the JSON column of a value, NULL for none.
func stored(present bool, v any) (*string, error) {
	if !present {
		return nil, nil
	}
	body, err := json.Marshal(v)
	text := string(body)
	return &text, err
}

func (store) byID(ctx context.Context, q db.Queryer, id string) (Organization, error) {
	return one(q.QueryRow(ctx, `SELECT `+columns+` FROM organizations WHERE id = ?`, id))
}

// bySubdomain finds an organization by its short name, or the root organization for "".
func (store) bySubdomain(ctx context.Context, q db.Queryer, subdomain string) (Organization, error) {
	if subdomain == "" {
		return one(q.QueryRow(ctx, `SELECT `+columns+` FROM organizations WHERE parent_org_id IS NULL`))
	}
	return one(q.QueryRow(ctx, `SELECT `+columns+` FROM organizations WHERE subdomain = ?`, subdomain))
}

func (store) lock(ctx context.Context, tx db.Tx, id string) (Organization, error) {
	return one(tx.QueryRow(ctx, `SELECT `+columns+` FROM organizations WHERE id = ? {forUpdate}`, id))
}

func one(row db.Row) (Organization, error) {
	var o Organization
	err := o.scan(row)
	if errors.Is(err, db.ErrNoRows) {
		return Organization{}, fault.NotFound("organization")
	}
	return o, err
}

// position is where in a list a page ends.
type position struct {
	At int64
	ID string
}

// slice is the part of a list that a page shows.
type slice struct {
	after         position
	limit, offset int
}

// list reads a part of an organization and its children, the oldest first, and their number.
func (store) list(ctx context.Context, q db.Queryer, id string, p slice) ([]Organization, int, error) {
	var total int
	if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM organizations WHERE id = ? OR parent_org_id = ?`, id, id).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM organizations WHERE (id = ?1 OR parent_org_id = ?1) AND (created_at, id) > (?2, ?3)
		ORDER BY created_at, id LIMIT ?4 OFFSET ?5`, id, p.after.At, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []Organization
	for rows.Next() {
		var o Organization
		if err := o.scan(rows); err != nil {
			return nil, 0, err
		}
		list = append(list, o)
	}
	return list, total, rows.Err()
}

// several reports whether there is a child of the root organization.
func (store) several(ctx context.Context, q db.Queryer) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM organizations WHERE parent_org_id IS NOT NULL LIMIT 1) c`).Scan(&n)
	return n > 0, err
}

// exists reports whether there is any organization.
func (store) exists(ctx context.Context, q db.Queryer) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM organizations LIMIT 1) one`).Scan(&n)
	return n > 0, err
}

// claimRoot makes concurrent set-ups wait for each other, so that one of them finds the
// other's organization. SQLite has one writer.
func (store) claimRoot(ctx context.Context, tx db.Tx) error {
	if tx.Engine() == db.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// taken reports whether a subdomain is in use.
func (store) taken(ctx context.Context, q db.Queryer, subdomain string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM organizations WHERE subdomain = ?`, subdomain).Scan(&n)
	return n > 0, err
}

func (store) insert(ctx context.Context, tx db.Tx, o Organization) error {
	_, err := tx.Exec(ctx, `INSERT INTO organizations (id, parent_org_id, name, legal_name, subdomain, status, auth_method, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.ParentID, o.Name, o.LegalName, o.Subdomain, o.Status, o.AuthMethod, o.CreatedAt, o.CreatedBy)
	return err
}

// insertGroups makes the built-in security groups of a new organization.
func (store) insertGroups(ctx context.Context, tx db.Tx, o Organization, administrators, members string) error {
	all, err := json.Marshal(authz.Capabilities)
	if err != nil {
		return err
	}
	row := func(id, name, key, capabilities string) []any {
		return []any{o.ID, id, name, key, key, capabilities, o.CreatedAt, o.CreatedAt, o.CreatedBy, o.CreatedBy}
	}
	return db.InsertMany(ctx, tx, `INSERT INTO security_groups
		(org_id, id, name, name_key, builtin, capabilities, created_at, updated_at, created_by, updated_by)`,
		[][]any{row(administrators, "Administrators", "administrators", string(all)), row(members, "Members", "members", "[]")}, "")
}

func (store) update(ctx context.Context, tx db.Tx, o Organization) error {
	websites, err := stored(o.Websites != nil, o.Websites)
	if err != nil {
		return err
	}
	address, err := stored(o.Address != nil, o.Address)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE organizations SET name = ?, legal_name = ?, websites = ?, address = ?, email = ?, phone = ?,
		description = ?, industry = ?, logo_id = ?, status = ?, updated_at = ?, version = version + 1 WHERE id = ?`,
		o.Name, o.LegalName, websites, address, o.Email, o.Phone, o.Description, o.Industry, o.LogoID, o.Status, o.UpdatedAt, o.ID)
	return err
}
