// Package disk keeps objects in a directory of this server, and plays the S3 server that
// signed posts are sent to.
//
// Directory:
//
//	objects/   org/{organization}/{file}/{name}, whole files only
//	incoming/  files being written; what an interrupted upload left is removed at Open and by Sweep
//	deleted/   for an hour, one empty file per deleted object: its signed post stays used
//	secret     what policies are signed with, mode 0600
//
// An object is written to incoming, synced, renamed into place, and its directory synced
// before anybody is told: after a power cut an acknowledged object is there, and there are no
// parts of others. The directory belongs to one process (db.LockDir); more nodes need S3.
package disk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path"
	"sort"
	"strings"
	"sync"
	"syscall"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// Options of a store. Dir and URL must be given.
type Options struct {
	Dir    string // created when missing, mode 0700
	URL    string // where clients reach the store's handler, without the bucket
	Bucket string // default "workdrive"; the last segment of the address forms are sent to
	Secret string // default: random, kept in Dir
	Clock  clock.Clock
	Logger *slog.Logger
	// ReadOnly leaves the directory, which another process may be writing, as it is; it must exist.
	ReadOnly bool
}

// Store implements blob.Store and http.Handler.
type Store struct {
	root    *os.Root
	url     string
	account postpolicy.Account
	clock   clock.Clock
	log     *slog.Logger
	create  func(name string) (writer, error) // root's; tests make it fail

	mu      sync.Mutex // one change of names at a time
	writing map[string]bool
}

// writer is a file being written.
type writer interface {
	io.WriteCloser
	Sync() error
}

var _ blob.Store = (*Store)(nil)

const (
	objects  = "objects"
	incoming = "incoming"
	deleted  = "deleted"
	secret   = "secret"
)

// Open opens the store and removes what interrupted uploads left.
func Open(o Options) (*Store, error) {
	if !o.ReadOnly {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("the directory of the files cannot be created: %w", err)
		}
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the directory of the files cannot be opened: %w", err)
	}
	s := &Store{
		root: root, url: strings.TrimRight(o.URL, "/"), clock: o.Clock, log: o.Logger,
		account: postpolicy.Account{Bucket: o.Bucket, Region: "local", AccessKey: "workdrive", Secret: o.Secret},
		writing: map[string]bool{},
	}
	if s.account.Bucket == "" {
		s.account.Bucket = "workdrive"
	}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.create = func(name string) (writer, error) {
		return root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	if o.ReadOnly {
		return s, nil
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("the directory of the files cannot be used: %w", err), root.Close())
	}
	return s, nil
}

// Close lets go of the directory.
func (s *Store) Close() error { return s.root.Close() }

func (s *Store) prepare() error {
	for _, dir := range []string{objects, incoming, deleted} {
		if err := s.makeDir(dir); err != nil {
			return err
		}
	}
	if s.account.Secret == "" {
		if err := s.loadSecret(); err != nil {
			return err
		}
	}
	return s.Sweep(context.Background())
}

func (s *Store) loadSecret() error {
	text, err := s.root.ReadFile(secret)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text() + rand.Text()) // 260 bits
		err = s.write(secret, strings.NewReader(string(text)), s.rename)
	}
	if err == nil && len(text) < 52 {
		err = fmt.Errorf("%s is damaged: remove it to get a new one", secret)
	}
	s.account.Secret = string(text)
	return err
}

// Presign implements blob.Store.
func (s *Store) Presign(_ context.Context, up blob.Upload) (blob.SignedPost, error) {
	if err := up.Check(); err != nil {
		return blob.SignedPost{}, err
	}
	return blob.SignedPost{URL: s.url + "/" + s.account.Bucket, Fields: s.account.Issue(up, "private", s.clock.Now())}, nil
}

// Put implements blob.Store.
func (s *Store) Put(_ context.Context, key string, content blob.Content) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	in := &exactly{io.LimitedReader{R: content.Reader, N: content.Size}}
	if err := s.write(path.Join(objects, key), in, s.rename); err != nil {
		return blob.Info{}, storageFault(err)
	}
	return s.stat(key)
}

// exactly reads a number of bytes, and fails when there are fewer.
type exactly struct{ io.LimitedReader }

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.LimitedReader.Read(p)
	if errors.Is(err, io.EOF) && e.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Stat implements blob.Store.
func (s *Store) Stat(_ context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	return s.stat(key)
}

func (s *Store) stat(key string) (blob.Info, error) {
	info, err := s.root.Lstat(path.Join(objects, key))
	if err != nil {
		return blob.Info{}, storageFault(err)
	}
	return describe(key, info), nil
}

// describe makes the entity tag of what changes when an object is replaced: it is another
// file then. Time and size alone could be the same, because clocks of file systems are coarse.
func describe(key string, info fs.FileInfo) blob.Info {
	var inode uint64
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = system.Ino
	}
	return blob.Info{
		Key: key, Size: info.Size(), Modified: info.ModTime().UTC(),
		ETag: fmt.Sprintf(`"%x-%x-%x"`, inode, info.ModTime().UnixNano(), info.Size()),
	}
}

