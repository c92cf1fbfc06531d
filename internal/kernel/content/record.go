package content

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Record is one item as stored. B is what its author wrote.
type Record[B any] struct {
	Item
	Body B

	PostedAt   int64 // ms; when it was published, or made while it is not
	PublishAt  *int64
	ExpiresAt  *int64
	CategoryID *string
	GrantedID  *int64 // the audience its permissions mean, while it has expired and only AudienceID sees it
	CreatedAt  int64
	UpdatedAt  int64
	UpdatedBy  string
}

// granted is the audience that the permissions mean.
func (r *Record[B]) granted() int64 {
	if r.GrantedID != nil {
		return *r.GrantedID
	}
	return r.AudienceID
}

// Body is what a kind's module knows of its items beyond what they all have. It is stored as a
// text and a JSON value.
type Body[B any] interface {
	*B
	// MainText is where the text is that is stored by itself; JSON leaves it out.
	MainText() *string
	// Refs are what the body shows of other modules.
	Refs() Refs
	// Words are by what the item is found.
	Words() (title, text string)
}

// Edited is a body that comes in editions.
type Edited interface{ Edition() int64 }

func edition[B any, P Body[B]](r *Record[B]) int64 {
	if e, ok := any(P(&r.Body)).(Edited); ok {
		return e.Edition()
	}
	return 1
}

// Refs are what items show of other modules.
type Refs struct {
	People []string // ids
	Links  []string // that have cards
	Files  []FileRef
}

// FileRef is a file that an item uses.
type FileRef struct {
	ID      string
	Pointer string // of the field that names it, for errors
	Must    string // "image", "video" or "document"; "" for any
}

// Shown is an item as one viewer reads it.
type Shown[B any] struct {
	Record[B]
	Mine

	CommentsCount int
	Reactions     Reactions
	Author        person.Card
	Category      *string // its name
	Owners        []string

	score int64
}

func (s *Shown[B]) position() Position {
	return Position{Score: s.score, PostedAt: s.PostedAt, ID: s.ID}
}

// table is the SQL of one kind's items and nothing else.
type table[B any, P Body[B]] struct {
	kind     Kind
	record   string // the columns of a Record
	columns  string // of a Shown
	joins    string
	inserted string
	updated  string
}

func newTable[B any, P Body[B]](k Kind) table[B, P] {
	t := table[B, P]{kind: k}
	t.record = `p.id, p.author_id, p.audience_id, p.status, p.posted_at, p.publish_at, p.text, p.extra, p.category_id, p.edition, p.expires_at, p.granted_id,
	p.version, p.created_at, p.updated_at, p.updated_by, ` + k.isOwner("p")
	t.columns = t.record + `, p.comments_count, p.reactions,` + MineColumns(k, "p") + `, ` + person.Columns
	t.joins = ` {thenJoin} users u ON u.org_id = p.org_id AND u.id = p.author_id` + person.Join
	if k.Categorized {
		t.columns += `, g.name`
		t.joins += ` LEFT JOIN categories g ON g.org_id = p.org_id AND g.id = p.category_id`
	}
	t.inserted = `INSERT INTO ` + k.Table + ` (org_id, id, author_id, audience_id, status, posted_at, publish_at, text, extra, category_id, edition, expires_at, granted_id,
		created_at, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	t.updated = `UPDATE ` + k.Table + ` SET author_id = ?, audience_id = ?, status = ?, posted_at = ?, publish_at = ?, text = ?, extra = ?, category_id = ?, edition = ?, expires_at = ?,
		granted_id = ?, updated_at = ?, updated_by = ?, version = version + 1 WHERE org_id = ? AND id = ?`
	return t
}

func (r *Record[B]) targets(text, extra *string) []any {
	return []any{
		&r.ID, &r.AuthorID, &r.AudienceID, &r.Status, &r.PostedAt, &r.PublishAt, text, extra, &r.CategoryID, &r.Edition, &r.ExpiresAt, &r.GrantedID,
		&r.Version, &r.CreatedAt, &r.UpdatedAt, &r.UpdatedBy, &r.IsOwner,
	}
}

// decode fills what was scanned in.
func (t table[B, P]) decode(r *Record[B], text, extra string) error {
	r.Kind = t.kind.Name
	err := json.Unmarshal([]byte(extra), &r.Body)
	*P(&r.Body).MainText() = text
	return err
}

// scan reads an item, with targets before it for what the statement selects first.
func (t table[B, P]) scan(from db.Row, s *Shown[B], before ...any) error {
	var text, extra, reactions string
	targets := slices.Concat(before, s.targets(&text, &extra), []any{&s.CommentsCount, &reactions}, s.Mine.Targets(), s.Author.Targets())
	if t.kind.Categorized {
		targets = append(targets, &s.Category)
	}
	if err := from.Scan(targets...); err != nil {
		return err
	}
	s.Author.Finish()
	return errors.Join(t.decode(&s.Record, text, extra), s.Reactions.Parse(reactions))
}

func (t table[B, P]) scanAll(rows db.Rows, before func(*Shown[B]) []any) ([]Shown[B], error) {
	defer rows.Close()
	var list []Shown[B]
	for rows.Next() {
		var s Shown[B]
		if err := t.scan(rows, &s, before(&s)...); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// list reads the page of a feed with the exact number of visible items.
func (t table[B, P]) list(ctx context.Context, q db.Queryer, feed Feed) ([]Shown[B], int, error) {
	rows, err := q.Query(ctx, feed.With+`SELECT `+feed.Total+`, f.score, `+t.columns+` FROM f
		{thenJoin} `+t.kind.Table+` p ON p.org_id = ?1 AND p.{rowid} = f.item`+t.joins, feed.Args...)
	if err != nil {
		return nil, 0, err
	}
	var total int
	list, err := t.scanAll(rows, func(s *Shown[B]) []any { return []any{&total, &s.score} })
	SortPage(list, (*Shown[B]).position)
	if err != nil || len(list) > 0 {
		return list, total, err
	}
	total, err = feed.Count(ctx, q)
	return nil, total, err
}

// listOwn reads the viewer's own items of a status, newest first, with their number.
func (t table[B, P]) listOwn(ctx context.Context, q db.Queryer, who authz.Actor, status string, query Query) ([]Shown[B], int, error) {
	own := ` WHERE p.org_id = ?1 AND p.status = ?3 AND (p.author_id = ?2`
	if t.kind.Owned {
		own += ` OR p.id IN (SELECT o.item_id FROM content_people o WHERE o.org_id = ?1 AND o.user_id = ?2 AND o.kind = '` + t.kind.Name + `' AND o.role = 'owner')`
	}
	own += `)`
	var total int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM `+t.kind.Table+` p`+own, who.OrgID, who.UserID, status).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	after := Position{PostedAt: math.MaxInt64}
	if query.After != nil {
		after = *query.After
	}
	rows, err := q.Query(ctx, `SELECT `+t.columns+` FROM `+t.kind.Table+` p`+t.joins+own+` AND (p.posted_at, p.id) < (?4, ?5)
		ORDER BY p.posted_at DESC, p.id DESC LIMIT ?6 OFFSET ?7`,
		who.OrgID, who.UserID, status, after.PostedAt, after.ID, query.Limit, query.Offset)
	if err != nil {
		return nil, 0, err
	}
	list, err := t.scanAll(rows, func(*Shown[B]) []any { return nil })
	return list, total, err
}

