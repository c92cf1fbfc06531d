package content

import (
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/audience"
)

// TestWhatWasReadBeforeAChangeIsNotKept plays a reader that reads the database before a change
// is committed and comes back with what it has read after it.
func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	const everybody = 7
	on, other := shelfKey{"org", "post"}, shelfKey{"other", "post"}
	for name, c := range map[string]struct {
		before, meanwhile func(b *board)
		kept              bool
	}{
		"nothing changes":                {meanwhile: func(*board) {}, kept: true},
		"another audience changes":       {meanwhile: func(b *board) { b.drop(on, everybody+1) }, kept: true},
		"another organization changes":   {meanwhile: func(b *board) { b.drop(other, everybody) }, kept: true},
		"the audience changes":           {meanwhile: func(b *board) { b.drop(on, everybody) }},
		"one changes that was known":     {before: func(b *board) { b.cell(on, everybody).drop() }, meanwhile: func(b *board) { b.drop(on, everybody) }},
		"another node changes something": {meanwhile: func(b *board) { b.dropShelf(on) }},
		"events may have been missed":    {meanwhile: func(b *board) { b.dropAll() }},
	} {
		b := &board{shelves: map[shelfKey]shelf{}}
		if c.before != nil {
			c.before(b)
		}
		_, missing := b.find(on, audience.Set{everybody})
		c.meanwhile(b)
		b.keep(on, missing, map[int64]head{everybody: {everybody, 1, []Position{{ID: "x"}}}})
		found, _ := b.find(on, audience.Set{everybody})
		if (len(found) == 1) != c.kept {
			t.Errorf("%s: known afterwards: %v, want kept %t", name, found, c.kept)
		}
	}
}
