package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/directory"
)

type ldapCommands struct {
	Sync ldapSyncCommand `cmd:"" help:"Make the people of an organization as its LDAP directory has them."`
}

type ldapSyncCommand struct {
	config.Store `embed:""`
	LDAP         config.LDAP `embed:"" prefix:"ldap-"`
	DryRun       bool        `name:"dry-run" help:"Say what would be done, and do nothing."`
	Force        bool        `help:"Archive people however many they are."`
}

// Help is what "ldap sync --help" says beyond the flags.
func (ldapSyncCommand) Help() string {
	return `A server with the same settings does so every --ldap-interval. On SQLite, stop it first, or ask it: POST /api/directory/sync.`
}

// Run implements the command.
func (c ldapSyncCommand) Run(ctx context.Context, std *stdio) error {
	if !c.LDAP.On() {
		return usageError{errors.New("--ldap-url is missing")}
	}
	if c.Empty() {
		return fmt.Errorf("there is no installation in %s yet; see \"workdrive init --help\"", c.DataDir)
	}
	a, closeAll, err := open(ctx, c.Store, config.Server{Listen: "127.0.0.1:0", MaxInFlight: 1, LDAP: c.LDAP}, std, false)
	if err != nil {
		return err
	}
	return errors.Join(c.sync(ctx, a, std), closeAll())
}

func (c ldapSyncCommand) sync(ctx context.Context, a *app.App, std *stdio) error {
	who, err := a.Operator(ctx, c.LDAP.Organization)
	if err != nil {
		return err
	}
	r, err := a.Directory.Sync(ctx, who, directory.Options{DryRun: c.DryRun, Force: c.Force})
	if err != nil {
		return err
	}
	for _, p := range r.Errors {
		fmt.Fprintf(std.err, "%s: %s\n", p.Entry, p.Detail) //nolint:errcheck // a courtesy
	}
	would := ""
	if r.DryRun {
		would = "would be "
	}
	_, err = fmt.Fprintf(std.out, "%d entries: %d %screated, %d %supdated, %d unchanged, %d %sarchived\n", r.Entries, r.Created, would, r.Updated, would, r.Unchanged, r.Archived, would)
	switch {
	case err != nil:
		return err
	case r.ArchiveRefused > 0:
		return fmt.Errorf("%d people would have been archived, more than %d %%: check --ldap-filter and --ldap-base, or use --force", r.ArchiveRefused, c.LDAP.MaxArchive)
	case len(r.Errors) > 0:
		return fmt.Errorf("%d entries were left as they are", len(r.Errors))
	}
	return nil
}
