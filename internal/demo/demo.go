// Package demo makes up an organization to try WorkDrive with: Lumen Cartography, a fictional
// maker of maps with sixty people in a reporting tree, departments and their heads, locations,
// security groups and categories, and of the last two months two hundred posts for mixed
// audiences, news, documents, FAQs, a course and tasks in all states, events, and group chats, with
// comments, reactions, bookmarks and acknowledgements; quick links and a template of reminders.
//
// It works through the services, as any client does, as the people it makes; only the clock
// is its own. The people, who knows whom, and the texts are the same each time; ids, keys and
// the password are not. It is for an installation that has no organization yet.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/user"
)

// Access is the way into the demo organization.
type Access struct{ Email, Password, Key string }

// Text is the stored form, one value a line.
func (a Access) Text() string { return a.Email + "\n" + a.Password + "\n" + a.Key + "\n" }

// Parse reads the stored form.
func Parse(text string) Access {
	lines := append(strings.Split(text, "\n"), "", "", "")
	return Access{lines[0], lines[1], lines[2]}
}

const (
	seed = 1867
	days = 60 // how far back the organization's history goes
)

// Create fills an installation that has no organization yet; otherwise it is the Conflict
// fault of org.Setup, and changes nothing. now is where the made-up history ends.
func Create(ctx context.Context, a *app.App, now time.Time) (Access, error) {
	began := now.Add(-days * 24 * time.Hour).Truncate(24 * time.Hour)
	past := clock.NewManual(began)
	inner, err := a.WithClock(past)
	if err != nil {
		return Access{}, err
	}
	access := Access{Email: "ada.lindqvist@" + domain, Password: newPassword()}
	hash, err := user.HashPassword(access.Password)
	if err != nil {
		return Access{}, err
	}
	made, err := inner.Orgs.Setup(ctx, org.Setup{
		Name: "Lumen Cartography", Email: access.Email, FirstName: "Ada", LastName: "Lindqvist", PasswordHash: hash,
	})
	if err != nil {
		return Access{}, err
	}
	access.Key = made.AccessToken
	s := &stage{
		app: inner, clock: past, now: now, began: began,
		random: mathrand.New(mathrand.NewPCG(seed, seed)), //nolint:gosec // the same people each time is the point
		admin:  authz.Actor{OrgID: made.Organization.ID, UserID: made.UserID, Root: true, Capabilities: authz.Capabilities},
	}
	for _, step := range []func(context.Context) error{s.places, s.people, s.departments, s.friends, s.desk, s.history, s.talk} {
		if err := step(ctx); err != nil {
			return Access{}, fmt.Errorf("demo organization: %w", err)
		}
	}
	return access, nil
}

func newPassword() string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))
}

// stage is the organization while it is being made. random is used by one goroutine, while
// planning, so that the plan is the same each time.
type stage struct {
	app        *app.App
	clock      *clock.Manual
	began, now time.Time
	random     *mathrand.Rand
	admin      authz.Actor

	locations, groups map[string]string // ids by name
	members           []member          // the administrator first
	published         []published
	told              [7]int // texts used, by topic
}

// member is a person with who they are.
type member struct {
	first string
	who   authz.Actor
}

// published is something to answer that everybody may see.
type published struct {
	kind, id string
	author   int
	at       time.Time
}

// advance moves the clock forward to a time; it never goes back.
func (s *stage) advance(to time.Time) {
	if d := to.Sub(s.clock.Now()); d > 0 {
		s.clock.Advance(d)
	}
}

// chance is true in percent of a hundred cases.
func (s *stage) chance(percent int) bool { return s.random.IntN(100) < percent }

func (s *stage) anybody() int { return s.random.IntN(len(s.members)) }

func pick[T any](s *stage, from []T) T { return from[s.random.IntN(len(from))] }

// workers is how many writers work at the same time: they share commits.
const workers = 16

// each does n independent things with several workers and gives the first error.
func each(n int, do func(i int) error) error {
	next := make(chan int)
	errs := make(chan error, 1)
	var wait sync.WaitGroup
	for range min(workers, n) {
		wait.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
