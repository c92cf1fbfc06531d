package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// ErrNotEmpty says that an installation has an organization already.
var ErrNotEmpty = errors.New("there is an organization here already; restore into an empty data directory or database")

// Restore brings the installation of an archive back. to must be empty and migrated.
func (a *Archive) Restore(ctx context.Context, to Installation) error {
	if a.Kind != KindInstallation {
		return fmt.Errorf(`this is the archive of an organization: use "workdrive import organization"`)
	}
	var n int
	if err := to.DB.Reader(ctx).QueryRow(ctx, `SELECT COUNT(*) FROM organizations`).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrNotEmpty
	}
	return a.bring(ctx, to)
}

// Import brings the organization of an archive into an installation. An organization that is
// there already stays as it is, and so does everything else when something is wrong.
func (a *Archive) Import(ctx context.Context, to Installation) error {
	if a.Kind != KindOrganization {
		return fmt.Errorf(`this is the archive of a whole installation: use "workdrive restore"`)
	}
	var n int
	if err := to.DB.Reader(ctx).QueryRow(ctx, `SELECT COUNT(*) FROM organizations WHERE id = ?`, a.Organization).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("the organization %s is there already; it was left as it is", a.Organization)
	}
	return a.bring(ctx, to)
}

// bring copies files, then rows and jobs in one transaction: files without rows harm nobody and
// are collected, rows without files would.
func (a *Archive) bring(ctx context.Context, to Installation) error {
	have, _, err := db.SchemaVersion(ctx, to.DB.Reader(ctx))
	if err != nil {
		return err
	}
	if have != a.Schema {
		return fmt.Errorf("the archive has schema %d and this release %d: restore it with the release that wrote it (%s), then upgrade", a.Schema, have, a.Release)
	}
	var tags map[string]string // of the originals, by what their keys begin with
	if to.Files != nil {
		tags = map[string]string{}
		err := a.each(func(name string, size int64, r io.Reader) error {
			key, ok := strings.CutPrefix(name, filesDir+"/")
			if !ok {
				return nil
			}
			info, err := to.Files.Put(ctx, key, blob.Content{Reader: r, Size: size, Type: "application/octet-stream"})
			if path.Base(key) == "original" {
				tags[path.Dir(key)] = info.ETag
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return to.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		tables, err := db.Tables(ctx, tx)
		if err != nil {
			return err
		}
		l := loader{tx: tx, a: a, tags: tags, tables: map[string]*loading{}, numbers: map[int64]int64{}}
		for _, t := range tables {
			l.tables[t.Name] = &loading{Table: t}
		}
		for _, info := range a.Tables {
			t := l.tables[info.Name]
			if t == nil || !slices.Equal(columnNames(t.Table), info.Columns) {
				return fmt.Errorf("table %s has other columns in this database", info.Name)
			}
		}
		if a.Kind == KindInstallation {
			if err := l.clear(ctx); err != nil {
				return err
			}
		}
		return l.load(ctx, to.Jobs)
	})
}

// loading is a table that is being filled.
type loading struct {
	db.Table

	later [][]any // rows of the key and of Self, where that is not null
	rows  int
}

// loader fills a database in a transaction.
type loader struct {
	tx      db.Tx
	a       *Archive
	tables  map[string]*loading
	numbers map[int64]int64 // of audiences, by their places in the archive
	tags    map[string]string
}

// clear removes what an empty installation has made for itself: its secrets.
func (l *loader) clear(ctx context.Context) error {
	for _, t := range l.tables {
		if !t.Has("org_id") && !derived[t.Name] && t.Name != "organizations" {
			if _, err := l.tx.Exec(ctx, `DELETE FROM `+t.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) load(ctx context.Context, jobs *job.Jobs) error {
	err := l.a.each(func(name string, _ int64, r io.Reader) error {
		if table, ok := tableOf(name); ok {
			return l.part(ctx, l.tables[table], r)
		}
		if strings.HasPrefix(name, jobsDir+"/") && jobs != nil {
			return eachLine(r, func(line []byte) error {
				var w job.Waiting
				if err := json.Unmarshal(line, &w); err != nil {
					return err
				}
				return jobs.Return(ctx, l.tx, w)
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l.tables)) {
		if err := l.refer(ctx, l.tables[name]); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	for _, info := range l.a.Tables {
		t := l.tables[info.Name]
		if t.rows != info.Rows {
			return damaged("table %s has %d rows, the manifest %d", info.Name, t.rows, info.Rows)
		}
		if t.Serial != "" {
			if err := db.SetLastSerial(ctx, l.tx, t.Table, info.Last); err != nil {
				return err
			}
		}
	}
	// What is in the index by now is not all: it is made again at the next start.
	_, err = l.tx.Exec(ctx, `DELETE FROM search_sources`)
	return err
}

func eachLine(r io.Reader, f func(line []byte) error) error {
	s := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := s.ReadBytes('\n')
		if len(line) > 0 {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// part inserts the rows of an entry.
func (l *loader) part(ctx context.Context, t *loading, r io.Reader) error {
	columns := columnNames(t.Table)
	renumber := l.a.Kind == KindOrganization
	var rows [][]any
	err := eachLine(r, func(line []byte) error {
		row, err := l.row(t, line)
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	t.rows += len(rows)
	if renumber && t.Name == "audiences" {
		return l.audiences(ctx, columns, rows)
	}
	err = db.InsertMany(ctx, l.tx, `INSERT INTO `+t.Name+` (`+strings.Join(columns, ", ")+`) {withSerial}`, rows, "")
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	return nil
}

// row reads a row and leaves out, for later, what refers to rows of the same table.
func (l *loader) row(t *loading, line []byte) ([]any, error) {
	var row []any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	i := -1
	var key, self []any
	refers := false
	for _, c := range t.Columns {
		if c.Type == db.Derived {
			continue
		}
		if i++; i >= len(row) {
			return nil, damaged("a row of %s has %d values", t.Name, len(row))
		}
		var err error
		if row[i], err = value(row[i], c.Type); err != nil {
			return nil, err
		}
		if n, ok := row[i].(int64); ok && l.a.Kind == KindOrganization && slices.Contains(renumbered, c.Name) {
			row[i] = l.numbers[n]
		}
		if slices.Contains(t.Key, c.Name) {
			key = append(key, row[i])
		}
		if slices.Contains(t.Self, c.Name) {
			if l.a.Kind == KindOrganization && t.Name == "organizations" {
				row[i] = nil // the organization above it is not in the archive
			}
			self, refers, row[i] = append(self, row[i]), refers || row[i] != nil, nil
		}
	}
	l.tag(t, row)
	if refers {
		t.later = append(t.later, append(key, self...))
	}
	return row, nil
}

// tag puts the entity tag of a file's original in this store into its row.
func (l *loader) tag(t *loading, row []any) {
	column := ofStore[t.Name]
	if column == "" || l.tags == nil {
		return
	}
	columns := columnNames(t.Table)
	at := func(name string) int { return slices.Index(columns, name) }
	row[at(column)] = l.tags[fmt.Sprintf("org/%s/%s", row[at("org_id")], row[at("id")])]
}

func value(v any, t db.ColumnType) (any, error) {
	switch x := v.(type) {
	case json.Number:
		return x.Int64()
	case string:
		if t == db.Bytes {
			return base64.StdEncoding.DecodeString(x)
		}
	}
	return v, nil
}

// audiences inserts audiences under new numbers.
func (l *loader) audiences(ctx context.Context, columns []string, rows [][]any) error {
	at := slices.Index(columns, "id")
	others := slices.Delete(slices.Clone(columns), at, at+1)
	insert := `INSERT INTO audiences (` + strings.Join(others, ", ") + `) VALUES (` + strings.TrimSuffix(strings.Repeat("?, ", len(others)), ", ") + `) RETURNING id`
	for _, row := range rows {
		place := row[at].(int64)
		var id int64
		if err := l.tx.QueryRow(ctx, insert, slices.Delete(row, at, at+1)...).Scan(&id); err != nil {
			return fmt.Errorf("table audiences: %w", err)
		}
		l.numbers[place] = id
	}
	return nil
}

// refer fills in what refers to rows of the same table.
func (l *loader) refer(ctx context.Context, t *loading) error {
	if len(t.later) == 0 {
		return nil
	}
	var key []string // in the order of the columns, as row has it
	for _, c := range t.Columns {
		if slices.Contains(t.Key, c.Name) {
			key = append(key, c.Name)
		}
	}
	var self []string
	for _, c := range t.Columns {
		if slices.Contains(t.Self, c.Name) {
			self = append(self, c.Name)
		}
	}
	names := slices.Concat(key, self)
	var sets, same []string
	for i, name := range names {
		column := fmt.Sprintf("v.c%d", i)
		if i < len(key) {
			same = append(same, t.Name+"."+name+" = "+column)
		} else {
			sets = append(sets, name+" = "+column)
		}
	}
	var heads []string
	for i := range names {
		heads = append(heads, fmt.Sprintf("c%d", i))
	}
	group := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + "), "
	for chunk := range slices.Chunk(t.later, 200) {
		text := `WITH v (` + strings.Join(heads, ", ") + `) AS (VALUES ` + strings.TrimSuffix(strings.Repeat(group, len(chunk)), ", ") + `)
			UPDATE ` + t.Name + ` SET ` + strings.Join(sets, ", ") + ` FROM v WHERE ` + strings.Join(same, " AND ")
		if _, err := l.tx.Exec(ctx, text, slices.Concat(chunk...)...); err != nil {
			return err
		}
	}
	return nil
}
