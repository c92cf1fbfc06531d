package post

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// store is the SQL of posts and nothing else.
type store struct{}

// row is a post as one viewer reads it.
type row struct {
	Post
	content.Mine

	commentsCount int
	reactions     content.Reactions
	score         int64
	author        person.Card
}

const postColumns = `p.id, p.author_id, p.audience_id, p.status, p.posted_at, p.publish_at, p.text, p.extra,
	p.version, p.created_at, p.updated_at`

var rowColumns = postColumns + `, p.comments_count, p.reactions,` + content.MineColumns(Kind.Name, "p") + `, ` + person.Columns

const rowJoins = ` {thenJoin} users u ON u.org_id = p.org_id AND u.id = p.author_id` + person.Join

func (p *Post) targets(extra *string) []any {
	return []any{
		&p.ID, &p.AuthorID, &p.AudienceID, &p.Status, &p.PostedAt, &p.PublishAt, &p.Text, extra,
		&p.Version, &p.CreatedAt, &p.UpdatedAt,
	}
}

// scan reads a row, with targets before it for what the statement selects first.
func (r *row) scan(from db.Row, before ...any) error {
	var extra, reactions string
	targets := slices.Concat(before, r.targets(&extra), []any{&r.commentsCount, &reactions}, r.Mine.Targets(), r.author.Targets())
	if err := from.Scan(targets...); err != nil {
		return err
	}
	r.Kind = Kind.Name
	r.author.Finish()
	return errors.Join(json.Unmarshal([]byte(extra), &r.Extra), r.reactions.Parse(reactions))
}

func (r *row) position() content.Position {
	return content.Position{Score: r.score, PostedAt: r.PostedAt, ID: r.ID}
}

// list reads the page of a feed with the exact number of visible posts.
func (store) list(ctx context.Context, q db.Queryer, feed content.Feed) ([]row, int, error) {
	rows, err := q.Query(ctx, feed.With+`SELECT `+feed.Total+`, f.score, `+rowColumns+` FROM f
		{thenJoin} posts p ON p.org_id = ?1 AND p.{rowid} = f.item`+rowJoins, feed.Args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []row
	var total int
	for rows.Next() {
		var r row
		if err := r.scan(rows, &total, &r.score); err != nil {
			return nil, 0, err
		}
		list = append(list, r)
	}
	content.SortPage(list, (*row).position)
	if err := rows.Err(); err != nil || len(list) > 0 {
		return list, total, err
	}
	total, err = feed.Count(ctx, q)
	return nil, total, err
}

// listOwn reads the viewer's own posts of a status, newest first, with their number.
func (store) listOwn(ctx context.Context, q db.Queryer, who authz.Actor, status string, query content.Query) ([]row, int, error) {
	const own = ` WHERE p.org_id = ?1 AND p.author_id = ?2 AND p.status = ?3`
	var total int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM posts p`+own, who.OrgID, who.UserID, status).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	after := content.Position{PostedAt: math.MaxInt64}
	if query.After != nil {
		after = *query.After
	}
	rows, err := q.Query(ctx, `SELECT `+rowColumns+` FROM posts p`+rowJoins+own+` AND (p.posted_at, p.id) < (?4, ?5)
		ORDER BY p.posted_at DESC, p.id DESC LIMIT ?6 OFFSET ?7`,
		who.OrgID, who.UserID, status, after.PostedAt, after.ID, query.Limit, query.Offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []row
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, 0, err
		}
		list = append(list, r)
	}
	return list, total, rows.Err()
}

// byID reads one post of the organization; who may see it is the caller's question.
func (store) byID(ctx context.Context, q db.Queryer, who authz.Actor, id string) (row, error) {
	var r row
	err := r.scan(q.QueryRow(ctx, `SELECT `+rowColumns+` FROM posts p`+rowJoins+` WHERE p.org_id = ?1 AND p.id = ?3`,
		who.OrgID, who.UserID, id))
	return r, notFound(err)
}

// lock reads one post and keeps others from changing it until the transaction ends.
func (store) lock(ctx context.Context, tx db.Tx, orgID, id string) (Post, error) {
	var p Post
	var extra string
	err := tx.QueryRow(ctx, `SELECT `+postColumns+` FROM posts p WHERE p.org_id = ? AND p.id = ? {forUpdate}`, orgID, id).
		Scan(p.targets(&extra)...)
	if err != nil {
		return Post{}, notFound(err)
	}
	p.Kind = Kind.Name
	return p, json.Unmarshal([]byte(extra), &p.Extra)
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.NotFound(Kind.Name)
	}
	return err
}

func (store) insert(ctx context.Context, tx db.Tx, orgID string, p Post) error {
	extra, err := json.Marshal(p.Extra)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO posts (org_id, id, author_id, audience_id, status, posted_at, publish_at, text, extra,
		created_at, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orgID, p.ID, p.AuthorID, p.AudienceID, p.Status, p.PostedAt, p.PublishAt, p.Text, string(extra),
		p.CreatedAt, p.UpdatedAt, p.AuthorID)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID, by string, p Post) error {
	extra, err := json.Marshal(p.Extra)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE posts SET audience_id = ?, status = ?, posted_at = ?, publish_at = ?, text = ?, extra = ?,
		updated_at = ?, updated_by = ?, version = version + 1 WHERE org_id = ? AND id = ?`,
		p.AudienceID, p.Status, p.PostedAt, p.PublishAt, p.Text, string(extra), p.UpdatedAt, by, orgID, p.ID)
	return err
}

func (store) remove(ctx context.Context, tx db.Tx, orgID, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM posts WHERE org_id = ? AND id = ?`, orgID, id)
	return err
}

// unpublishedAudiences lists the audiences of a person's drafts and scheduled posts.
func (store) unpublishedAudiences(ctx context.Context, q db.Queryer, orgID, authorID string) ([]int64, error) {
	rows, err := q.Query(ctx, `SELECT DISTINCT audience_id FROM posts WHERE org_id = ? AND author_id = ? AND status <> 'PUBLISHED'`,
		orgID, authorID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var audiences []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		audiences = append(audiences, id)
	}
	return audiences, rows.Err()
}

// bequeath gives a person's unpublished posts of one audience to another author, for whom
// the same permissions mean another audience.
func (store) bequeath(ctx context.Context, tx db.Tx, orgID string, from, to string, audiences [2]int64) error {
	_, err := tx.Exec(ctx, `UPDATE posts SET author_id = ?, audience_id = ?, version = version + 1
		WHERE org_id = ? AND author_id = ? AND audience_id = ? AND status <> 'PUBLISHED'`,
		to, audiences[1], orgID, from, audiences[0])
	return err
}

// isActive says whether somebody may act in the organization.
func (store) isActive(ctx context.Context, q db.Queryer, orgID, userID string) (bool, error) {
	var active bool
	err := q.QueryRow(ctx, `SELECT status = 'ACTIVE' FROM users WHERE org_id = ? AND id = ?`, orgID, userID).Scan(&active)
	return active, err
}

// defaultVisibility reads how widely a person's posts go when they do not say.
func (store) defaultVisibility(ctx context.Context, q db.Queryer, orgID, userID string) (string, error) {
	var v string
	err := q.QueryRow(ctx, `SELECT default_visibility FROM users WHERE org_id = ? AND id = ?`, orgID, userID).Scan(&v)
	return v, err
}
