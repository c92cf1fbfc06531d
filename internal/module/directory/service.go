package directory

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/ldap"
)

// People writes people, as the operator of the organization; app fills it with module/user and
// module/securitygroup. All of it joins the transaction of the context.
type People interface {
	// Organization gives the id of an organization, "" for one that is not there (yet).
	Organization(ctx context.Context, subdomain string) (string, error)
	// CreateFrom makes an ACTIVE person and gives their id.
	CreateFrom(ctx context.Context, orgID string, p Person) (string, error)
	// UpdateFrom takes over what is known of a person. restore makes a former member ACTIVE.
	UpdateFrom(ctx context.Context, orgID, id string, p Person, restore bool) error
	// Archive makes a person a former member.
	Archive(ctx context.Context, orgID, id string) error
	// SetGroups puts a person into security groups, by name, and takes them out of others.
	SetGroups(ctx context.Context, orgID, userID string, in, out []string) error
}

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Jobs     *job.Jobs
	Clock    clock.Clock
	Log      *slog.Logger
	Client   *ldap.Client // nil without a directory
	People   People
	Settings Settings
}

// Service keeps people as the directory has them.
type Service struct {
	Deps
	store   store
	running sync.Mutex
}

// New makes the service and adds its job.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	if d.Jobs != nil {
		job.Handle(d.Jobs, s.periodic)
		if d.Client != nil && d.Settings.Interval > 0 {
			d.Jobs.Every(d.Settings.Interval, periodic{})
		}
	}
	return s
}

// periodic is the job that synchronizes.
type periodic struct{}

// Kind names the job.
func (periodic) Kind() string { return "directory.sync" }

// Timeout implements job.Long.
func (periodic) Timeout() time.Duration { return time.Hour }

func (s *Service) periodic(ctx context.Context, _ periodic) error {
	if s.Client == nil {
		return nil // it was turned off meanwhile
	}
	orgID, err := s.People.Organization(ctx, s.Settings.Organization)
	if err != nil || orgID == "" {
		return err
	}
	r, err := s.Sync(ctx, authz.Actor{OrgID: orgID}, Options{})
	if errors.Is(err, errRunning) {
		return nil
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the directory could not be read", "error", err)
		return nil // the next run is not far
	}
	level := slog.LevelInfo
	if len(r.Errors) > 0 || r.ArchiveRefused > 0 {
		level = slog.LevelWarn
	}
	s.Log.Log(ctx, level, "the directory was synchronized", "entries", r.Entries, "created", r.Created, "updated", r.Updated, "archived", r.Archived,
		"archiveRefused", r.ArchiveRefused, "errors", len(r.Errors))
	return nil
}

// run is a synchronization on its way.
type run struct {
	s       *Service
	orgID   string
	options Options
	report  Report
	linked  map[string]linked // by entry
	entryOf map[string]string // who is linked, to which entry
	present map[string]bool   // entries that are there and not disabled
	emails  map[string]bool   // of entries
	kept    map[string]bool   // people of entries
}

// Sync makes the people of the directory's organization as the directory has them. A Conflict
// fault when the actor's organization has none, Unavailable when it does not answer.
func (s *Service) Sync(ctx context.Context, who authz.Actor, o Options) (Report, error) {
	if s.Client == nil {
		return Report{}, errOff
	}
	orgID, err := s.People.Organization(ctx, s.Settings.Organization)
	if err == nil && orgID != who.OrgID {
		err = errOff
	}
	if err != nil {
		return Report{}, err
	}
	if !s.running.TryLock() {
		return Report{}, errRunning
	}
	defer s.running.Unlock()
	entries, err := s.Client.All(ctx)
	if err != nil {
		return Report{}, errAway(err)
	}
	r := &run{s: s, orgID: orgID, options: o, report: Report{DryRun: o.DryRun, Entries: len(entries), Errors: []Problem{}},
		entryOf: map[string]string{}, present: map[string]bool{}, emails: map[string]bool{}, kept: map[string]bool{}}
	if r.linked, err = s.store.links(ctx, s.DB.Reader(ctx), orgID); err != nil {
		return Report{}, err
	}
	for entry, l := range r.linked {
		r.entryOf[l.userID] = entry
	}
	for _, e := range entries {
		r.present[e.ID] = r.present[e.ID] || !e.Disabled
	}
	for _, e := range entries {
		if err := r.take(ctx, e); err != nil {
			return r.report, err
		}
	}
	return r.report, r.archive(ctx)
}

