package db

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/migrations"
)

// Table is a table of the schema, the same on both engines.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // columns of the primary key, in its order
	Serial  string   // the column whose numbers the database hands out, "" for none
	Above   []string // other tables that its foreign keys name
	Self    []string // columns of foreign keys to the table itself, without org_id
}

// Column is a column of a table.
type Column struct {
	Name string
	Type ColumnType
}

// ColumnType is what a column holds.
type ColumnType string

// The types that the schema uses.
const (
	Text    ColumnType = "text"
	Number  ColumnType = "number"
	Boolean ColumnType = "boolean"
	Bytes   ColumnType = "bytes"
	Derived ColumnType = "derived" // what only one engine has, made from other columns
)

// Has reports whether a table has a column.
func (t Table) Has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column })
}

// foreign are the tables that belong to libraries and to SQLite itself, by the beginning of
// their names. search_words_ is what SQLite keeps a virtual table in.
var foreign = []string{"goose_", "river_", "sqlite_", "search_words"}

// Tables describes the tables of the schema, those that others refer to first.
func Tables(ctx context.Context, q Queryer) ([]Table, error) {
	names, err := Strings(q.Query(ctx, engineOf(q, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`,
		`SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename COLLATE "C"`)))
	if err != nil {
		return nil, err
	}
	tables := map[string]*Table{}
	var order []string
	for _, name := range names {
		if slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		t := &Table{Name: name}
		if err := t.describe(ctx, q); err != nil {
			return nil, err
		}
		if err := t.relate(ctx, q); err != nil {
			return nil, err
		}
		tables[name] = t
		order = append(order, name)
	}
	return sortTables(tables, order)
}

func engineOf(q Queryer, sqlite, postgres string) string {
	if q.Engine() == SQLite {
		return sqlite
	}
	return postgres
}

// sortTables puts tables after those they refer to.
func sortTables(tables map[string]*Table, names []string) ([]Table, error) {
	var list []Table
	done := map[string]bool{}
	for len(list) < len(names) {
		before := len(list)
		for _, name := range names {
			t := tables[name]
			if !done[name] && !slices.ContainsFunc(t.Above, func(above string) bool { return !done[above] }) {
				done[name], list = true, append(list, *t)
			}
		}
		if len(list) == before {
			return nil, fmt.Errorf("db: tables refer to each other in a circle; %d of %d have an order", len(list), len(names))
		}
	}
	return list, nil
}

// describe reads columns and the primary key.
func (t *Table) describe(ctx context.Context, q Queryer) error {
	rows, err := q.Query(ctx, engineOf(q,
		`SELECT c.name, lower(c.type), c.pk, CASE WHEN c.pk > 0 AND m.sql LIKE '%AUTOINCREMENT%' THEN 1 ELSE 0 END
		 FROM pragma_table_info(?) c, sqlite_master m WHERE m.type = 'table' AND m.name = ?1 ORDER BY c.cid`,
		`SELECT a.attname, format_type(a.atttypid, NULL), COALESCE(array_position(i.indkey::int2[], a.attnum), -1) + 1, CASE WHEN a.attidentity = 'a' THEN 1 ELSE 0 END
		 FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
		 WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`), t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	key := map[int64]string{}
	for rows.Next() {
		var name, kind string
		var place, serial int64
		if err := rows.Scan(&name, &kind, &place, &serial); err != nil {
			return err
		}
		t.Columns = append(t.Columns, Column{name, typeOf(kind)})
		if place > 0 {
			key[place] = name
		}
		if serial > 0 {
			t.Serial = name
		}
	}
	for place := int64(1); key[place] != ""; place++ {
		t.Key = append(t.Key, key[place])
	}
	if len(t.Key) == 0 && rows.Err() == nil {
		return fmt.Errorf("db: table %s has no primary key", t.Name)
	}
	return rows.Err()
}

func typeOf(kind string) ColumnType {
	kind, _, _ = strings.Cut(kind, " ")
	switch kind {
	case "text":
		return Text
	case "bigint", "integer":
		return Number
	case "boolean":
		return Boolean
	case "blob", "bytea":
		return Bytes
	}
	return Derived
}

// relate reads the foreign keys.
func (t *Table) relate(ctx context.Context, q Queryer) error {
	rows, err := q.Query(ctx, engineOf(q,
		`SELECT "table", "from" FROM pragma_foreign_key_list(?) ORDER BY id, seq`,
		`SELECT r.relname, a.attname FROM pg_constraint c JOIN pg_class r ON r.oid = c.confrelid
		 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
		 WHERE c.contype = 'f' AND c.conrelid = to_regclass(?) ORDER BY c.oid, a.attnum`), t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		switch {
		case table != t.Name:
			if !slices.Contains(t.Above, table) {
				t.Above = append(t.Above, table)
			}
		case column != "org_id":
			t.Self = append(t.Self, column)
		}
	}
	slices.Sort(t.Above)
	return rows.Err()
}

// SchemaVersion gives the number of the last migration of a database, and of this program.
func SchemaVersion(ctx context.Context, q Queryer) (have, newest int64, err error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		newest = max(newest, n)
	}
	there, err := Strings(q.Query(ctx, engineOf(q, `SELECT name FROM sqlite_master WHERE name = 'goose_db_version'`,
		`SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'goose_db_version'`)))
	if err != nil || len(there) == 0 {
		return 0, newest, err
	}
	err = q.QueryRow(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&have)
	return have, newest, err
}

// LastSerial is the last number that was handed out for the Serial column of a table.
func LastSerial(ctx context.Context, q Queryer, t Table) (n int64, err error) {
	err = q.QueryRow(ctx, engineOf(q, `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)`,
		`SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence(?, '`+t.Serial+`')::regclass), 0)`), t.Name).Scan(&n)
	return n, err
}

// SetLastSerial makes the next number for the Serial column of a table the one after n.
func SetLastSerial(ctx context.Context, tx Tx, t Table, n int64) error {
	if n == 0 {
		return nil
	}
	if tx.Engine() == PostgreSQL {
		_, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence(?, '`+t.Serial+`'), ?)`, t.Name, n)
		return err
	}
	changed, err := tx.Exec(ctx, `UPDATE sqlite_sequence SET seq = ? WHERE name = ?`, n, t.Name)
	if err == nil && changed == 0 {
		_, err = tx.Exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, t.Name, n)
	}
	return err
}
