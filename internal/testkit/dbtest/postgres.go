package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPostgres says that this machine has no PostgreSQL server program.
var ErrNoPostgres = errors.New("no PostgreSQL server: install Debian's package postgresql, or set WORKDRIVE_TEST_POSTGRES")

// StartPostgres starts a PostgreSQL server in a temporary directory on a free loopback
// port, as a user that is not root, and gives its URL. The server ends with this process
// (Linux sends it a signal) or when stop is called. settings are server settings, "name=value".
func StartPostgres(settings ...string) (url string, stop func(), err error) {
	bin, err := serverPrograms()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "workdrive-postgres-")
	if err != nil {
		return "", nil, err
	}
	cleanUp := func() { _ = os.RemoveAll(dir) }
	attr, err := ordinaryUser(dir)
	if err != nil {
		cleanUp()
		return "", nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "workdrive", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		cleanUp()
		return "", nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		cleanUp()
		return "", nil, err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), args...)
	var log bytes.Buffer
	server.Stdout, server.Stderr, server.SysProcAttr, server.Dir = &log, &log, attr, dir
	if err := server.Start(); err != nil {
		cleanUp()
		return "", nil, err
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = server.Wait()
		cleanUp()
	}
	url = fmt.Sprintf("postgres://workdrive@127.0.0.1:%d/postgres?sslmode=disable", port)
	if err := ready(url); err != nil {
		stop()
		return "", nil, fmt.Errorf("%w: %s", err, log.String())
	}
	return url, stop, nil
}

func serverPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return "", ErrNoPostgres
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// ordinaryUser makes the server run as somebody who is not root, which PostgreSQL insists
// on, and gives them the directory.
func ordinaryUser(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func ready(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
