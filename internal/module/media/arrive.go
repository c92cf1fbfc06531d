package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/clamd"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// errQuota undoes the arrival of a file that is too much.
var errQuota = errors.New("the quota is used up")

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
	changed, why := false, ""
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if changed, err = s.store.settle(ctx, tx, orgID, was, is); err != nil || !changed {
			return err
		}
		if why, err = s.account(ctx, tx, orgID, is, is.kept()-was.kept()); err != nil {
			return err
		}
		if why != "" {
			return errQuota
		}
		if is.Processing != processing {
			return nil
		}
		return s.enqueue(ctx, tx, orgID, is.ID, is.Mime)
	})
	if errors.Is(err, errQuota) {
		is.State, is.Reason, is.Processing = refused, why, ""
		err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			changed, err = s.store.settle(ctx, tx, orgID, was, is)
			if err == nil && changed {
				_, err = s.account(ctx, tx, orgID, is, -was.kept())
			}
			return err
		})
	}
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
		return m, unreadable(err)
	}
	found := mimetype.Detect(head[:n])
	m.State, m.Reason, m.Mime, m.Size, m.ETag = ready, "", bare(found.String()), o.Size, o.ETag
	if f, ok := familyOf(m.Declared); !ok || !f.holds(found) {
		m.State = refused
		m.Reason = fmt.Sprintf("it was announced as %s and is %s.", m.Declared, m.Mime)
	}
	if m.State != refused && s.scanner.Set() {
		if m, err = s.scan(ctx, m, o); err != nil {
			return m, err
		}
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

// scan has the virus scanner look at a file. Without its word nobody gets the file.
func (s *Service) scan(ctx context.Context, m Media, o *blob.Object) (Media, error) {
	if _, err := o.Seek(0, io.SeekStart); err != nil {
		return m, unreadable(err)
	}
	found, err := s.scanner.Scan(ctx, o)
	switch {
	case errors.Is(err, clamd.ErrTooLarge):
		m.State, m.Reason = refused, "it is larger than what the virus scanner of this server looks at."
	case err != nil:
		return m, unavailable(err, "scanner.unavailable", "The virus scanner does not answer at the moment, and no file is taken without it. Try again.")
	case found != "":
		m.State, m.Reason = refused, fmt.Sprintf("the virus scanner found %s in it.", found)
	}
	return m, nil
}

// unreadable is for bytes that cannot be had at the moment.
func unreadable(err error) error {
	return unavailable(err, "storage.unavailable", "The file store cannot be read at the moment. Try again.")
}

func unavailable(err error, code, detail string) error {
	f := fault.Wrap(err, fault.KindUnavailable, code, detail)
	f.RetryAfter = 5 * time.Second
	return f
}
