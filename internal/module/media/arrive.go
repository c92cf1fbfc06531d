package media

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gabriel-vasile/mimetype"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// arrived gives a file as it is now: one that is pending is looked for in the store.
func (s *Service) arrived(ctx context.Context, orgID string, m Media) (Media, error) {
	if m.State != pending {
		return m, nil
	}
	return s.examine(ctx, orgID, m)
}

// examine looks at the bytes of a file and stores what they are. Bytes that are not what they
// were announced as are deleted. Without bytes nothing changes.
func (s *Service) examine(ctx context.Context, orgID string, was Media) (Media, error) {
	is, err := s.judge(ctx, orgID, was)
	if fault.Is(err, fault.KindNotFound) {
		return was, nil
	}
	if err != nil {
		return was, err
	}
	changed := false
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if changed, err = s.store.settle(ctx, tx, orgID, was, is); err != nil || !changed || is.Processing != processing {
			return err
		}
		return s.enqueue(ctx, tx, orgID, is.ID, is.Mime)
	})
	if err != nil {
		return was, err
	}
	if !changed { // somebody else was faster
		return s.store.byID(ctx, s.db.Reader(ctx), orgID, was.ID)
	}
	if is.State == refused {
		s.log.InfoContext(ctx, "a file was refused", "org", orgID, "media", is.ID, "declared", is.Declared, "found", is.Mime)
		s.discard(ctx, orgID, is)
	}
	return is, nil
}

// judge reads the beginning of a file and decides whether it is what it was announced as.
func (s *Service) judge(ctx context.Context, orgID string, m Media) (Media, error) {
	o, err := s.blobs.Open(ctx, key(orgID, m.ID))
	if err != nil {
		return m, err
	}
	defer o.Close() //nolint:errcheck // it is read only
	head := make([]byte, sniffed)
	n, err := io.ReadFull(o, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return m, fault.Wrap(err, fault.KindUnavailable, "storage.unavailable", "The file store cannot be read at the moment. Try again.")
	}
	found := mimetype.Detect(head[:n])
	m.State, m.Reason, m.Mime, m.Size, m.ETag = ready, "", bare(found.String()), o.Size, o.ETag
	if f, ok := familyOf(m.Declared); !ok || !f.holds(found) {
		m.State = refused
		m.Reason = fmt.Sprintf("it was announced as %s and is %s.", m.Declared, m.Mime)
	}
	switch {
	case m.State == refused:
	case isPicture(m.Mime):
		return s.clean(ctx, orgID, m, o)
	case isFilm(m.Mime) && !s.films.Available():
		m.Processing, m.Reason = skipped, video.ErrUnavailable.Error()+"."
	case needsProcessing(m.Mime):
		m.Processing = processing
	}
	return m, nil
}
