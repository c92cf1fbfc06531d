package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// What becomes of a film of which nothing was made. Others have processing, or nothing.
const (
	skipped = "SKIPPED" // there is no ffmpeg: it is done when there is
	failed  = "FAILED"  // it cannot be read
)

// What is made of a film, beside its thumbnail.
const (
	rendition = "film.mp4"
	playlist  = "master.m3u8"
	filmTime  = 3 * time.Hour // what all of it may take
)

func isFilm(mime string) bool { return strings.HasPrefix(mime, "video/") }

// film is the job that makes of a film what browsers play.
type film struct {
	OrgID string `json:"orgId"`
	ID    string `json:"id"`
}

// Kind names the job.
func (film) Kind() string { return "media.film" }

// Timeout implements job.Long.
func (film) Timeout() time.Duration { return filmTime }

// ProcessFilm makes the thumbnail, the MP4 and the stream of a film. One that cannot be read
// stays as it is, and says why.
func (s *Service) ProcessFilm(ctx context.Context, p film) error {
	m, err := s.store.byID(ctx, s.db.Reader(ctx), p.OrgID, p.ID)
	if fault.Is(err, fault.KindNotFound) || err == nil && m.Processing != processing {
		return nil
	}
	if err != nil {
		return err
	}
	dir, err := s.workDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left over there the next film removes
	path := filepath.Join(dir, "original")
	if err := s.fetch(ctx, p.OrgID, m, path); err != nil {
		return err
	}
	is, err := s.render(ctx, p.OrgID, m, path)
	switch {
	case errors.Is(err, video.ErrUnavailable):
		is.Processing, is.Reason = skipped, video.ErrUnavailable.Error()+"."
	case ctx.Err() != nil, errors.Is(err, syscall.ENOSPC), fault.Is(err, fault.KindUnavailable), fault.Is(err, fault.KindStorageFull):
		return err // repeated
	case err != nil:
		s.log.InfoContext(ctx, "a film could not be processed", "org", p.OrgID, "media", m.ID, "error", err)
		is.Processing, is.Reason = failed, reason(err)
	default:
		is.Processing = ""
	}
	return s.keepFilm(ctx, p.OrgID, m, is)
}

// reason is what people are told of an error.
func reason(err error) string {
	for _, known := range []error{video.ErrUnsupported, video.ErrUnreadable, video.ErrTooLarge} {
		if errors.Is(err, known) {
			return known.Error() + "."
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "processing the film took too long."
	}
	return "the film could not be processed. The server's log says more."
}

// render makes everything of a film. What is there before an error is kept.
func (s *Service) render(ctx context.Context, orgID string, m Media, path string) (Media, error) {
	info, err := s.films.Probe(ctx, path)
	if err != nil {
		return m, err
	}
	m.Width, m.Height, m.Duration = info.Width, info.Height, info.Duration.Milliseconds()
	jpeg, err := s.films.Thumbnail(ctx, path, info)
	if err == nil {
		_, err = s.blobs.Put(ctx, blob.Key(orgID, m.ID, thumbnail), blob.Content{Reader: bytes.NewReader(jpeg), Size: int64(len(jpeg)), Type: "image/jpeg"})
	}
	if err != nil {
		return m, err
	}
	m.Thumbnail = "image/jpeg"
	if err := s.keepFilm(ctx, orgID, m, m); err != nil { // seen while the rest is being made
		return m, err
	}
	played := original
	if !info.Playable() {
		played = rendition
		to := filepath.Join(filepath.Dir(path), rendition)
		if err := s.films.Rendition(ctx, path, info, to); err != nil {
			return m, err
		}
		if err := s.putFile(ctx, orgID, m, to); err != nil {
			return m, err
		}
	}
	m.Played = played
	to := filepath.Join(filepath.Dir(path), "stream")
	if err := s.films.HLS(ctx, path, info, to); err != nil {
		return m, err
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		return m, err
	}
	for _, e := range entries {
		if err := s.putFile(ctx, orgID, m, filepath.Join(to, e.Name())); err != nil {
			return m, err
		}
	}
	m.Stream = playlist
	return m, nil
}

// workDir makes an empty directory for one film, and removes what crashes have left.
func (s *Service) workDir() (string, error) {
	if err := os.MkdirAll(s.scratch, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(s.scratch)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), "film-") && time.Since(info.ModTime()) > 2*filmTime {
			err = os.RemoveAll(filepath.Join(s.scratch, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return os.MkdirTemp(s.scratch, "film-")
}

// fetch copies the bytes of a file to a path.
func (s *Service) fetch(ctx context.Context, orgID string, m Media, path string) error {
	o, err := s.blobs.Open(ctx, key(orgID, m.ID))
	if err != nil {
		return err
	}
	defer o.Close()           //nolint:errcheck // it is read only
	f, err := os.Create(path) //nolint:gosec // a name of ours in a directory of ours
	if err != nil {
		return err
	}
	_, err = io.Copy(f, o)
	return errors.Join(err, f.Close())
}

// putFile keeps one of the files that play a film under its name.
func (s *Service) putFile(ctx context.Context, orgID string, m Media, path string) error {
	f, err := os.Open(path) //nolint:gosec // in a directory of ours
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it is read only
	info, err := f.Stat()
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	_, err = s.blobs.Put(ctx, blob.Key(orgID, m.ID, name), blob.Content{Reader: f, Size: info.Size(), Type: filmType(name)})
	return err
}

func filmType(name string) string {
	switch filepath.Ext(name) {
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".ts":
		return "video/mp2t"
	}
	return "video/mp4"
}

// keepFilm stores what was made of a film, unless its bytes are others by now.
func (s *Service) keepFilm(ctx context.Context, orgID string, was, is Media) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.setFilm(ctx, tx, orgID, was, is) })
}

