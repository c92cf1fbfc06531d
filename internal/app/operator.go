package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/backup"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/module/user"
)

// Operator gives the actor as whom the command line works on an organization: its first
// administrator. "" is the root organization. Whoever can run the program on the data has
// every right to it already.
func (a *App) Operator(ctx context.Context, subdomain string) (authz.Actor, error) {
	o, err := a.Orgs.BySubdomain(ctx, subdomain)
	if err != nil {
		return authz.Actor{}, err
	}
	return authz.Actor{OrgID: o.ID, UserID: o.CreatedBy, Root: o.ParentID == nil, Capabilities: authz.Capabilities}, nil
}

// PersonByEmail gives the id of a person, former members included.
func (a *App) PersonByEmail(ctx context.Context, who authz.Actor, email string) (string, error) {
	for _, status := range []string{"", user.Archive} {
		list, _, err := a.Users.List(ctx, who, user.Filter{Email: email, Status: status}, api.Page{})
		if err != nil {
			return "", err
		}
		if len(list) == 1 {
			return list[0].ID, nil
		}
	}
	return "", fmt.Errorf("nobody in this organization has the e-mail address %s", email)
}

// Installation is what backups save and restore.
func (a *App) Installation() backup.Installation {
	return backup.Installation{DB: a.o.DB, Jobs: a.jobs, Files: a.o.Files, Release: a.o.Version, Now: a.o.Clock.Now()}
}

// Describe gives the OpenAPI description of Release, which does not depend on any data.
func Describe(ctx context.Context) (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "workdrive-describe-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := slog.New(slog.DiscardHandler)
	d, closeAll, err := Open(ctx, config.Store{DataDir: filepath.Join(dir, "data")}, log)
	if err != nil {
		return nil, err
	}
	a, err := New(Options{Version: Release, Server: config.Server{MaxInFlight: 1}, DB: d, Log: log})
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	body, err := a.router.OpenAPI()
	return body, errors.Join(err, closeAll())
}
