package post_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/module/post"
)

// Posts that go between the statements that find a page must not leave it short: whoever reads
// page by page would take it for the last.
func TestAPageIsFullWhateverGoesWhileItIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		people, limit int
		sort          content.Sort
	}{
		"a first page":                  {6, 3, content.Recent},
		"a long page of many audiences": {20, 12, content.Recent},
		"a page of very many audiences": {140, 3, content.MostReacted},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s scene) {
				newest := map[string]authz.Actor{} // whose they are
				for i := range c.people {
					s.clock.Advance(time.Millisecond)
					who := s.as(s.org.Person(t, fmt.Sprintf("x%d", i)))
					id := s.call(t, who, http.MethodPost, posts, `{"postText":"x","permissions":{"users":["`+s.colleague.UserID+`"]}}`).want(t, http.StatusCreated).str("id")
					if i >= c.people-5 {
						newest[id] = who
					}
				}
				var read []string
				query := content.Query{Kind: post.Kind.Name, Sort: c.sort, Limit: c.limit}
				err := s.content.List(t.Context(), s.db.Reader(t.Context()), s.colleague, query, func(q db.Queryer, f content.Feed) (int, error) {
					for id, who := range newest { // one at a time: every reading finds another one gone
						s.call(t, who, http.MethodDelete, posts+"/"+id, "").want(t, http.StatusNoContent)
						delete(newest, id)
						break
					}
					var err error
					read, err = ids(t, q, f)
					return len(read), err
				})
				if err != nil || len(read) != c.limit {
					t.Errorf("%d posts on a page of %d: %v", len(read), c.limit, err)
				}
			})
		})
	}
}

// ids reads the ids of the posts of a feed.
func ids(t *testing.T, q db.Queryer, f content.Feed) (list []string, err error) {
	t.Helper()
	rows, err := q.Query(t.Context(), f.With+`SELECT p.id, `+f.Total+` FROM f JOIN posts p ON p.org_id = ?1 AND p.id = f.id AND p.author_id <> ?2`, f.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var total int
		if err := rows.Scan(&id, &total); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

// interrupted does something, once, before the first statement that asks for rows.
type interrupted struct {
	db.Queryer
	first func()
}

// Query implements db.Queryer.
func (i *interrupted) Query(ctx context.Context, query string, args ...any) (db.Rows, error) {
	if first := i.first; first != nil {
		i.first = nil
		first()
	}
	return i.Queryer.Query(ctx, query, args...)
}

// A post that goes from one audience of a reader to another may be found in both: the one as it
// is remembered, the other as it is read.
func TestAPostThatIsReaddressedWhileAPageIsReadIsOnItOnce(t *testing.T) {
	each(t, func(t *testing.T, s scene) {
		only := `{"postText":"x","permissions":{"users":["` + s.colleague.UserID + `"]}`
		id := s.publish(t, only+`}`)
		s.call(t, s.colleague, http.MethodGet, posts, "").want(t, http.StatusOK) // and it is remembered
		s.publish(t, `{"postText":"x","status":"DRAFT","permissions":{"team":true,"users":["`+s.colleague.UserID+`"]}}`)
		q := &interrupted{s.db.Reader(t.Context()), func() {
			s.call(t, s.author, http.MethodPatch, posts+"/"+id, `{"permissions":{"team":true,"users":["`+s.colleague.UserID+`"]}}`).want(t, http.StatusOK)
		}}
		var read []string
		err := s.content.List(t.Context(), q, s.colleague, content.Query{Kind: post.Kind.Name, Limit: 10}, func(q db.Queryer, f content.Feed) (n int, err error) {
			read, err = ids(t, q, f)
			return len(read), err
		})
		if err != nil || !slices.Equal(read, []string{id}) || q.first != nil {
			t.Errorf("the page is %v, want %s alone: %v", read, id, err)
		}
	})
}