// take makes a person of an entry. Its error is for what stops the run; what is wrong with the
// entry is reported.
func (r *run) take(ctx context.Context, e ldap.Entry) error {
	switch {
	case e.ID == "":
		r.report.problem(e.DN, "The entry has no id that never changes.")
		return nil
	case e.Disabled:
		return nil // as if it were gone
	}
	if key := fold(e.Email); r.emails[key] {
		r.report.problem(e.DN, "Another entry has this e-mail address.")
		return nil
	} else if r.emails[key] = true; key == "" {
		r.report.problem(e.DN, "The entry has no e-mail address.")
		return nil
	}
	p := personOf(e)
	in, out := r.s.Settings.groups(e)
	mark, was := fingerprint(p, in, out), r.linked[e.ID]
	if was.userID != "" && (was.fingerprint == mark || was.status == archived) {
		r.report.Unchanged++
		return nil
	}
	created := false
	err := r.s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		id, former := was.userID, false
		if created = false; id == "" {
			id, former, err = r.s.store.byEmail(ctx, tx, r.orgID, fold(p.Email))
			if created = errors.Is(err, db.ErrNoRows); err != nil && !created {
				return err
			}
			if other := r.entryOf[id]; id != "" && r.present[other] {
				return fault.Conflict("directory.linked", "The person with this e-mail address is another entry's.")
			}
			r.kept[id] = id != ""
		}
		if r.options.DryRun {
			return nil
		}
		if created {
			id, err = r.s.People.CreateFrom(ctx, r.orgID, p)
		} else {
			err = r.s.People.UpdateFrom(ctx, r.orgID, id, p, former)
		}
		if err != nil {
			return err
		}
		if len(in)+len(out) > 0 {
			if err := r.s.People.SetGroups(ctx, r.orgID, id, in, out); err != nil {
				return err
			}
		}
		return r.s.store.link(ctx, tx, r.orgID, link{e.ID, id, mark, clock.Millis(r.s.Clock.Now())})
	})
	f, isFault := fault.As(err)
	switch {
	case err == nil && created:
		r.report.Created++
	case err == nil:
		r.report.Updated++
	case isFault && ctx.Err() == nil:
		r.report.problem(e.DN, detail(f))
	default:
		return err
	}
	return nil
}

// detail says all that is wrong.
func detail(f *fault.Error) string {
	text := f.Detail
	for _, x := range f.Fields {
		if x.Detail != text {
			text += " " + x.Pointer + ": " + x.Detail
		}
	}
	return text
}

// archive makes former members of those whose entry is gone.
func (r *run) archive(ctx context.Context) error {
	living := 0
	var gone []linked
	for entry, l := range r.linked {
		if l.status == archived {
			continue
		}
		living++
		if !r.present[entry] && !r.kept[l.userID] {
			gone = append(gone, l)
		}
	}
	switch {
	case !r.options.Force && r.s.Settings.tooMany(len(gone), living):
		r.report.ArchiveRefused = len(gone)
		return nil
	case r.options.DryRun:
		r.report.Archived = len(gone)
		return nil
	}
	for _, l := range gone {
		err := r.s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			if err := r.s.People.Archive(ctx, r.orgID, l.userID); err != nil {
				return err
			}
			return r.s.store.unlink(ctx, tx, r.orgID, l.userID) // who comes back is found by their address
		})
		if f, ok := fault.As(err); ok && ctx.Err() == nil {
			r.report.problem(l.email, detail(f))
		} else if err != nil {
			return err
		} else {
			r.report.Archived++
		}
	}
	return nil
}

// Check is asked about everybody who signs in with a password: userID is the person with the
// address they gave, "" for none. decides is false when the directory has nothing to say about
// them. Otherwise id is whose login and password these are, "" for nobody's.
func (s *Service) Check(ctx context.Context, subdomain, userID, login, password string) (id string, decides bool, err error) {
	if s.Client == nil || fold(subdomain) != fold(s.Settings.Organization) {
		return "", false, nil
	}
	orgID, err := s.People.Organization(ctx, s.Settings.Organization)
	if err != nil || orgID == "" {
		return "", false, err
	}
	if userID != "" {
		linked, err := s.store.isLinked(ctx, s.DB.Reader(ctx), orgID, userID)
		if err != nil || !linked {
			return "", false, err
		}
	}
	e, err := s.Client.Check(ctx, login, password)
	if errors.Is(err, ldap.ErrWrong) {
		return "", userID != "", nil
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the directory does not answer", "error", err)
		return "", true, fault.Wrap(err, fault.KindUnavailable, "directory.unavailable", "Your password cannot be checked now. Try again in a minute.")
	}
	id, err = s.store.byEntry(ctx, s.DB.Reader(ctx), orgID, e.ID)
	if errors.Is(err, db.ErrNoRows) || (err == nil && userID != "" && id != userID) {
		return "", userID != "", nil
	}
	return id, true, err
}
