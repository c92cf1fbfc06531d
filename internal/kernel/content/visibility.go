package content

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Visibility is the condition that an item of any kind is visible to a viewer, for
// statements that list something hanging on items. Its parameters are ?1 the organization,
// ?2 the viewer, ?3 their audiences.
type Visibility struct {
	Args     []any
	kinds    []Kind
	carriers map[string]Carrier
}

// VisibleTo prepares the condition for a viewer.
func (c *Content) VisibleTo(ctx context.Context, who authz.Actor) (Visibility, error) {
	set, err := c.audiences.Visible(ctx, who)
	return Visibility{Args: []any{who.OrgID, who.UserID, db.ListInts(set)}, kinds: c.Kinds(), carriers: c.carriers}, err
}

// Where writes the condition for the columns that hold the kind and the id of the item, or the
// name and id of something else that has files.
func (v Visibility) Where(kind, id string) string {
	var parts []string
	for _, k := range v.kinds {
		mine := `i.author_id = ?2`
		if k.Owned {
			mine += ` OR ` + k.isOwner("i")
		}
		parts = append(parts, `(`+kind+` = '`+k.Name+`' AND EXISTS (SELECT 1 FROM `+k.Table+` i WHERE i.org_id = ?1 AND i.id = `+id+
			` AND (`+mine+` OR (i.status = 'PUBLISHED' AND i.audience_id {inInts ?3}))))`)
	}
	for _, name := range slices.Sorted(maps.Keys(v.carriers)) {
		parts = append(parts, `(`+kind+` = '`+name+`' AND `+v.carriers[name](id)+`)`)
	}
	if len(parts) == 0 {
		return `FALSE`
	}
	return `(` + strings.Join(parts, ` OR `) + `)`
}

// Listed writes the condition that an item of a kind's table under an alias is among those that
// lists show the viewer.
func (v Visibility) Listed(alias string) string {
	return `(` + alias + `.status = 'PUBLISHED' AND ` + alias + `.audience_id {inInts ?3})`
}
