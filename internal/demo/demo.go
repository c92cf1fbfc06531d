// Package demo makes up an organization to try WorkDrive with: Lumen Cartography, a fictional
// maker of maps with about sixty people in a reporting tree, departments, locations, security
// groups, and two hundred posts for mixed audiences. It works through the services, as any
// client does, and always makes the same people and texts.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"sync"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/authz"
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

// Create fills an installation that has no organization yet.
func Create(ctx context.Context, a *app.App) (Access, error) {
	access := Access{Email: "ada.lindqvist@" + domain, Password: newPassword()}
	hash, err := user.HashPassword(access.Password)
	if err != nil {
		return Access{}, err
	}
	made, err := a.Orgs.Setup(ctx, org.Setup{
		Name: "Lumen Cartography", Email: access.Email, FirstName: "Ada", LastName: "Lindqvist", PasswordHash: hash,
	})
	if err != nil {
		return Access{}, err
	}
	access.Key = made.AccessToken
	s := &stage{app: a, admin: authz.Actor{OrgID: made.Organization.ID, UserID: made.UserID, Root: true, Capabilities: authz.Capabilities}}
	for _, step := range []func(context.Context) error{s.directory, s.people, s.friends, s.posts} {
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

// stage is the organization while it is being made.
type stage struct {
	app   *app.App
	admin authz.Actor

	departments, locations, groups map[string]string // ids by name
	members                        []member
}

// member is a person with who they are.
type member struct {
	id         string
	supervisor int
	who        authz.Actor
}

// workers is how many writers publish at the same time: they share commits.
const workers = 16

// each does n things with several workers and gives the first error.
func each(n int, do func(i int) error) error {
	next := make(chan int)
	errs := make(chan error, workers)
	var wait sync.WaitGroup
	for range workers {
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
