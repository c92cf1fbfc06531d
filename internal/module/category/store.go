package category

import (
	"context"
	"errors"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Constraints tell which conflict a unique index stands for.
var Constraints = []db.Constraint{{
	Name: "categories_name_key", Columns: "categories.org_id, categories.module_code, categories.name_key",
	Code: "category.nameTaken", Pointer: "/category", Detail: "The module has a category of this name already.",
}}

// store is every SQL statement of the module.
type store struct{}

// position is where a cursor goes on: after this name and id.
type position struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// slice is the part of a list that is wanted.
type slice struct {
	after         position
	limit, offset int
}

// key is the form of a name that is unique.
func key(name string) string { return strings.ToLower(name) }

func (c *Category) targets() []any {
	return []any{&c.ID, &c.ModuleCode, &c.Name, &c.Color, &c.Version}
}

func (store) byID(ctx context.Context, q db.Queryer, orgID, id string) (Category, error) {
	return one(q.QueryRow(ctx, `SELECT id, module_code, name, color, version FROM categories WHERE org_id = ? AND id = ?`, orgID, id))
}

func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) (Category, error) {
	return one(tx.QueryRow(ctx, `SELECT id, module_code, name, color, version FROM categories WHERE org_id = ? AND id = ? {forUpdate}`, orgID, id))
}

func one(row db.Row) (Category, error) {
	var c Category
	err := row.Scan(c.targets()...)
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.NotFound("category")
	}
	return c, err
}

// find gives the id of a module's category for its id or name, "" when there is none.
func (store) find(ctx context.Context, q db.Queryer, orgID string, moduleCode int, name string) (id string, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM categories WHERE org_id = ? AND module_code = ? AND (id = ? OR name_key = ?)`, orgID, moduleCode, name, key(name)).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return id, err
}

func (store) count(ctx context.Context, q db.Queryer, orgID string, moduleCode int64) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM categories WHERE org_id = ? AND module_code = ?`, orgID, moduleCode).Scan(&n)
	return n, err
}

func (store) list(ctx context.Context, q db.Queryer, orgID string, moduleCode int64, p slice) ([]Category, error) {
	rows, err := q.Query(ctx, `SELECT id, module_code, name, color, version FROM categories
WHERE org_id = ? AND module_code = ? AND (name_key, id) > (?, ?) ORDER BY name_key, id LIMIT ? OFFSET ?`,
		orgID, moduleCode, p.after.Key, p.after.ID, p.limit, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Category
	for rows.Next() {
		var c Category
		if err := rows.Scan(c.targets()...); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, c Category, at stamp) error {
	_, err := tx.Exec(ctx, `INSERT INTO categories (org_id, id, module_code, name, name_key, color, created_at, updated_at, created_by, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, c.ID, c.ModuleCode, c.Name, key(c.Name), c.Color, at.ms, at.ms, at.by, at.by)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, c Category, at stamp) error {
	_, err := tx.Exec(ctx, `UPDATE categories SET name = ?, name_key = ?, color = ?, version = ?, updated_at = ?, updated_by = ?
WHERE org_id = ? AND id = ?`, c.Name, key(c.Name), c.Color, c.Version, at.ms, at.by, orgID, c.ID)
	return err
}

func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM categories WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
