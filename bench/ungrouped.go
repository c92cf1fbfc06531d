package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// serveUngrouped serves the program's API from SQLite with one commit per transaction.
func serveUngrouped(args []string) error {
	flags := flag.NewFlagSet("ungrouped", flag.ExitOnError)
	dir, listen := flags.String("data-dir", "", ""), flags.String("listen", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, err := db.Open(ctx, db.Options{URL: "sqlite:" + filepath.Join(*dir, "workdrive.db"), MaxBatch: 1, Logger: log})
	if err != nil {
		return err
	}
	a, err := app.New(app.Options{Version: "bench", Server: config.Server{Listen: *listen, MaxInFlight: 256}, DB: d, Log: log})
	if err != nil {
		return errors.Join(err, d.Close())
	}
	return errors.Join(a.Serve(ctx, func(string) {}), d.Close())
}