// Open implements blob.Store.
func (s *Store) Open(_ context.Context, key string) (*blob.Object, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path.Join(objects, key))
	if err != nil {
		return nil, storageFault(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, storageFault(errors.Join(err, f.Close()))
	}
	return &blob.Object{Info: describe(key, info), ReadSeekCloser: f}, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(_ context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Join(objects, key)
	if _, err := s.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := s.root.WriteFile(tombstone(key), nil, 0o600); err != nil {
		return storageFault(err)
	}
	if err := s.syncDir(deleted); err != nil {
		return storageFault(err)
	}
	if err := s.root.Remove(name); err != nil {
		return storageFault(err)
	}
	dir := path.Dir(name)
	if s.root.Remove(dir) == nil { // it was the last object of its file
		dir = path.Dir(dir)
	}
	return storageFault(s.syncDir(dir))
}

// tombstone is where Delete remembers that a key was used: its signed post may still be valid.
func tombstone(key string) string {
	sum := sha256.Sum256([]byte(key))
	return path.Join(deleted, hex.EncodeToString(sum[:]))
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, after string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		err := s.walk(ctx, "", after, func(info blob.Info) bool { return info.Key <= after || yield(info, nil) })
		if err != nil && !errors.Is(err, fs.SkipAll) {
			yield(blob.Info{}, storageFault(err))
		}
	}
}

// walk visits the objects below a directory in the order of their keys. It skips directories
// that have none after a key.
func (s *Store) walk(ctx context.Context, dir, after string, visit func(blob.Info) bool) error {
	entries, err := fs.ReadDir(s.root.FS(), path.Join(objects, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted since it was listed
	}
	if err != nil {
		return err
	}
	place := func(i int) string { // "a-b" comes before "a/": as S3 does, compare whole keys
		if entries[i].IsDir() {
			return entries[i].Name() + "/"
		}
		return entries[i].Name()
	}
	sort.Slice(entries, func(i, j int) bool { return place(i) < place(j) })
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := path.Join(dir, entry.Name())
		if entry.IsDir() {
			if below := key + "/"; below < after && !strings.HasPrefix(after, below) {
				continue
			}
			if err := s.walk(ctx, key, after, visit); err != nil {
				return err
			}
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !visit(describe(key, info)) {
			return fs.SkipAll
		}
	}
	return nil
}

// Sweep removes what interrupted uploads left and forgets old deletions. Call it every hour.
func (s *Store) Sweep(ctx context.Context) error {
	var failed []error
	for _, dir := range []string{incoming, deleted} {
		entries, err := fs.ReadDir(s.root.FS(), dir)
		failed = append(failed, err)
		for _, entry := range entries {
			if ctx.Err() != nil {
				return errors.Join(append(failed, ctx.Err())...)
			}
			if name := path.Join(dir, entry.Name()); s.isOver(name, entry) {
				failed = append(failed, s.root.Remove(name))
			}
		}
	}
	return errors.Join(failed...)
}

// isOver reports whether a file in incoming or deleted is of no more use.
func (s *Store) isOver(name string, entry fs.DirEntry) bool {
	if path.Dir(name) == incoming {
		s.mu.Lock()
		defer s.mu.Unlock()
		return !s.writing[name]
	}
	info, err := entry.Info()
	return err == nil && s.clock.Now().Sub(info.ModTime()) > blob.MaxExpires+postpolicy.Skew
}

// write writes a reader's bytes durably to a new file, which place gives its name.
func (s *Store) write(name string, r io.Reader, place func(from, to string) error) (err error) {
	temporary := path.Join(incoming, ids.New())
	s.mark(temporary, true)
	defer s.mark(temporary, false)
	f, err := s.create(temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = s.root.Remove(temporary) // else Sweep does
		}
	}()
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, window)); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return place(temporary, name)
}

func (s *Store) mark(temporary string, writing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if writing {
		s.writing[temporary] = true
	} else {
		delete(s.writing, temporary)
	}
}

// rename puts a written file into its place, over one that is there.
func (s *Store) rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renameLocked(from, to)
}

func (s *Store) renameLocked(from, to string) error {
	dir := path.Dir(to)
	if err := s.makeDir(dir); err != nil {
		return err
	}
	if err := s.root.Rename(from, to); err != nil {
		return err
	}
	return s.syncDir(dir)
}

// errUsed says that the one object of a signed post was uploaded already.
var errUsed = errors.New("the signed post was used")

// renameOnce is rename for a signed post: the key must never have been used.
func (s *Store) renameOnce(key string) func(from, to string) error {
	return func(from, to string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.checkUnused(key); err != nil {
			return err
		}
		return s.renameLocked(from, to)
	}
}

// checkUnused gives errUsed when an object is kept under a key, or was until so lately that a
// signed post for it could still be valid.
func (s *Store) checkUnused(key string) error {
	for _, name := range []string{path.Join(objects, key), tombstone(key)} {
		if _, err := s.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = errUsed
			}
			return err
		}
	}
	return nil
}

// makeDir is MkdirAll, durably.
func (s *Store) makeDir(dir string) error {
	if _, err := s.root.Lstat(dir); err == nil {
		return nil
	}
	if parent := path.Dir(dir); parent != "." {
		if err := s.makeDir(parent); err != nil {
			return err
		}
	}
	if err := s.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.syncDir(path.Dir(dir))
}

func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// storageFault turns an error of the file system into a fault.
func storageFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return blob.NotFound()
	case isFull(err):
		return fault.Wrap(err, fault.KindStorageFull, "storage.full", "There is no space left to store this.")
	}
	return fault.Wrap(err, fault.KindInternal, "storage.failed", "The file store failed.")
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
