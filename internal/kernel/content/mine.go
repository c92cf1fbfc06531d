package content

import (
	"cmp"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// Mine is what of an item depends on who reads it. Lists fetch it in their own statement
// with the expressions of MineColumns.
type Mine struct {
	Permissions *string // the stored audience.Permissions; nil unless the viewer is the author or an owner
	Reactions   *string // the viewer's reactions, comma-separated; nil for none
	BookmarkID  *string // the viewer's bookmark; nil for none

	AcknowledgedAt *int64 // ms; when the viewer acknowledged the item as it is; nil for not
}

// MineColumns gives the SELECT expressions for Mine.Targets, for the item table under an
// alias, in a statement whose parameter ?2 is the viewer.
func MineColumns(k Kind, alias string) string {
	mine := alias + `.author_id = ?2`
	if k.Owned {
		mine = `(` + mine + ` OR ` + k.isOwner(alias) + `)`
	}
	acknowledged := `CAST(NULL AS BIGINT)`
	if k.Acknowledged {
		acknowledged = `(SELECT k.at FROM acknowledgements k WHERE k.org_id = $p.org_id AND k.user_id = ?2 AND k.kind = '$kind' AND k.item_id = $p.id AND k.edition = $p.edition)`
	}
	return strings.NewReplacer("$p", alias, "$kind", k.Name, "$mine", mine).Replace(acknowledged + `,
	CASE WHEN $mine THEN (SELECT a.permissions FROM audiences a WHERE a.org_id = $p.org_id AND a.id = COALESCE($p.granted_id, $p.audience_id)) END,
	CASE WHEN $p.reactions_count > 0 THEN (SELECT string_agg(r.reaction, ',') FROM reactions r
		WHERE r.org_id = $p.org_id AND r.kind = '$kind' AND r.item_id = $p.id AND r.user_id = ?2) END,
	(SELECT b.id FROM bookmarks b WHERE b.org_id = $p.org_id AND b.user_id = ?2 AND b.kind = '$kind' AND b.item_id = $p.id)`)
}

// Targets are the scan targets of MineColumns.
func (m *Mine) Targets() []any {
	return []any{&m.AcknowledgedAt, &m.Permissions, &m.Reactions, &m.BookmarkID}
}

// MyReactions lists the viewer's reactions.
func (m *Mine) MyReactions() []string {
	if m.Reactions == nil || *m.Reactions == "" {
		return []string{}
	}
	return strings.Split(*m.Reactions, ",")
}

// ReactionCount is one kind of reaction and how many people gave it.
type ReactionCount struct {
	Type  string `json:"type" doc:"The reaction, e.g. like"`
	Count int    `json:"count" doc:"How many people gave it"`
}

// PageQuery reads the parameters that listings of all content kinds share.
func PageQuery(kind, sortKey string, until *api.Time, page api.Page) (Query, error) {
	q := Query{Kind: kind, Sort: sortKeys[sortKey], Offset: page.Offset(), Limit: page.Limit()}
	if until != nil {
		ms := until.Millis()
		q.Until = &ms
	}
	if page.Cursor != "" {
		q.After, q.Offset = &Position{}, 0
		return q, page.DecodeCursor(q.After)
	}
	return q, nil
}

var sortKeys = map[string]Sort{"": Recent, "a": Recent, "b": MostReacted, "c": MostCommented}

// List gives the counts by kind of reaction, most frequent first.
func (r *Reactions) List() []ReactionCount {
	list := make([]ReactionCount, 0, len(r.Counts))
	for kind, n := range r.Counts {
		list = append(list, ReactionCount{kind, n})
	}
	slices.SortFunc(list, func(a, b ReactionCount) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Type, b.Type))
	})
	return list
}