// openFilm opens one of the files that a film is played from; the operation's pattern says
// which names there are. What playlists name has the
// signature that the playlist was asked for with.
func (s *Service) openFilm(ctx context.Context, orgID string, m Media, name, query string) (*api.File, error) {
	if m.Played != rendition && m.Stream == "" {
		return nil, fault.Conflict("media.noFilm", "There is nothing to play of this file, or not yet.")
	}
	o, err := s.blobs.Open(ctx, blob.Key(orgID, m.ID, name))
	if err != nil {
		return nil, err
	}
	f := &api.File{Name: name, Type: filmType(name), Inline: true, ETag: o.ETag, Modified: o.Modified, Content: o}
	if query == "" || filepath.Ext(name) != ".m3u8" {
		return f, nil
	}
	defer o.Close() //nolint:errcheck // it is read only
	text, err := io.ReadAll(o)
	if err != nil {
		return nil, unreadable(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			line += "?" + query
		}
		out.WriteString(line + "\n")
	}
	f.ETag = strings.TrimSuffix(f.ETag, `"`) + "-" + query[strings.LastIndexByte(query, '=')+1:] + `"`
	f.Content = memory{strings.NewReader(out.String())}
	return f, nil
}

// memory is a text to read as a file.
type memory struct{ *strings.Reader }

// Close implements io.Closer.
func (memory) Close() error { return nil }

// resume has the files done of which nothing could be made when they came.
func (s *Service) resume(ctx context.Context) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		list, err := s.store.resume(ctx, tx, s.films.Available(), batch)
		if err != nil {
			return err
		}
		for _, p := range list {
			if err := s.enqueue(ctx, tx, p.orgID, p.id, p.mime); err != nil {
				return err
			}
		}
		return nil
	})
}

// enqueue has made of a file what can be made of it.
func (s *Service) enqueue(ctx context.Context, tx db.Tx, orgID, id, mime string) error {
	if isFilm(mime) {
		return s.jobs.Enqueue(ctx, tx, film{orgID, id}, time.Time{})
	}
	return s.jobs.Enqueue(ctx, tx, process{orgID, id}, time.Time{})
}

// setFilm writes what was made of a film.
func (store) setFilm(ctx context.Context, tx db.Tx, orgID string, was, is Media) error {
	_, err := tx.Exec(ctx, `UPDATE media SET width = ?, height = ?, duration = ?, thumbnail = ?, played = ?, stream = ?, processing = ?, reason = ?
		WHERE org_id = ? AND id = ? AND etag = ?`,
		is.Width, is.Height, is.Duration, is.Thumbnail, is.Played, is.Stream, is.Processing, is.Reason, orgID, was.ID, was.ETag)
	return err
}

// resume takes files of all organizations of which nothing could be made so far, films only
// when they can be read, and gives them.
func (store) resume(ctx context.Context, tx db.Tx, films bool, limit int) ([]place, error) {
	rows, err := tx.Query(ctx, `UPDATE media SET processing = 'PROCESSING', reason = '' WHERE processing = 'SKIPPED' AND (org_id, id) IN (
			SELECT org_id, id FROM media WHERE processing = 'SKIPPED' AND (?1 OR mime NOT LIKE 'video/%') ORDER BY org_id, id LIMIT ?2)
		RETURNING org_id, id, state, mime`, films, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.orgID, &p.id, &p.state, &p.mime); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
