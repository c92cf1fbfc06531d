package backup

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// Installation is what is saved and restored. Without Files, only the database is.
type Installation struct {
	DB      *db.DB
	Jobs    *job.Jobs
	Files   blob.Store
	Release string
	Now     time.Time
}

// derived are the tables that are made again from the others.
var derived = map[string]bool{"outbox": true, "search_entries": true, "search_sources": true}

// temporary are the tables whose rows mean nothing elsewhere; an organization is exported without.
var temporary = map[string]bool{"idempotency_keys": true, "presence": true}

// renumbered are the columns that hold the number of an audience, which is one of this database.
var renumbered = []string{"audience_id", "granted_id"}

// ofStore are the columns that mean something in one file store alone: the entity tags of the
// originals. An archive with files has none, and gets those of the store it is restored into.
var ofStore = map[string]string{"media": "etag"}

// ofDatabase are the columns that hold the number of a transaction, which means something in one
// database alone. An archive has 0, from where whoever follows the events goes on by their serial
// numbers.
var ofDatabase = map[string]string{"outbox_cursors": "txid", "webhook_place": "txid", "webhooks": "from_txid"}

const pageRows = 1000

// Write writes an archive of everything, or of one organization, to w.
func Write(ctx context.Context, w io.Writer, from Installation, organization string) (Manifest, error) {
	out := newWriter(w)
	err := from.DB.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		have, newest, err := db.SchemaVersion(ctx, q)
		if err != nil {
			return err
		}
		if have != newest {
			return fmt.Errorf(`the database has schema %d and this release %d: run "workdrive migrate" first, or use the release that serves it`, have, newest)
		}
		h := Head{Format: format, Kind: KindInstallation, Release: from.Release, CreatedAt: from.Now.UTC().Format(time.RFC3339), Schema: have}
		if organization != "" {
			h = Head{Format: format, Kind: KindOrganization, Organization: organization, Schema: have}
		}
		if err := out.addJSON(headName, h); err != nil {
			return err
		}
		out.files = from.Files
		if err := out.tables(ctx, q, organization); err != nil {
			return err
		}
		return out.jobs(ctx, q, from.Jobs, organization)
	})
	if err == nil && from.Files != nil {
		err = out.objects(ctx, organization)
	}
	if err == nil {
		err = out.close()
	}
	return out.manifest, err
}

// Sums gives every table as an archive has it, without keeping its rows.
func Sums(ctx context.Context, d *db.DB) ([]TableInfo, error) {
	out := newWriter(io.Discard)
	err := d.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error { return out.tables(ctx, q, "") })
	return out.manifest.Tables, err
}

