package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/demo"
	"github.com/workdrive/workdrive/internal/kernel/config"
)

type serveCommand struct {
	config.Store  `embed:""`
	config.Server `embed:""`
	Demo          bool `help:"On first start, create a made-up organization; print its administrator's sign-in and a request to paste."`
}

func (c serveCommand) Run(ctx context.Context, std *stdio) error {
	a, closeAll, err := open(ctx, c.Store, c.Server, std)
	if err != nil {
		return err
	}
	if c.Demo {
		if err := c.prepareDemo(ctx, a, std); err != nil {
			return errors.Join(err, closeAll())
		}
	}
	err = a.Serve(ctx, func(address string) {
		fmt.Fprintf(std.out, "WorkDrive %s serves http://%s (stop with Ctrl-C)\n", programVersion(), address) //nolint:errcheck // a courtesy
		if c.Demo {
			c.printDemo(a, std)
		}
	})
	return errors.Join(err, closeAll())
}

// demoFile keeps the demo's sign-in and key, so that what was printed once can be printed
// again. A real installation's key is never stored.
const demoFile = "demo-access"

func (c serveCommand) prepareDemo(ctx context.Context, a *app.App, std *stdio) error {
	there, err := a.Orgs.Exists(ctx)
	if err != nil || there {
		return err
	}
	fmt.Fprintln(std.out, "Creating the demo organization …") //nolint:errcheck // a courtesy
	made, err := demo.Create(ctx, a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.DataDir, demoFile), []byte(made.Text()), 0o600)
}

func (c serveCommand) printDemo(_ *app.App, std *stdio) {
	text, err := os.ReadFile(filepath.Join(c.DataDir, demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(std.out, "This installation was not set up by --demo: it is served as it is.") //nolint:errcheck // a courtesy
		return
	}
	made := demo.Parse(string(text))
	fmt.Fprintf(std.out, "\nAdministrator: %s, password %s\nTry:\n\n  curl -H 'X-API-KEY: %s' '%s/api/posts?per_page=3'\n\n", //nolint:errcheck // a courtesy
		made.Email, made.Password, made.Key, c.Address())
}