// byID reads one item of the organization; who may see it is the caller's question.
func (t table[B, P]) byID(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Shown[B], error) {
	var s Shown[B]
	err := t.scan(q.QueryRow(ctx, `SELECT `+t.columns+` FROM `+t.kind.Table+` p`+t.joins+` WHERE p.org_id = ?1 AND p.id = ?3`,
		who.OrgID, who.UserID, id), &s)
	return s, t.notFound(err)
}

// byIDs reads items of the organization in the order of their ids.
func (t table[B, P]) byIDs(ctx context.Context, q db.Queryer, who authz.Actor, ids []string) ([]Shown[B], error) {
	rows, err := q.Query(ctx, `SELECT `+t.columns+` FROM {each ?3} {thenJoin} `+t.kind.Table+` p ON p.org_id = ?1 AND p.id = n.value`+t.joins,
		who.OrgID, who.UserID, db.List(ids))
	if err != nil {
		return nil, err
	}
	list, err := t.scanAll(rows, func(*Shown[B]) []any { return nil })
	place := make(map[string]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(list, func(a, b Shown[B]) int { return place[a.ID] - place[b.ID] })
	return list, err
}

// lock reads one item and keeps others from changing it until the transaction ends.
func (t table[B, P]) lock(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Record[B], error) {
	var r Record[B]
	var text, extra string
	err := tx.QueryRow(ctx, `SELECT `+t.record+` FROM `+t.kind.Table+` p WHERE p.org_id = ?1 AND p.id = ?3 {forUpdate}`, who.OrgID, who.UserID, id).
		Scan(r.targets(&text, &extra)...)
	if err != nil {
		return r, t.notFound(err)
	}
	return r, t.decode(&r, text, extra)
}

// scanRecords reads items of any organization, which each row names first.
func (t table[B, P]) scanRecords(rows db.Rows) (orgs []string, records []Record[B], err error) {
	defer rows.Close()
	for rows.Next() {
		var r Record[B]
		var orgID, text, extra string
		if err := rows.Scan(slices.Concat([]any{&orgID}, r.targets(&text, &extra))...); err != nil {
			return nil, nil, err
		}
		if err := t.decode(&r, text, extra); err != nil {
			return nil, nil, err
		}
		orgs, records = append(orgs, orgID), append(records, r)
	}
	return orgs, records, rows.Err()
}

func (t table[B, P]) notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.NotFound(t.kind.Name)
	}
	return err
}

func (t table[B, P]) insert(ctx context.Context, tx db.Tx, orgID string, r Record[B]) error {
	extra, err := json.Marshal(r.Body)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, t.inserted, orgID, r.ID, r.AuthorID, r.AudienceID, r.Status, r.PostedAt, r.PublishAt, *P(&r.Body).MainText(), string(extra),
		r.CategoryID, edition[B, P](&r), r.ExpiresAt, r.GrantedID, r.CreatedAt, r.UpdatedAt, r.UpdatedBy)
	return err
}

func (t table[B, P]) update(ctx context.Context, tx db.Tx, orgID string, r Record[B]) error {
	extra, err := json.Marshal(r.Body)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, t.updated, r.AuthorID, r.AudienceID, r.Status, r.PostedAt, r.PublishAt, *P(&r.Body).MainText(), string(extra),
		r.CategoryID, edition[B, P](&r), r.ExpiresAt, r.GrantedID, r.UpdatedAt, r.UpdatedBy, orgID, r.ID)
	return err
}

func (t table[B, P]) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM `+t.kind.Table+` WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}