func (w *writer) tables(ctx context.Context, q db.Queryer, organization string) error {
	tables, err := db.Tables(ctx, q)
	if err != nil {
		return err
	}
	// Audiences come before what has their numbers, which no foreign key says.
	first := func(t db.Table) int { return slices.Index([]string{"audiences", "organizations"}, t.Name) }
	slices.SortStableFunc(tables, func(a, b db.Table) int { return first(b) - first(a) })
	var places map[int64]int64
	if organization != "" {
		if places, err = audiencePlaces(ctx, q, organization); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if organization != "" && (temporary[t.Name] || t.Name != "organizations" && !t.Has("org_id")) {
			continue
		}
		r := reader{q: q, t: t, organization: organization, places: places}
		if w.files != nil {
			r.blank = ofStore[t.Name]
		}
		if err := w.table(ctx, r); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

// audiencePlaces replaces the numbers of an organization's audiences by their places in the
// order of their hashes.
func audiencePlaces(ctx context.Context, q db.Queryer, organization string) (map[int64]int64, error) {
	rows, err := q.Query(ctx, `SELECT id FROM audiences WHERE org_id = ? ORDER BY hash`, organization)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	places := map[int64]int64{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		places[id] = int64(len(places) + 1)
	}
	return places, rows.Err()
}

func (w *writer) table(ctx context.Context, r reader) error {
	info := TableInfo{Name: r.t.Name, Columns: columnNames(r.t)}
	out := w.lines(path.Join(tablesDir, r.t.Name))
	if !derived[r.t.Name] {
		if err := r.each(ctx, func(row []any) error { return out.add(row) }); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
	if r.t.Serial != "" && r.organization == "" {
		var err error
		if info.Last, err = db.LastSerial(ctx, r.q, r.t); err != nil {
			return err
		}
	}
	info.Rows, info.SHA256 = out.n, hex.EncodeToString(out.sum.Sum(nil))
	w.manifest.Tables = append(w.manifest.Tables, info)
	return nil
}

// reader reads the rows of a table.
type reader struct {
	q            db.Queryer
	t            db.Table
	organization string          // "" is all
	places       map[int64]int64 // of audiences; nil keeps their numbers
	blank        string          // a column to leave empty; "" for none
}

// each gives the rows in the order of the primary key, a page at a time: no statement takes long.
func (r reader) each(ctx context.Context, f func(row []any) error) error {
	columns, key := columnNames(r.t), strings.Join(r.t.Key, ", ")
	place := map[string]int{}
	for i, name := range columns {
		place[name] = i
	}
	var where []string
	var args []any
	if r.organization != "" {
		column := "org_id"
		if r.t.Name == "organizations" {
			column = "id"
		}
		where, args = append(where, column+" = ?"), append(args, r.organization)
	}
	after, fixed := "("+key+") > ("+strings.TrimSuffix(strings.Repeat("?, ", len(r.t.Key)), ", ")+")", len(args)
	give, all := r.sorted(place, f)
	for {
		text := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + r.t.Name
		if len(where) > 0 {
			text += ` WHERE ` + strings.Join(where, " AND ")
		}
		page, err := r.page(ctx, text+` ORDER BY `+key+` LIMIT ?`, append(slices.Clone(args), pageRows))
		if err != nil {
			return err
		}
		for _, row := range page {
			if err := give(row); err != nil {
				return err
			}
		}
		if len(page) < pageRows {
			return all()
		}
		if len(args) == fixed {
			where = append(where, after)
		}
		args = args[:fixed]
		for _, name := range r.t.Key {
			args = append(args, page[len(page)-1][place[name]])
		}
	}
}

// sorted puts the places of audiences into rows. Where they are part of the key, the rows have
// to be sorted by it again, which all does.
func (r reader) sorted(place map[string]int, f func(row []any) error) (give func(row []any) error, all func() error) {
	none := func() error { return nil }
	if r.places == nil {
		return f, none
	}
	var columns []int
	resort := false
	for name, i := range place {
		if slices.Contains(renumbered, name) || r.t.Name == "audiences" && name == "id" {
			columns = append(columns, i)
			resort = resort || slices.Contains(r.t.Key, name)
		}
	}
	replace := func(row []any) {
		for _, i := range columns {
			if id, ok := row[i].(int64); ok {
				row[i] = r.places[id]
			}
		}
	}
	if !resort {
		return func(row []any) error {
			// The page's last row is its key's place still: columns of the key are not replaced here.
			replace(row)
			return f(row)
		}, none
	}
	var rows [][]any
	return func(row []any) error {
			rows = append(rows, slices.Clone(row))
			return nil
		}, func() error {
			for _, row := range rows {
				replace(row)
			}
			slices.SortFunc(rows, func(a, b []any) int {
				for _, name := range r.t.Key {
					if c := compare(a[place[name]], b[place[name]]); c != 0 {
						return c
					}
				}
				return 0
			})
			for _, row := range rows {
				if err := f(row); err != nil {
					return err
				}
			}
			return nil
		}
}

func compare(a, b any) int {
	if x, ok := a.(int64); ok {
		return cmp.Compare(x, b.(int64))
	}
	return cmp.Compare(a.(string), b.(string))
}

func (r reader) page(ctx context.Context, text string, args []any) ([][]any, error) {
	rows, err := r.q.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var types []db.ColumnType
	blank, zero := -1, -1
	for _, c := range r.t.Columns {
		if c.Type == db.Derived {
			continue
		}
		if c.Name == r.blank {
			blank = len(types)
		}
		if c.Name == ofDatabase[r.t.Name] {
			zero = len(types)
		}
		types = append(types, c.Type)
	}
	var page [][]any
	for rows.Next() {
		row, into := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i := range row {
			if row[i], err = normal(row[i], types[i]); err != nil {
				return nil, err
			}
		}
		if blank >= 0 {
			row[blank] = ""
		}
		if zero >= 0 {
			row[zero] = int64(0)
		}
		page = append(page, row)
	}
	return page, rows.Err()
}

// normal gives a value the one form it has in an archive, whatever the engine calls it.
func normal(v any, t db.ColumnType) (any, error) {
	switch x := v.(type) {
	case nil, bool:
		return x, nil
	case string:
		return x, nil
	case int64:
		if t == db.Boolean {
			return x != 0, nil
		}
		return x, nil
	case []byte:
		if t == db.Bytes {
			return base64.StdEncoding.EncodeToString(x), nil
		}
		return string(x), nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

// jobs writes the work that waits.
func (w *writer) jobs(ctx context.Context, q db.Queryer, jobs *job.Jobs, organization string) error {
	if jobs == nil {
		return nil
	}
	out := w.lines(jobsDir)
	err := jobs.Waiting(ctx, q, func(j job.Waiting) error {
		if organization != "" && !strings.Contains(string(j.Args), `"`+organization+`"`) {
			return nil
		}
		return out.add(j)
	})
	w.manifest.Jobs = out.n
	return errors.Join(err, out.flush())
}

// objects writes the objects of the file store.
func (w *writer) objects(ctx context.Context, organization string) error {
	after, prefix := "", ""
	if organization != "" {
		prefix = "org/" + organization + "/"
		after = "org/" + organization + "/" // sorts before every key below it
	}
	for info, err := range w.files.List(ctx, after) {
		if err != nil {
			return err
		}
		if !strings.HasPrefix(info.Key, prefix) {
			if info.Key > prefix {
				break
			}
			continue
		}
		if err := w.object(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) object(ctx context.Context, key string) error {
	o, err := w.files.Open(ctx, key)
	if f, ok := fault.As(err); ok && f.Kind == fault.KindNotFound {
		w.manifest.Gone++
		return nil
	}
	if err != nil {
		return err
	}
	w.manifest.Files++
	return errors.Join(w.add(path.Join(filesDir, key), o.Size, o), o.Close())
}
