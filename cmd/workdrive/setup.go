package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/org"
	"github.com/workdrive/workdrive/internal/module/user"
)

type initCommand struct {
	config.Store  `embed:""`
	Org           string `required:"" placeholder:"NAME" help:"Name of the organization."`
	Email         string `required:"" placeholder:"E-MAIL" help:"E-mail address of its administrator."`
	FirstName     string `name:"first-name" required:"" placeholder:"NAME" help:"Given name of the administrator."`
	LastName      string `name:"last-name" required:"" placeholder:"NAME" help:"Family name of the administrator."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the administrator's password from the first line of standard input. Without it there is none yet: use the API key."`
	JSON          bool   `name:"json" help:"Print the result as JSON: organizationId, userId, email, accessToken."`
}

// Help is what "init --help" says beyond the flags.
func (initCommand) Help() string {
	return `Example, with the password from a file that only you can read:

  workdrive init --org "Lumen Cartography" --email ada@lumen.example --first-name Ada --last-name Lindqvist --password-stdin < password

The key that is printed is shown this once. An installation that is set up already stays as it is.`
}

// Run implements the command.
func (c initCommand) Run(ctx context.Context, std *stdio) error {
	hash, err := passwordFrom(std.in, c.PasswordStdin)
	if err != nil {
		return usageError{err}
	}
	return with(ctx, c.Store, std, func(a *app.App) error {
		r, err := a.Orgs.Setup(ctx, org.Setup{
			Name: c.Org, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, PasswordHash: hash,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(std.out).Encode(struct { //nolint:gosec // printing the new key is what it is for
				OrganizationID string `json:"organizationId"`
				UserID         string `json:"userId"`
				Email          string `json:"email"`
				AccessToken    string `json:"accessToken"`
			}{r.Organization.ID, r.UserID, r.Email, r.AccessToken})
		}
		_, err = fmt.Fprintf(std.out, "%s is set up.\nAdministrator: %s\nAPI key (shown this once): %s\n", r.Organization.Name, r.Email, r.AccessToken)
		return err
	})
}

// passwordFrom reads a password from a line of input and gives its hash, "" for none.
func passwordFrom(in io.Reader, wanted bool) (string, error) {
	if !wanted {
		return "", nil
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the password could not be read from standard input: %w", err)
	}
	return user.HashPassword(strings.TrimRight(line, "\r\n"))
}

type migrateCommand struct {
	config.Store `embed:""`
}

func (c migrateCommand) Run(ctx context.Context, std *stdio) error {
	return with(ctx, c.Store, std, func(*app.App) error {
		_, err := fmt.Fprintln(std.out, "The schema is up to date.")
		return err
	})
}

type demoCommand struct {
	config.Store `embed:""`
}

// Run makes the organization, and keeps the way into it for "serve --demo" to print again.
func (c demoCommand) Run(ctx context.Context, std *stdio) error {
	return with(ctx, c.Store, std, func(a *app.App) error {
		made, err := createDemo(ctx, a, c.Store)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "The demo organization is there.\nAdministrator: %s, password %s\nAPI key: %s\n", made.Email, made.Password, made.Key)
		return err
	})
}

type openapiCommand struct{}

// Run prints the description of the API, which is the same on every database.
func (openapiCommand) Run(ctx context.Context, std *stdio) error {
	body, err := app.Describe(ctx)
	if err != nil {
		return err
	}
	_, err = std.out.Write(body)
	return err
}
