package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Names in an archive.
const (
	headName     = "workdrive.json"
	manifestName = "manifest.json"
	tablesDir    = "tables"
	jobsDir      = "jobs"
	filesDir     = "files"
)

// The kinds of archives.
const (
	KindInstallation = "installation"
	KindOrganization = "organization"
)

const format = 1

// Head is the first entry of an archive.
type Head struct {
	Format       int    `json:"format"`
	Kind         string `json:"kind"`
	Release      string `json:"release,omitempty"`      // that wrote it; of installations only
	CreatedAt    string `json:"createdAt,omitempty"`    // RFC 3339; of installations only
	Organization string `json:"organization,omitempty"` // its id
	Schema       int64  `json:"schema"`
}

// Manifest is the last entry of an archive.
type Manifest struct {
	Tables []TableInfo `json:"tables"`
	Jobs   int         `json:"jobs"`
	Files  int         `json:"files"`
	// Gone are files that were deleted while the archive was written.
	Gone    int     `json:"gone,omitempty"`
	Entries []Entry `json:"entries"` // all others, in their order
}

// TableInfo is a table in an archive.
type TableInfo struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`
	Last    int64    `json:"last,omitempty"` // serial number
	SHA256  string   `json:"sha256"`         // of all its rows
}

// Entry is a file in an archive.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// writer writes an archive.
type writer struct {
	gzip     *gzip.Writer
	tar      *tar.Writer
	files    blob.Store // nil for none
	manifest Manifest
}

func newWriter(to io.Writer) *writer {
	z, _ := gzip.NewWriterLevel(to, gzip.BestSpeed) // the level is a valid one
	return &writer{gzip: z, tar: tar.NewWriter(z)}
}

// add writes an entry of a known size.
func (w *writer) add(name string, size int64, from io.Reader) error {
	sum := sha256.New()
	if err := w.put(name, size, io.TeeReader(from, sum)); err != nil {
		return err
	}
	w.manifest.Entries = append(w.manifest.Entries, Entry{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (w *writer) put(name string, size int64, from io.Reader) error {
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	n, err := io.Copy(w.tar, io.LimitReader(from, size))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n != size {
		return fmt.Errorf("%s ended after %d of %d bytes", name, n, size)
	}
	return nil
}

func (w *writer) addJSON(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.add(name, int64(len(text)), bytes.NewReader(text))
}

// close writes the manifest, without which the archive is none.
func (w *writer) close() error {
	text, err := json.Marshal(w.manifest)
	if err == nil {
		err = w.put(manifestName, int64(len(text)), bytes.NewReader(text))
	}
	return errors.Join(err, w.tar.Close(), w.gzip.Close())
}

// lines collects JSON values into entries of a bounded size.
type lines struct {
	w     *writer
	dir   string
	buf   bytes.Buffer
	parts int
	sum   hash.Hash // of everything
	n     int
}

const maxPart = 1 << 20 // bytes, but for one long line

func (w *writer) lines(dir string) *lines { return &lines{w: w, dir: dir, sum: sha256.New()} }

func (l *lines) add(v any) error {
	at := l.buf.Len()
	e := json.NewEncoder(&l.buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	l.sum.Write(l.buf.Bytes()[at:]) // never fails
	l.n++
	if l.buf.Len() >= maxPart {
		return l.flush()
	}
	return nil
}

func (l *lines) flush() error {
	if l.buf.Len() == 0 {
		return nil
	}
	l.parts++
	err := l.w.add(path.Join(l.dir, fmt.Sprintf("%06d.ndjson", l.parts)), int64(l.buf.Len()), &l.buf)
	l.buf.Reset()
	return err
}

// Archive is an archive that has been read to its end and found whole.
type Archive struct {
	Head
	Manifest

	file io.ReadSeeker
}

// DamagedError says that an archive is not what was written.
type DamagedError struct{ Reason string }

// Error implements error.
func (e *DamagedError) Error() string {
	return "this is not a whole archive of WorkDrive: " + e.Reason + ". Nothing was changed"
}

func damaged(f string, args ...any) error { return &DamagedError{fmt.Sprintf(f, args...)} }

// Read reads an archive to its end and checks everything in it.
func Read(file io.ReadSeeker) (*Archive, error) {
	a := &Archive{file: file}
	var seen []Entry
	var manifest []byte
	err := a.each(func(name string, size int64, r io.Reader) error {
		if manifest != nil {
			return damaged("%s stands after the manifest", name)
		}
		if name == manifestName {
			var err error
			manifest, err = io.ReadAll(r)
			return err
		}
		sum := sha256.New()
		if len(seen) == 0 {
			if name != headName {
				return damaged("it begins with %q", name)
			}
			text, err := io.ReadAll(io.LimitReader(r, maxPart))
			if err != nil {
				return err
			}
			if err := json.Unmarshal(text, &a.Head); err != nil {
				return damaged("%s cannot be read", headName)
			}
			r = bytes.NewReader(text)
		}
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		seen = append(seen, Entry{name, size, hex.EncodeToString(sum.Sum(nil))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if manifest == nil {
		return nil, damaged("it has no manifest, so it was cut off")
	}
	if err := json.Unmarshal(manifest, &a.Manifest); err != nil {
		return nil, damaged("the manifest cannot be read")
	}
	if len(seen) != len(a.Entries) {
		return nil, damaged("it has %d entries, the manifest %d", len(seen), len(a.Entries))
	}
	for i, e := range a.Entries {
		if seen[i] != e {
			return nil, damaged("%s is not as the manifest says", seen[i].Name)
		}
	}
	if a.Format != format {
		return nil, fmt.Errorf("the archive has form %d, and this release reads %d: use the release that wrote it (%s)", a.Format, format, a.Release)
	}
	return a, nil
}

// Open opens and reads the archive in a file. Close it.
func Open(name string) (*Archive, func() error, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, nil, err
	}
	a, err := Read(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return a, f.Close, nil
}

// each goes through the entries in their order.
func (a *Archive) each(f func(name string, size int64, r io.Reader) error) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := gzip.NewReader(a.file)
	if err != nil {
		return damaged("it is not compressed as archives are")
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			// What is left is padding and the sum of the compression.
			if _, err := io.CopyN(io.Discard, z, maxPart); !errors.Is(err, io.EOF) {
				return damaged("its end is not one (%v)", err)
			}
			return nil
		case err != nil:
			return damaged("%v", err)
		case h.Typeflag != tar.TypeReg:
			return damaged("%s is no file", h.Name)
		}
		if err := f(h.Name, h.Size, entryReader{h.Name, t}); err != nil {
			return err
		}
	}
}

// entryReader says of every failure to read an entry that the archive is damaged.
type entryReader struct {
	name string
	r    io.Reader
}

// Read implements io.Reader.
func (r entryReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a Reader gives it as it is
		err = damaged("%s: %v", r.name, err)
	}
	return n, err
}

// tableOf gives the table that an entry has rows of.
func tableOf(name string) (table string, ok bool) {
	dir, _ := path.Split(name)
	return strings.CutPrefix(strings.TrimSuffix(dir, "/"), tablesDir+"/")
}

func columnNames(t db.Table) []string {
	var names []string
	for _, c := range t.Columns {
		if c.Type != db.Derived {
			names = append(names, c.Name)
		}
	}
	return names
}
