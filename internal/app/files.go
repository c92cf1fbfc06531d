package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/blob/s3"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	persons "github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/seal"
)

// uploads is where this server plays S3 for uploads, below the public address.
const uploads = "/api/uploads"

// OpenFiles opens the file store that the settings name: S3, or the directory files in the
// data directory, which then belongs to this process until closeAll is called.
func OpenFiles(s config.Store, server config.Server, c clock.Clock, log *slog.Logger) (files blob.Store, closeAll func() error, err error) {
	if o := server.S3; o.Endpoint != "" {
		files, err = s3.New(s3.Options{
			Endpoint: o.Endpoint, Region: o.Region, Bucket: o.Bucket, AccessKey: o.AccessKey, SecretKey: o.SecretKey, PathStyle: o.PathStyle, Clock: c,
		})
		return files, func() error { return nil }, err
	}
	dir := filepath.Join(s.DataDir, "files")
	unlock, err := db.LockDir(dir) // the data directory itself is free when the data is in PostgreSQL
	if err != nil {
		return nil, nil, fmt.Errorf("%w: several nodes share files on S3 (--s3-endpoint)", err)
	}
	d, err := disk.Open(disk.Options{Dir: dir, URL: server.Address(server.Listen) + uploads, Bucket: bucket(server), Clock: c, Logger: log})
	if err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return d, func() error { return errors.Join(d.Close(), unlock()) }, nil
}

// OpenFilesToRead opens the file store that the settings name, also while a server works on it.
// It gives nil where there is none yet.
func OpenFilesToRead(s config.Store, server config.Server, log *slog.Logger) (files blob.Store, closeAll func() error, err error) {
	if server.S3.Endpoint != "" {
		return OpenFiles(s, server, clock.System{}, log)
	}
	dir := filepath.Join(s.DataDir, "files")
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, func() error { return nil }, nil
	}
	d, err := disk.Open(disk.Options{Dir: dir, Logger: log, ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	return d, d.Close, nil
}

// secretKey is the file in the data directory that has the keys of secrets, unless a setting names
// another.
const secretKey = "secret.key"

// OpenKeys reads the keys that secrets are sealed with. The file in the data directory is made when
// it is missing; one that a setting names must be there.
func OpenKeys(s config.Store, server config.Server) (seal.Keys, error) {
	if server.SecretKeyFile == "" {
		return seal.Load(filepath.Join(s.DataDir, secretKey), true)
	}
	k, err := seal.Load(server.SecretKeyFile, false)
	if err != nil {
		err = fmt.Errorf("--secret-key-file: %w", err)
	}
	return k, err
}

// dress shows the pictures of people and the logo in an answer (kernel/person).
func (a *App) dress(ctx context.Context, who authz.Actor, answer any) error {
	return persons.Dress(ctx, answer, func(ctx context.Context, ids []string) (map[string]persons.File, error) {
		return a.Media.ByIDs(ctx, a.o.DB.Reader(ctx), who.OrgID, ids)
	})
}

// bucket is the name of the place files are kept in, as signed posts and answers show it.
func bucket(server config.Server) string {
	if server.S3.Endpoint != "" {
		return server.S3.Bucket
	}
	return "workdrive"
}

// mountUploads takes uploads to this server's own file store, if it has one. They authenticate
// by the signature of their policy.
func (a *App) mountUploads() {
	if store, ok := a.o.Files.(http.Handler); ok {
		a.router.Handle("uploadFile", http.MethodPost, uploads+"/"+bucket(a.o.Server), store)
	}
}
