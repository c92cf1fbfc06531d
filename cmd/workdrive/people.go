package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/token"
	"github.com/workdrive/workdrive/internal/module/user"
)

type userCommands struct {
	List        userListCommand     `cmd:"" help:"List the people of an organization."`
	Create      userCreateCommand   `cmd:"" help:"Create a person."`
	Invite      userInviteCommand   `cmd:"" help:"Make a link by which a person sets a password, and print it."`
	SetPassword userPasswordCommand `cmd:"" name:"set-password" help:"Set a person's password."`
	SetStatus   userStatusCommand   `cmd:"" name:"set-status" help:"Set the state of a person's account."`
}

// target names an organization, and the person of it that a command is about.
type target struct {
	config.Store `embed:""`
	Organization string `name:"organization" placeholder:"SUBDOMAIN" help:"Subdomain of the organization. Default: the root organization."`
}

// operate runs f as the operator of the machine: an actor with every capability.
func (t target) operate(ctx context.Context, std *stdio, f func(a *app.App, who authz.Actor) error) error {
	return t.operateAt(ctx, std, "", f)
}

// operateAt is operate for what prints addresses of a server.
func (t target) operateAt(ctx context.Context, std *stdio, publicURL string, f func(a *app.App, who authz.Actor) error) error {
	if t.Empty() {
		return fmt.Errorf("there is no installation in %s yet; see \"workdrive init --help\"", t.DataDir)
	}
	return withAt(ctx, t.Store, publicURL, std, func(a *app.App) error {
		who, err := a.Operator(ctx, t.Organization)
		if err != nil {
			return err
		}
		return f(a, who)
	})
}

type userListCommand struct {
	target `embed:""`
	Page   int `default:"1" help:"Page of the list."`
}

func (c userListCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		list, meta, err := a.Users.List(ctx, who, user.Filter{}, api.Page{CurPage: c.Page, PerPage: 100})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATUS\tNAME\tE-MAIL") //nolint:errcheck // Flush tells
		for _, u := range list {
			fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", u.ID, u.Status, u.FirstName, u.LastName, u.Email) //nolint:errcheck // Flush tells
		}
		fmt.Fprintf(w, "page %d of %d, %d people\n", meta.CurPage, meta.TotalPages, meta.TotalResults) //nolint:errcheck // Flush tells
		return w.Flush()
	})
}

type userCreateCommand struct {
	target        `embed:""`
	Email         string `required:"" help:"E-mail address."`
	FirstName     string `name:"first-name" required:"" help:"Given name."`
	LastName      string `name:"last-name" required:"" help:"Family name."`
	PasswordStdin bool   `name:"password-stdin" help:"Read a password from standard input."`
}

func (c userCreateCommand) Run(ctx context.Context, std *stdio) error {
	hash, err := passwordFrom(std.in, c.PasswordStdin)
	if err != nil {
		return usageError{err}
	}
	status := user.Active
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		u, err := a.Users.Create(ctx, who, user.Draft{Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Status: &status}, true)
		if err != nil {
			return err
		}
		if hash != "" {
			if err := a.Users.SetPasswordHash(ctx, who, u.ID, hash); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintln(std.out, u.ID)
		return err
	})
}

type userInviteCommand struct {
	target    `embed:""`
	PublicURL string `name:"public-url" env:"WORKDRIVE_PUBLIC_URL" default:"http://127.0.0.1:8080" help:"Address people reach the server under."`
	Email     string `arg:"" help:"E-mail address of the person."`
}

// Help is what "user invite --help" says beyond the flags.
func (userInviteCommand) Help() string {
	return `The link works once, for seven days, also for somebody who has forgotten their password. An earlier link stops working.`
}

// Run implements the command.
func (c userInviteCommand) Run(ctx context.Context, std *stdio) error {
	return c.operateAt(ctx, std, c.PublicURL, func(a *app.App, who authz.Actor) error {
		id, err := a.PersonByEmail(ctx, who, c.Email)
		if err != nil {
			return err
		}
		made, err := a.Sessions.InviteByHand(ctx, who, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, made.URL)
		return err
	})
}

type userPasswordCommand struct {
	target `embed:""`
	Email  string `arg:"" help:"E-mail address of the person. The password is read from standard input."`
}

func (c userPasswordCommand) Run(ctx context.Context, std *stdio) error {
	hash, err := passwordFrom(std.in, true)
	if err != nil {
		return usageError{err}
	}
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		id, err := a.PersonByEmail(ctx, who, c.Email)
		if err != nil {
			return err
		}
		return a.Users.SetPasswordHash(ctx, who, id, hash)
	})
}

type userStatusCommand struct {
	target `embed:""`
	Email  string `arg:"" help:"E-mail address of the person."`
	Status string `arg:"" enum:"ACTIVE,BLOCKED,ARCHIVE,INVITED,PRE_INVITED" help:"ACTIVE, BLOCKED, ARCHIVE, INVITED or PRE_INVITED."`
}

func (c userStatusCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		id, err := a.PersonByEmail(ctx, who, c.Email)
		if err != nil {
			return err
		}
		_, err = a.Users.Update(ctx, who, id, "", user.Change{Status: api.Patch[string]{Set: true, Value: c.Status}})
		return err
	})
}

type tokenCommands struct {
	Create tokenCreateCommand `cmd:"" help:"Make an API key for a person and print it."`
	List   tokenListCommand   `cmd:"" help:"List a person's keys."`
	Revoke tokenRevokeCommand `cmd:"" help:"Revoke a key."`
}

type tokenCreateCommand struct {
	target `embed:""`
	Email  string   `arg:"" help:"E-mail address of the person."`
	Name   string   `default:"command line" help:"What the key is for."`
	Scope  []string `help:"What it may do, such as posts:read. Repeat for more; everything unless given."`
}

// Help is what "token create --help" says beyond the flags.
func (tokenCreateCommand) Help() string {
	return `Example, a key for a program that only reads posts:

  workdrive token create ada@lumen.example --name "News ticker" --scope posts:read

The key is shown this once; "token revoke" ends it.`
}

// Run implements the command.
func (c tokenCreateCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		id, err := a.PersonByEmail(ctx, who, c.Email)
		if err != nil {
			return err
		}
		made, err := a.Tokens.CreateFor(ctx, who, token.Draft{Name: c.Name, UserID: id, Scopes: c.Scope})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, made.Secret)
		return err
	})
}

type tokenListCommand struct {
	target `embed:""`
	Email  string `arg:"" help:"E-mail address of the person."`
}

func (c tokenListCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		id, err := a.PersonByEmail(ctx, who, c.Email)
		if err != nil {
			return err
		}
		list, _, err := a.Tokens.List(ctx, who, id, api.Page{PerPage: 1000})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tBEGINS WITH\tNAME\tMADE") //nolint:errcheck // Flush tells
		for _, t := range list {
			fmt.Fprintf(w, "%s\t%s…\t%s\t%s\n", t.ID, t.Prefix, t.Name, time.UnixMilli(t.CreatedAt).UTC().Format(time.DateOnly)) //nolint:errcheck // Flush tells
		}
		return w.Flush()
	})
}

type tokenRevokeCommand struct {
	target `embed:""`
	ID     string `arg:"" help:"Id of the key, from \"token list\"."`
}

func (c tokenRevokeCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error { return a.Tokens.Revoke(ctx, who, c.ID) })
}
