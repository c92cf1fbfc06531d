package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/demo"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
)

type serveCommand struct {
	config.Store  `embed:""`
	config.Server `embed:""`
	Demo          bool `help:"On first start, create a made-up organization; print its administrator's sign-in and a request to paste."`
}

// Help is what "serve --help" says beyond the flags.
func (serveCommand) Help() string {
	return `Addresses: / (the web console), /api (X-API-KEY), /api/openapi.json, /healthz (the process answers), /readyz (it can work), /metrics (to requests from this
machine, or on --metrics-listen alone, where /debug/pprof is too).

SIGTERM or Ctrl-C stops gracefully: /readyz fails, requests in flight are answered, background work is finished. A second one stops at once.
Logs are JSON lines on standard error.`
}

// Run implements the command.
func (c serveCommand) Run(ctx context.Context, std *stdio) error {
	a, closeAll, err := open(ctx, c.Store, c.Server, std, true)
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
			c.printDemo(address, std)
		}
		if there, err := a.Orgs.Exists(ctx); err == nil && !there {
			fmt.Fprintf(std.out, "\nNothing is set up yet. Open this address in a browser to create your organization:\n\n  %s\n\n", a.SetupURL(c.Address(address))) //nolint:errcheck // a courtesy
		}
	})
	return errors.Join(err, closeAll())
}

// demoFile keeps the demo's sign-in and key, so that what was printed once can be printed
// again. A real installation's key is never stored.
const demoFile = "demo-access"

// createDemo fills an empty installation and keeps the way into it in the data directory.
func createDemo(ctx context.Context, a *app.App, s config.Store) (demo.Access, error) {
	made, err := demo.Create(ctx, a, clock.System{}.Now())
	if err != nil {
		return demo.Access{}, err
	}
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil { // there is none yet with PostgreSQL
		return demo.Access{}, err
	}
	return made, os.WriteFile(filepath.Join(s.DataDir, demoFile), []byte(made.Text()), 0o600)
}

func (c serveCommand) prepareDemo(ctx context.Context, a *app.App, std *stdio) error {
	there, err := a.Orgs.Exists(ctx)
	if err != nil || there {
		return err
	}
	fmt.Fprintln(std.out, "Creating the demo organization …") //nolint:errcheck // a courtesy
	_, err = createDemo(ctx, a, c.Store)
	debug.FreeOSMemory() // hashing the password took 64 MiB that serving does not need
	return err
}

func (c serveCommand) printDemo(address string, std *stdio) {
	text, err := os.ReadFile(filepath.Join(c.DataDir, demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(std.out, "--demo: the organization here was not made by it, or not to the end. It is served as it is.") //nolint:errcheck // a courtesy
		return
	}
	made := demo.Parse(string(text))
	fmt.Fprintf(std.out, "\nOpen %s in a browser and sign in.\nAdministrator: %s, password %s\nTry:\n\n  curl -H 'X-API-KEY: %s' '%s/api/posts?per_page=3'\n\n", //nolint:errcheck // a courtesy
		c.Address(address), made.Email, made.Password, made.Key, c.Address(address))
}
