// Command workdrive is the workplace platform: server, set-up and administration in one
// program. `workdrive --help` describes it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/extract"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// version is set by a release build: -ldflags "-X main.version=1.2.3".
var version = ""

const description = `WorkDrive is a self-hosted workplace platform: people and departments, posts and news, behind one REST API.

Alone it keeps everything in a data directory. Try it: "workdrive serve --demo" starts a server with a made-up organization and
prints a request to paste. For your own organization: "workdrive init", then "workdrive serve".`

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve the web console and the API until interrupted."`
	Init    initCommand    `cmd:"" help:"Set up: create the organization, its administrator and an API key."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date and exit. \"serve\" does so too."`
	Demo    demoCommand    `cmd:"" help:"Fill an empty installation with a made-up organization."`
	Backup  backupCommand  `cmd:"" help:"Write everything into one archive, while the server works."`
	Restore restoreCommand `cmd:"" help:"Bring an archive back into an empty installation, or only check it."`
	Export  exportCommands `cmd:"" help:"Write a part of the installation into an archive."`
	Import  importCommands `cmd:"" help:"Bring data into the installation."`
	Move    moveCommand    `cmd:"" help:"Move the database from the data directory to PostgreSQL."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what is wrong with an installation."`
	User    userCommands   `cmd:"" help:"List and change people."`
	Token   tokenCommands  `cmd:"" help:"List, make and revoke API keys."`
	LDAP    ldapCommands   `cmd:"" name:"ldap" help:"Work with the LDAP directory."`
	Audit   auditCommands  `cmd:"" help:"Check the audit log."`
	Version versionCommand `cmd:"" help:"Print the version."`
	OpenAPI openapiCommand `cmd:"" name:"openapi" hidden:"" help:"Print the OpenAPI description."`
}

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

// readPDF is the command that takes the words out of a PDF in a process of its own.
const readPDF = "read-pdf"

func main() {
	if len(os.Args) == 2 && os.Args[1] == readPDF { // started by itself (kernel/extract)
		os.Exit(extract.Child(os.Stdin, os.Stdout))
	}
	syscall.Umask(0o077) // what it keeps is its owner's alone
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // after the first signal a second one ends the process at once
		<-ctx.Done()
		stop()
	}()
	var c commands
	exited := -1
	parser, err := kong.New(&c, kong.Name("workdrive"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
	if err != nil {
		panic(err) // the table of commands is wrong
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(errOut, "workdrive: %v\n", err) //nolint:errcheck // nobody is left to tell
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(&stdio{in, out, errOut})
	if err == nil {
		return 0
	}
	fmt.Fprintf(errOut, "workdrive: %s\n", oneLine(err)) //nolint:errcheck // nobody is left to tell
	var u usageError
	if errors.As(err, &u) {
		return exitUsage
	}
	return exitFailure
}

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a mistake in how the program was called or set up.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// oneLine says what went wrong in one line for a person.
func oneLine(err error) string {
	text := err.Error()
	if f, ok := fault.As(err); ok {
		text = f.Detail
		for _, field := range f.Fields {
			text += " " + field.Pointer + ": " + field.Detail
		}
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func logger(s config.Store, to io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: s.Level()}))
}

// open checks the settings and opens the installation for a command. Only one that serves has
// files: the directory of files belongs to one process.
func open(ctx context.Context, s config.Store, server config.Server, std *stdio, serves bool) (*app.App, func() error, error) {
	if err := errors.Join(s.Check(), server.Check()); err != nil {
		return nil, nil, usageError{err}
	}
	log := logger(s, std.err)
	for _, name := range config.Unknown(os.Environ()) {
		log.Warn("an environment variable is no setting of this version and has no effect", "name", name)
	}
	d, closeAll, err := app.Open(ctx, s, log)
	if err != nil {
		return nil, nil, err
	}
	o := app.Options{Version: programVersion(), Server: server, DB: d, Clock: clock.System{}, Log: log}
	if serves {
		files, closeFiles, err := app.OpenFiles(s, server, clock.System{}, log)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll())
		}
		closeData := closeAll
		self, err := os.Executable()
		if err != nil {
			return nil, nil, errors.Join(err, closeFiles(), closeAll())
		}
		if o.Keys, err = app.OpenKeys(s, server); err != nil {
			return nil, nil, errors.Join(err, closeFiles(), closeAll())
		}
		o.ReadPDF = []string{self, readPDF}
		o.Films, o.Scratch = video.Find("", video.Limits{}), filepath.Join(s.DataDir, "scratch")
		if !o.Films.Available() {
			log.Info("films are kept and not processed: install ffmpeg to have them play in browsers")
		}
		o.Files, closeAll = files, func() error { return errors.Join(closeFiles(), closeData()) }
	}
	a, err := app.New(o)
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return a, closeAll, nil
}

// with runs f on the opened installation.
func with(ctx context.Context, s config.Store, std *stdio, f func(a *app.App) error) error {
	return withAt(ctx, s, "", std, f)
}

func withAt(ctx context.Context, s config.Store, publicURL string, std *stdio, f func(a *app.App) error) error {
	a, closeAll, err := open(ctx, s, config.Server{Listen: "127.0.0.1:0", PublicURL: publicURL, MaxInFlight: 1}, std, false)
	if err != nil {
		return err
	}
	return errors.Join(f(a), closeAll())
}

type versionCommand struct{}

func (versionCommand) Run(std *stdio) error {
	_, err := fmt.Fprintln(std.out, "workdrive", programVersion())
	return err
}

// programVersion is the release, or the commit a development build was made from.
func programVersion() string {
	if version != "" {
		return version
	}
	dev := app.Release + "-dev"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return dev + "+" + s.Value[:12]
			}
		}
	}
	return dev
}
