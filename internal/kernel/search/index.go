package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

// Entry is what can be found of something.
type Entry struct {
	Kind, ID    string
	AudienceID  int64 // who finds it
	At          int64 // ms; when it was published
	Title, Text string
}

// Index is the index of everything.
type Index struct {
	db        *db.DB
	audiences *audience.Audiences
	jobs      *job.Jobs
	clock     clock.Clock
	sources   map[string]Source
}

// New makes the index.
func New(d *db.DB, a *audience.Audiences, j *job.Jobs, c clock.Clock) *Index {
	x := &Index{db: d, audiences: a, jobs: j, clock: c, sources: map[string]Source{}}
	job.Handle(j, x.build)
	return x
}

// Put makes entries of the index, or replaces them.
func (x *Index) Put(ctx context.Context, tx db.Tx, orgID string, entries ...Entry) error {
	insert, replaced := `INSERT INTO search_entries (org_id, kind, item_id, audience_id, at, title, text`,
		`audience_id = excluded.audience_id, at = excluded.at, title = excluded.title, text = excluded.text`
	if tx.Engine() == db.PostgreSQL {
		insert, replaced = insert+`, words`, replaced+`, words = excluded.words`
	}
	rows := make([][]any, len(entries))
	words := make(map[string][]any, len(entries)) // of SQLite, by kind and item
	for i, e := range entries {
		e.Title, e.Text = clip(strings.ToValidUTF8(e.Title, " "), maxTitle), strings.ToValidUTF8(e.Text, " ")
		title, text := wordsOf(e.Title), wordsOf(e.Text)
		rows[i] = []any{orgID, e.Kind, e.ID, e.AudienceID, e.At, e.Title, clip(e.Text, maxText)}
		if tx.Engine() == db.PostgreSQL {
			rows[i] = append(rows[i], tsvector(title, text))
		} else {
			words[e.Kind+" "+e.ID] = []any{strings.Join(title, " "), strings.Join(text, " "), inAudience(e.AudienceID) + " " + ofKind(e.Kind)}
		}
	}
	err := db.InsertMany(ctx, tx, insert+`)`, rows, `ON CONFLICT (org_id, kind, item_id) DO UPDATE SET `+replaced)
	if err != nil || tx.Engine() == db.PostgreSQL {
		return err
	}
	return putWords(ctx, tx, orgID, entries, words)
}

// putWords gives SQLite the words of entries.
func putWords(ctx context.Context, tx db.Tx, orgID string, entries []Entry, words map[string][]any) error {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	rows, err := tx.Query(ctx, `SELECT e.id, e.kind, e.item_id FROM {each ?2} {thenJoin} search_entries e ON e.org_id = ?1 AND e.kind {in ?3} AND e.item_id = n.value`,
		orgID, db.List(ids), db.List(kindsOf(entries)))
	if err != nil {
		return err
	}
	defer rows.Close()
	var list [][]any
	for rows.Next() {
		var entry int64
		var kind, id string
		if err := rows.Scan(&entry, &kind, &id); err != nil {
			return err
		}
		if w, ok := words[kind+" "+id]; ok {
			list = append(list, append([]any{entry}, w...))
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return db.InsertMany(ctx, tx, `INSERT OR REPLACE INTO search_words (rowid, title, text, scope)`, list, ``)
}

func kindsOf(entries []Entry) []string {
	var kinds []string
	for _, e := range entries {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// Remove takes entries of a kind out of the index, those that are there.
func (x *Index) Remove(ctx context.Context, tx db.Tx, orgID, kind string, ids ...string) error {
	if tx.Engine() == db.SQLite {
		_, err := tx.Exec(ctx, `DELETE FROM search_words WHERE rowid IN (SELECT e.id FROM {each ?3} {thenJoin} search_entries e
			ON e.org_id = ?1 AND e.kind = ?2 AND e.item_id = n.value)`, orgID, kind, db.List(ids))
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM search_entries WHERE org_id = ? AND kind = ? AND item_id {in}`, orgID, kind, db.List(ids))
	return err
}

// inAudience and ofKind are the words of SQLite's column scope.
func inAudience(id int64) string { return "a" + strconv.FormatInt(id, 10) }
func ofKind(kind string) string  { return "k" + kind }

// tsvector writes words for PostgreSQL. A gap keeps phrases from reaching from the title into
// the text.
func tsvector(title, text []string) string {
	var out strings.Builder
	at := 0
	write := func(words []string, weight string) {
		for _, w := range words {
			at++
			out.WriteString("'" + w + "':" + strconv.Itoa(min(at, maxPosition)) + weight + " ")
		}
		at++
	}
	write(title, "A")
	write(text, "")
	return out.String()
}
