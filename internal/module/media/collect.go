package media

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
)

const (
	collectEvery = 10 * time.Minute
	sweepEvery   = 24 * time.Hour
	batch        = 500
	// strayAge is how old bytes without a file must be: an upload that was begun in time may
	// arrive later.
	strayAge = 2 * blob.MaxExpires
	// sweepStep is how many objects one job looks at; the next one goes on from there.
	sweepStep = 20 * batch
)

// collect is the periodic job that removes files nobody waits for.
type collect struct{}

// Kind names the job.
func (collect) Kind() string { return "media.collect" }

// sweep is the job that deletes bytes without a file.
type sweep struct {
	After string `json:"after,omitempty"` // the last key that was looked at
}

// Kind names the job.
func (sweep) Kind() string { return "media.sweep" }

func (s *Service) handleJobs() {
	job.Handle(s.jobs, func(ctx context.Context, _ collect) error { return errors.Join(s.Collect(ctx), s.resume(ctx)) })
	job.Handle(s.jobs, s.Process)
	job.Handle(s.jobs, s.ProcessFilm)
	job.Handle(s.jobs, func(ctx context.Context, from sweep) error { return s.sweepFrom(ctx, from.After) })
	s.jobs.Every(collectEvery, collect{})
	s.jobs.Every(sweepEvery, sweep{})
}

// Collect removes uploads whose time is over and files that nothing has used for a day. An
// upload that has arrived unnoticed is ready, and unused from when it was announced.
func (s *Service) Collect(ctx context.Context) error {
	now := s.clock.Now()
	list, err := s.store.unused(ctx, s.db.Reader(ctx), now.Add(-keepUnused).UnixMilli(), now.Add(-uploadTime).UnixMilli(), batch)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range list {
		failed = append(failed, s.collectOne(ctx, p, now.Add(-keepUnused)))
	}
	return errors.Join(failed...)
}

func (s *Service) collectOne(ctx context.Context, p place, before time.Time) error {
	m, err := s.store.byID(ctx, s.db.Reader(ctx), p.orgID, p.id)
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	if err == nil {
		m, err = s.arrived(ctx, p.orgID, m)
	}
	if err != nil || m.State != pending && m.CreatedAt >= before.UnixMilli() {
		return err
	}
	gone := false
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		gone = false
		files, err := s.store.lock(ctx, tx, p.orgID, []string{p.id})
		if err != nil || len(files) == 0 {
			return err
		}
		used, err := s.store.isUsed(ctx, tx, p.orgID, p.id)
		if err != nil {
			return err
		}
		if used {
			return s.store.noteUse(ctx, tx, p.orgID, []string{p.id}, before.UnixMilli())
		}
		gone = true
		return s.remove(ctx, tx, p.orgID, files[p.id])
	})
	if err == nil && gone {
		s.discard(ctx, p.orgID, m)
	}
	return err
}

// Sweep deletes all bytes without a file, but new ones.
func (s *Service) Sweep(ctx context.Context) error {
	for after, more := "", true; more; {
		var err error
		if after, more, err = s.sweepSome(ctx, after); err != nil {
			return err
		}
	}
	return nil
}

// sweepFrom looks at some objects and leaves the others to another job.
func (s *Service) sweepFrom(ctx context.Context, after string) error {
	after, more, err := s.sweepSome(ctx, after)
	if err != nil || !more {
		return err
	}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.jobs.Enqueue(ctx, tx, sweep{After: after}, time.Time{})
	})
}

func (s *Service) sweepSome(ctx context.Context, after string) (last string, more bool, err error) {
	old := s.clock.Now().Add(-strayAge)
	seen := 0
	strays := map[string][]string{} // keys by organization
	for info, err := range s.blobs.List(ctx, after) {
		if err != nil {
			return after, false, err
		}
		last = info.Key
		if part := strings.Split(info.Key, "/"); info.Modified.Before(old) {
			strays[part[1]] = append(strays[part[1]], info.Key)
		}
		if seen++; seen == sweepStep {
			more = true
			break
		}
	}
	for orgID, ids := range strays {
		if err := s.discardUnknown(ctx, orgID, ids); err != nil {
			return last, false, err
		}
	}
	return last, more, nil
}

// discardUnknown deletes those objects that belong to no file.
func (s *Service) discardUnknown(ctx context.Context, orgID string, keys []string) error {
	file := func(key string) string { return strings.Split(key, "/")[2] }
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = file(key)
	}
	known, err := s.store.known(ctx, s.db.Reader(ctx), orgID, content.Unique(ids))
	if err != nil {
		return err
	}
	isKnown := make(map[string]bool, len(known))
	for _, id := range known {
		isKnown[id] = true
	}
	for _, key := range keys {
		if !isKnown[file(key)] {
			s.discardObject(ctx, key)
		}
	}
	return nil
}

// discard deletes the bytes of a file. What it cannot delete media.sweep does.
func (s *Service) discard(ctx context.Context, orgID string, m Media) {
	keys := []string{blob.Key(orgID, m.ID, thumbnail), key(orgID, m.ID)}
	if isFilm(m.Mime) {
		all := strings.TrimSuffix(key(orgID, m.ID), original)
		for info, err := range s.blobs.List(ctx, all) {
			if err != nil {
				s.log.WarnContext(ctx, "the bytes of a film could not be listed", "org", orgID, "media", m.ID, "error", err)
			}
			if err != nil || !strings.HasPrefix(info.Key, all) {
				break
			}
			keys = append(keys, info.Key)
		}
	}
	for _, key := range keys {
		s.discardObject(ctx, key)
	}
}

func (s *Service) discardObject(ctx context.Context, key string) {
	if err := s.blobs.Delete(ctx, key); err != nil {
		s.log.WarnContext(ctx, "the bytes of a file could not be deleted", "key", key, "error", err)
	}
}
