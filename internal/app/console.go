package app

import (
	"context"
	"net/url"

	"github.com/workdrive/workdrive/internal/console"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/user"
)

// mountConsole makes the web console, which calls the operations of the router in process.
func (a *App) mountConsole() (err error) {
	var files []string
	if s3, err := url.Parse(a.o.Server.S3.Endpoint); err == nil && s3.Host != "" {
		files = append(files, s3.Scheme+"://"+s3.Host)
		if !a.o.Server.S3.PathStyle {
			files = append(files, s3.Scheme+"://"+bucket(a.o.Server)+"."+s3.Host)
		}
	}
	var provider console.Provider
	if a.o.Server.OIDC.On() {
		provider = elsewhere{a.Identities, a.Sessions}
	}
	a.console, err = console.New(console.Deps{
		API: a.router, Sessions: a.Sessions, Installation: installation{a.Orgs, a.Users}, Provider: provider, Clock: a.o.Clock, Log: a.o.Log,
		URL: a.o.Server.Address(a.o.Server.Listen), Files: files,
	})
	return err
}

// SetupURL is where the first organization is made in a browser, on a server that people reach
// at an address.
func (a *App) SetupURL(address string) string { return address + a.console.SetupPath() }

// installation lets the console set up.
type installation struct {
	orgs  *org.Service
	users *user.Service
}

// Exists implements console.Installation.
func (i installation) Exists(ctx context.Context) (bool, error) { return i.orgs.Exists(ctx) }

// Several implements console.Installation.
func (i installation) Several(ctx context.Context) (bool, error) { return i.orgs.Several(ctx) }

// Found implements console.Installation.
func (i installation) Found(ctx context.Context, in console.Founding) error {
	hash, err := i.users.Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	_, err = i.orgs.Setup(ctx, org.Setup{
		Name: in.Organization, Email: in.Email, FirstName: in.FirstName, LastName: in.LastName, PasswordHash: hash,
	})
	return err
}
