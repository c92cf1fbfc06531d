package social

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

// store is the SQL of comments, reactions and bookmarks and nothing else.
type store struct{}

const (
	commentColumns = `c.id, c.kind, c.item_id, c.parent_id, c.text, c.mentions, c.version, c.created_at, c.updated_at, ` + person.Columns
	commentJoins   = ` JOIN users u ON u.org_id = c.org_id AND u.id = c.author_id` + person.Join
)

func (c *Comment) scan(from db.Row) error {
	var mentions string
	own := []any{&c.ID, &c.Kind, &c.ItemID, &c.ParentID, &c.Text, &mentions, &c.Version, &c.CreatedAt, &c.UpdatedAt}
	if err := from.Scan(slices.Concat(own, c.Author.Targets())...); err != nil {
		return err
	}
	c.Author.Finish()
	return json.Unmarshal([]byte(mentions), &c.Mentions)
}

// The listings read one row more than the page, which tells whether there is a next one.

// firstComment comes before every comment, latest before everything that is listed latest
// first.
var (
	firstComment = position{At: -1}
	latest       = position{At: math.MaxInt64}
)

// comments reads a page of an item's comments, oldest first.
func (store) comments(ctx context.Context, q db.Queryer, orgID string, item content.Item, p span) ([]Comment, error) {
	rows, err := q.Query(ctx, `SELECT `+commentColumns+` FROM comments c`+commentJoins+
		`WHERE c.org_id = ? AND c.kind = ? AND c.item_id = ? AND (c.created_at, c.id) > (?, ?) ORDER BY c.created_at, c.id LIMIT ? OFFSET ?`,
		orgID, item.Kind, item.ID, p.after.At, p.after.ID, p.limit+1, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Comment
	for rows.Next() {
		var c Comment
		if err := c.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

func (store) countComments(ctx context.Context, q db.Queryer, orgID string, item content.Item) (int, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM comments WHERE org_id = ? AND kind = ? AND item_id = ?`, orgID, item.Kind, item.ID).Scan(&n)
	return n, err
}

func (store) comment(ctx context.Context, q db.Queryer, orgID, id string) (Comment, error) {
	var c Comment
	err := c.scan(q.QueryRow(ctx, `SELECT `+commentColumns+` FROM comments c`+commentJoins+`WHERE c.org_id = ? AND c.id = ?`, orgID, id))
	if errors.Is(err, db.ErrNoRows) {
		return Comment{}, fault.NotFound("comment")
	}
	return c, err
}

func (store) insert(ctx context.Context, tx db.Tx, who authz.Actor, c Comment) error {
	mentions, err := json.Marshal(append([]string{}, c.Mentions...))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO comments (org_id, id, kind, item_id, parent_id, author_id, text, mentions, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		who.OrgID, c.ID, c.Kind, c.ItemID, c.ParentID, who.UserID, c.Text, string(mentions), c.CreatedAt, c.UpdatedAt)
	return err
}

func (store) update(ctx context.Context, tx db.Tx, orgID string, c Comment) error {
	mentions, err := json.Marshal(append([]string{}, c.Mentions...))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE comments SET text = ?, mentions = ?, updated_at = ?, version = version + 1 WHERE org_id = ? AND id = ?`,
		c.Text, string(mentions), c.UpdatedAt, orgID, c.ID)
	return err
}

// remove deletes a comment with its replies and gives how many there were.
func (store) remove(ctx context.Context, tx db.Tx, orgID string, c Comment) (int, error) {
	n, err := tx.Exec(ctx, `DELETE FROM comments WHERE org_id = ?1 AND kind = ?2 AND item_id = ?3 AND (id = ?4 OR parent_id = ?4)`,
		orgID, c.Kind, c.ItemID, c.ID)
	return int(n), err
}

// addReaction gives whether the reaction is new.
func (store) addReaction(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, reaction string, at int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO reactions (org_id, kind, item_id, user_id, reaction, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (org_id, kind, item_id, user_id, reaction) DO NOTHING`,
		who.OrgID, item.Kind, item.ID, who.UserID, reaction, at)
	return n == 1, err
}

// removeReaction gives whether there was one.
func (store) removeReaction(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, reaction string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM reactions WHERE org_id = ? AND kind = ? AND item_id = ? AND user_id = ? AND reaction = ?`,
		who.OrgID, item.Kind, item.ID, who.UserID, reaction)
	return n == 1, err
}

// reactions reads a page of who reacted, latest first; reaction "" is any.
func (store) reactions(ctx context.Context, q db.Queryer, orgID string, item content.Item, reaction string, p span) ([]Reaction, error) {
	rows, err := q.Query(ctx, `SELECT r.reaction, r.created_at, `+person.Columns+` FROM reactions r
		JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id`+person.Join+`
		WHERE r.org_id = ?1 AND r.kind = ?2 AND r.item_id = ?3 AND (?4 = '' OR r.reaction = ?4)
		  AND r.created_at <= ?5 AND (r.created_at < ?5 OR (r.user_id, r.reaction) > (?6, ?7))
		ORDER BY r.created_at DESC, r.user_id, r.reaction LIMIT ?8 OFFSET ?9`,
		orgID, item.Kind, item.ID, reaction, p.after.At, p.after.ID, p.after.Reaction, p.limit+1, p.offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Reaction
	for rows.Next() {
		var r Reaction
		if err := rows.Scan(append([]any{&r.Name, &r.At}, r.By.Targets()...)...); err != nil {
			return nil, err
		}
		r.By.Finish()
		list = append(list, r)
	}
	return list, rows.Err()
}

func (store) countReactions(ctx context.Context, q db.Queryer, orgID string, item content.Item, reaction string) (int, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM reactions WHERE org_id = ?1 AND kind = ?2 AND item_id = ?3 AND (?4 = '' OR reaction = ?4)`,
		orgID, item.Kind, item.ID, reaction).Scan(&n)
	return n, err
}

// addBookmark makes a bookmark, unless there is one, and gives it.
func (store) addBookmark(ctx context.Context, tx db.Tx, who authz.Actor, b Bookmark) (Bookmark, error) {
	_, err := tx.Exec(ctx, `INSERT INTO bookmarks (org_id, user_id, kind, item_id, id, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (org_id, user_id, kind, item_id) DO NOTHING`, who.OrgID, who.UserID, b.Kind, b.ItemID, b.ID, b.CreatedAt)
	if err != nil {
		return Bookmark{}, err
	}
	err = tx.QueryRow(ctx, `SELECT id, created_at FROM bookmarks WHERE org_id = ? AND user_id = ? AND kind = ? AND item_id = ?`,
		who.OrgID, who.UserID, b.Kind, b.ItemID).Scan(&b.ID, &b.CreatedAt)
	return b, err
}

func (store) removeBookmark(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item) error {
	_, err := tx.Exec(ctx, `DELETE FROM bookmarks WHERE org_id = ? AND user_id = ? AND kind = ? AND item_id = ?`,
		who.OrgID, who.UserID, item.Kind, item.ID)
	return err
}

// bookmarks reads a page of a person's bookmarks on items they may see, latest first.
func (store) bookmarks(ctx context.Context, q db.Queryer, visible content.Visibility, p span) ([]Bookmark, int, error) {
	from := ` FROM bookmarks b WHERE b.org_id = ?1 AND b.user_id = ?2 AND ` + visible.Where("b.kind", "b.item_id")
	var total int
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+from, visible.Args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := q.Query(ctx, `SELECT b.id, b.kind, b.item_id, b.created_at`+from+` AND (b.created_at, b.id) < (?, ?)
		ORDER BY b.created_at DESC, b.id DESC LIMIT ? OFFSET ?`,
		append(slices.Clone(visible.Args), p.after.At, p.after.ID, p.limit+1, p.offset)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []Bookmark
	for rows.Next() {
		var b Bookmark
		if err := rows.Scan(&b.ID, &b.Kind, &b.ItemID, &b.CreatedAt); err != nil {
			return nil, 0, err
		}
		list = append(list, b)
	}
	return list, total, rows.Err()
}
