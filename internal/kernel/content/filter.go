package content

import (
	"strconv"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// Filter narrows a listing: an item must satisfy everything that is set.
type Filter struct {
	AuthorID   string // of this person
	Following  bool   // of people the viewer follows
	Friends    bool   // of people who are friends with the viewer
	Team       bool   // of people in whose team the viewer is
	OnlyMine   bool   // the viewer's own, that nobody else sees
	Tagged     bool   // that tag the viewer
	CategoryID string
	Words      string // that are all in its text, as people write them into a search box
	None       bool   // nothing: what the filter names is not there
}

// conditions gives the conditions of a filter on the table i.
func (b *builder) conditions() string {
	f := b.query.Filter
	var where strings.Builder
	and := func(condition string) { where.WriteString(` AND ` + condition) }
	if f.AuthorID != "" {
		and(`i.author_id = ` + b.param(f.AuthorID))
	}
	if f.Following {
		and(`i.author_id IN (SELECT followed_id FROM follows WHERE org_id = ?1 AND follower_id = ?2)`)
	}
	if f.Friends {
		and(`i.author_id IN (` + audience.Friends + `)`)
	}
	if f.Team {
		and(`i.author_id <> ?2 AND i.author_id IN (` + audience.Team + `)`)
	}
	if f.OnlyMine {
		and(`i.author_id = ?2 AND i.audience_id IN (SELECT c.audience_id FROM audience_clauses c WHERE c.org_id = ?1 AND c.kind = 'user' AND c.ref = ?2
			AND NOT EXISTS (SELECT 1 FROM audience_clauses o WHERE o.org_id = ?1 AND o.audience_id = c.audience_id AND (o.kind, o.ref) <> (c.kind, c.ref)))`)
	}
	if f.Tagged {
		and(`i.id IN (SELECT t.item_id FROM content_people t WHERE t.org_id = ?1 AND t.user_id = ?2 AND t.kind = '` + b.kind.Name + `' AND t.role = '` + Tagged + `')`)
	}
	if f.CategoryID != "" {
		and(`i.category_id = ` + b.param(f.CategoryID))
	}
	if f.Words != "" {
		condition, arg := search.Matching(b.engine, b.kind.Name, "i.id", "?"+strconv.Itoa(len(b.args)+1), search.Parse(f.Words))
		b.param(arg)
		and(condition)
	}
	if f.None {
		and(`FALSE`)
	}
	return where.String()
}

// filtered is a page of items that satisfy the filter. They are found by what the filter says
// and then asked for their audience, which the plus sign keeps from leading: no counter knows
// how many there are.
func (b *builder) filtered(set audience.Set) Feed {
	from := ` FROM ` + b.kind.Table + ` i WHERE i.org_id = ?1 AND i.status = 'PUBLISHED' AND +i.audience_id {inInts ` + b.param(db.ListInts(set)) + `}` + b.conditions()
	if b.query.Until != nil {
		from += ` AND i.posted_at <= ` + b.param(*b.query.Until)
	}
	page := `SELECT i.{rowid} AS item, i.id, ` + b.score() + ` AS score, i.posted_at` + from
	if a := b.query.After; a != nil {
		page += ` AND (` + b.score() + `, i.posted_at, i.id) < (` + b.param(a.Score) + `, ` + b.param(a.PostedAt) + `, ` + b.param(a.ID) + `)`
	}
	page += ` ORDER BY score DESC, i.posted_at DESC, i.id DESC LIMIT ` + strconv.Itoa(b.query.Limit) + ` OFFSET ` + strconv.Itoa(b.query.Offset)
	return Feed{With: `WITH f AS (` + page + `) `, Total: `(SELECT COUNT(*)` + from + `)`, Args: b.args}
}
