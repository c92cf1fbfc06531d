package faq

import (
	"context"
	"math"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// store is the SQL of questions and nothing else.
type store struct{}

func (q *Question) targets() []any {
	return []any{&q.ID, &q.FaqID, &q.Place, &q.Question, &q.Answer, &q.Description}
}

const questionColumns = `q.id, q.faq_id, q.place, q.question, q.answer, q.description`

// questions reads the questions of an FAQ in their order.
func (store) questions(ctx context.Context, from db.Queryer, orgID, faqID string) ([]Question, error) {
	rows, err := from.Query(ctx, `SELECT `+questionColumns+` FROM faq_questions q WHERE q.org_id = ? AND q.faq_id = ? ORDER BY q.place`, orgID, faqID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Question
	for rows.Next() {
		var q Question
		if err := rows.Scan(q.targets()...); err != nil {
			return nil, err
		}
		list = append(list, q)
	}
	return list, rows.Err()
}

// carryOut changes the questions of an FAQ.
func (store) carryOut(ctx context.Context, tx db.Tx, orgID, faqID string, p plan) error {
	if len(p.removed) > 0 {
		_, err := tx.Exec(ctx, `DELETE FROM faq_questions WHERE org_id = ? AND faq_id = ? AND id {in}`, orgID, faqID, db.List(p.removed))
		if err != nil {
			return err
		}
	}
	rows := make([][]any, 0, len(p.changed)+len(p.added))
	for _, q := range append(p.changed, p.added...) {
		rows = append(rows, []any{orgID, q.ID, faqID, q.Place, q.Question, q.Answer, q.Description})
	}
	return db.InsertMany(ctx, tx, `INSERT INTO faq_questions (org_id, id, faq_id, place, question, answer, description)`, rows,
		`ON CONFLICT (org_id, id) DO UPDATE SET question = excluded.question, answer = excluded.answer, description = excluded.description`)
}

func (store) removeAll(ctx context.Context, tx db.Tx, orgID, faqID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM faq_questions WHERE org_id = ? AND faq_id = ?`, orgID, faqID)
	return err
}

// row is a question as a list shows it.
type row struct {
	Question
	postedAt   int64
	extra      string
	category   *string
	bookmarkID *string
}

// position is where a list of questions goes on.
type position struct {
	PostedAt int64  `json:"t"`
	FaqID    string `json:"f"`
	Place    int64  `json:"p"`
}

func (r row) position() position { return position{r.postedAt, r.FaqID, r.Place} }

// listing is which questions a list shows.
type listing struct {
	visible  content.Visibility
	status   string // of the viewer's own, "" for what others publish, too
	category string // id
	none     bool
	page     api.Page
}

// list reads a page of questions, of the newest FAQ first, and how many there are.
func (store) list(ctx context.Context, from db.Queryer, l listing) ([]row, int, error) {
	args := l.visible.Args
	where := ` FROM faqs f {thenJoin} faq_questions q ON q.org_id = f.org_id AND q.faq_id = f.id
		LEFT JOIN categories g ON g.org_id = f.org_id AND g.id = f.category_id WHERE f.org_id = ?1 AND (?4 = '' OR f.category_id = ?4) AND `
	args = append(args[:len(args):len(args)], l.category)
	if l.status == content.Published {
		where += l.visible.Listed("f")
	} else {
		where += `f.status = ?5 AND (f.author_id = ?2 OR f.id IN (SELECT o.item_id FROM content_people o WHERE o.org_id = ?1 AND o.user_id = ?2 AND o.kind = 'faq' AND o.role = 'owner'))`
		args = append(args, l.status)
	}
	var total int
	if err := from.QueryRow(ctx, `SELECT COUNT(*)`+where, args...).Scan(&total); err != nil || l.none {
		return nil, 0, err
	}
	after := position{PostedAt: math.MaxInt64}
	offset := l.page.Offset()
	if l.page.Cursor != "" {
		offset = 0
		if err := l.page.DecodeCursor(&after); err != nil {
			return nil, 0, err
		}
	}
	// A negative place turns the order of questions around, so that one comparison does.
	args = append(args, after.PostedAt, after.FaqID, -after.Place, l.page.Limit()+1, offset)
	n := len(args)
	rows, err := from.Query(ctx, `SELECT `+questionColumns+`, f.posted_at, f.extra, g.name,
		(SELECT b.id FROM bookmarks b WHERE b.org_id = f.org_id AND b.user_id = ?2 AND b.kind = 'faq' AND b.item_id = f.id)`+where+
		` AND (f.posted_at, f.id, -q.place) < (`+param(n-4)+`, `+param(n-3)+`, `+param(n-2)+`)
		ORDER BY f.posted_at DESC, f.id DESC, q.place LIMIT `+param(n-1)+` OFFSET `+param(n), args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []row
	for rows.Next() {
		var r row
		if err := rows.Scan(append(r.targets(), &r.postedAt, &r.extra, &r.category, &r.bookmarkID)...); err != nil {
			return nil, 0, err
		}
		list = append(list, r)
	}
	return list, total, rows.Err()
}

// deleteQuestion removes one question and gives how many the FAQ has left.
func (store) deleteQuestion(ctx context.Context, tx db.Tx, who authz.Actor, faqID, id string) (left int, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM faq_questions WHERE org_id = ? AND faq_id = ? AND id = ?`, who.OrgID, faqID, id); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM faq_questions WHERE org_id = ? AND faq_id = ?`, who.OrgID, faqID).Scan(&left)
	return left, err
}
