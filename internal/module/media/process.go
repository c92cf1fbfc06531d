package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/extract"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/imaging"
)

// processing is the state of a file that is ready while something is still being made of it.
const processing = "PROCESSING"

// atOnce is how many pictures are worked on at the same time: each may take 256 MiB.
const atOnce = 2

// readable formats of pictures; others are kept as they are.
func isPicture(mime string) bool {
	switch imaging.Format(mime) {
	case imaging.JPEG, imaging.PNG, imaging.GIF, imaging.WebP:
		return true
	}
	return false
}

// at reads an object from any place, for one reader at a time.
type at struct {
	sync.Mutex
	from io.ReadSeeker
}

// ReadAt implements io.ReaderAt.
func (a *at) ReadAt(p []byte, offset int64) (int, error) {
	a.Lock()
	defer a.Unlock()
	if _, err := a.from.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(a.from, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// clean replaces a picture by one that tells nothing of where, when and by whom it was made,
// before anybody is shown it. One that is too large to be shown, or damaged, is refused.
func (s *Service) clean(ctx context.Context, orgID string, m Media, o *blob.Object) (Media, error) {
	select {
	case s.pictures <- struct{}{}:
		defer func() { <-s.pictures }()
	case <-ctx.Done():
		return m, ctx.Err()
	}
	var out bytes.Buffer
	info, err := imaging.Clean(ctx, &out, &at{from: o}, o.Size)
	switch {
	case errors.Is(err, imaging.ErrTooLarge), errors.Is(err, imaging.ErrDamaged):
		m.State, m.Reason = refused, err.Error()+"."
		return m, nil
	case err != nil:
		return m, unreadable(err)
	}
	kept, err := s.blobs.Put(ctx, key(orgID, m.ID), blob.Content{Reader: &out, Size: int64(out.Len()), Type: m.Mime})
	if err != nil {
		return m, err
	}
	m.Size, m.ETag, m.Width, m.Height, m.Processing = kept.Size, kept.ETag, info.Width, info.Height, processing
	return m, nil
}

// process is the job that makes of a file what others see or find of it.
type process struct {
	OrgID string `json:"orgId"`
	ID    string `json:"id"`
}

// Kind names the job.
func (process) Kind() string { return "media.process" }

// Process makes the thumbnail of a picture, or takes the words out of a document. A file of
// which neither can be made stays as it is.
func (s *Service) Process(ctx context.Context, p process) error {
	m, err := s.store.byID(ctx, s.db.Reader(ctx), p.OrgID, p.ID)
	if fault.Is(err, fault.KindNotFound) || err == nil && m.Processing != processing {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := s.blobs.Open(ctx, key(p.OrgID, m.ID))
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // it is read only
	is, words := m, ""
	is.Processing = ""
	if isPicture(m.Mime) {
		is.Thumbnail, err = s.shrink(ctx, p.OrgID, m, o)
	} else {
		words, err = s.extract.Text(ctx, &at{from: o}, o.Size, m.Mime)
	}
	if err != nil {
		if ctx.Err() != nil || fault.Is(err, fault.KindUnavailable) || fault.Is(err, fault.KindStorageFull) {
			return err // repeated
		}
		s.log.InfoContext(ctx, "nothing could be made of a file", "org", p.OrgID, "media", m.ID, "type", m.Mime, "error", err)
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		done, err := s.store.processed(ctx, tx, p.OrgID, m, is, words)
		if err != nil || !done || words == "" {
			return err
		}
		items, err := s.store.usedBy(ctx, tx, p.OrgID, m.ID)
		if err != nil {
			return err
		}
		for _, item := range items { // nearly always one
			if err := s.content.Reindex(ctx, tx, p.OrgID, item); err != nil {
				return err
			}
		}
		return nil
	})
}

// shrink makes the thumbnail of a picture and gives its type.
func (s *Service) shrink(ctx context.Context, orgID string, m Media, o *blob.Object) (string, error) {
	select {
	case s.pictures <- struct{}{}:
		defer func() { <-s.pictures }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	var out bytes.Buffer
	info, err := imaging.Thumbnail(ctx, &out, &at{from: o}, o.Size)
	if err != nil {
		return "", fmt.Errorf("make a thumbnail: %w", err)
	}
	mime := string(info.Format)
	_, err = s.blobs.Put(ctx, blob.Key(orgID, m.ID, thumbnail), blob.Content{Reader: &out, Size: int64(out.Len()), Type: mime})
	return mime, err
}

// needsProcessing reports that something can be made of a file of a type.
func needsProcessing(mime string) bool {
	return isPicture(mime) || isFilm(mime) || extract.Supports(mime)
}

// processed stores what was made of a file, unless its bytes are others by now.
func (store) processed(ctx context.Context, tx db.Tx, orgID string, was, is Media, words string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE media SET thumbnail = ?, processing = ? WHERE org_id = ? AND id = ? AND etag = ?`,
		is.Thumbnail, is.Processing, orgID, was.ID, was.ETag)
	if err != nil || n == 0 || words == "" {
		return n > 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO media_texts (org_id, media_id, text) VALUES (?, ?, ?)
		ON CONFLICT (org_id, media_id) DO UPDATE SET text = excluded.text`, orgID, was.ID, words)
	return true, err
}

// usedBy lists the items that use a file.
func (store) usedBy(ctx context.Context, q db.Queryer, orgID, id string) ([]content.Item, error) {
	rows, err := q.Query(ctx, `SELECT kind, item_id FROM media_uses WHERE org_id = ? AND media_id = ?`, orgID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []content.Item
	for rows.Next() {
		var item content.Item
		if err := rows.Scan(&item.Kind, &item.ID); err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}

// Texts gives the words that are known of files, by id.
func (s *Service) Texts(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]string, error) {
	rows, err := q.Query(ctx, `SELECT media_id, text FROM media_texts WHERE org_id = ? AND media_id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]string{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		known[id] = text
	}
	return known, rows.Err()
}
