package media

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/clamd"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/extract"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/job"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// Deps are what the service works with.
type Deps struct {
	DB      *db.DB
	Jobs    *job.Jobs
	Clock   clock.Clock
	Log     *slog.Logger
	Content *content.Content
	Extract *extract.Extractor // of words out of documents
	Films   video.Tools        // that read films
	Scratch string             // directory to work on films in; "" is the system's
	Scanner clamd.Scanner      // looks for viruses, unless zero
	Quota   Quota
	Blobs   blob.Store
	Bucket  string // that Blobs keeps files in, as answers show it
	URL     string // where people reach this server
}

// Service is what can be done with files.
type Service struct {
	db      *db.DB
	jobs    *job.Jobs
	clock   clock.Clock
	log     *slog.Logger
	content *content.Content
	blobs   blob.Store
	bucket  string
	signer  signer
	store   store

	extract  *extract.Extractor
	films    video.Tools
	scratch  string
	scanner  clamd.Scanner
	quota    Quota
	pictures chan struct{} // bounds how many are worked on at once
}

// New makes the service, its jobs, and, on the very first start, the secret of its addresses.
func New(ctx context.Context, d Deps) (*Service, error) {
	s := &Service{db: d.DB, jobs: d.Jobs, clock: d.Clock, log: d.Log, content: d.Content, blobs: d.Blobs, bucket: d.Bucket,
		extract: d.Extract, films: d.Films, scratch: d.Scratch, scanner: d.Scanner, quota: d.Quota, pictures: make(chan struct{}, atOnce)}
	if s.extract == nil {
		s.extract = extract.New()
	}
	if s.scratch == "" {
		s.scratch = os.TempDir()
	}
	secret, err := d.DB.Secret(ctx, "media.addresses")
	if err != nil {
		return nil, fmt.Errorf("the secret of the files' addresses cannot be read: %w", err)
	}
	s.signer = signer{url: d.URL, secret: []byte(secret), clock: d.Clock}
	s.handleJobs()
	return s, nil
}

// Slot is where to send a file that was announced.
type Slot struct {
	FileID        string          `json:"fileId" doc:"Id of the file, to put on items once it is uploaded"`
	SignedRequest blob.SignedPost `json:"signedRequest" doc:"The form to POST"`
	URL           string          `json:"url" doc:"Address of the content once it is uploaded; with the signature it has, for an hour"`
}

// Request announces a file of the actor's and gives where to send it.
func (s *Service) Request(ctx context.Context, who authz.Actor, in Draft) (Slot, error) {
	f, err := in.check()
	if err != nil {
		return Slot{}, err
	}
	m := Media{
		ID: ids.New(), OwnerID: who.UserID, ModuleCode: in.ModuleCode, Name: in.Name, Declared: in.Mime, State: pending,
		CreatedAt: s.clock.Now().UnixMilli(),
	}
	room, err := s.room(ctx, who, f.limit)
	if err != nil {
		return Slot{}, err
	}
	post, err := s.blobs.Presign(ctx, blob.Upload{
		Key: key(who.OrgID, m.ID), ContentType: in.Mime, MinBytes: 1, MaxBytes: room, Expires: uploadTime,
	})
	if err != nil {
		return Slot{}, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.insert(ctx, tx, who.OrgID, m) })
	return Slot{FileID: m.ID, SignedRequest: post, URL: s.signer.address(who.OrgID, m.ID, original, uploadTime)}, err
}

// Get gives a file the actor may read.
func (s *Service) Get(ctx context.Context, who authz.Actor, id string) (person.File, error) {
	r, err := s.readable(ctx, s.db.Reader(ctx), who, id)
	if err != nil {
		return person.File{}, err
	}
	r.Media, err = s.arrived(ctx, who.OrgID, r.Media)
	return s.view(who.OrgID, r), err
}

// Content opens a variant of a file the actor may read; name is that of a part of a film.
func (s *Service) Content(ctx context.Context, who authz.Actor, id, variant, name string) (*api.File, error) {
	r, err := s.readable(ctx, s.db.Reader(ctx), who, id)
	if err != nil {
		return nil, err
	}
	if variant == played {
		return s.openFilm(ctx, who.OrgID, r.Media, name, "")
	}
	return s.openVariant(ctx, who.OrgID, r.Media, variant)
}

// ContentAt opens the file at a signed address, for whoever has it.
func (s *Service) ContentAt(ctx context.Context, a signed, name string) (*api.File, error) {
	if !s.signer.valid(a) {
		return nil, fault.Forbidden("media.address", "This address is not valid, or no longer. Read the file's entry again for a new one, or send your API key.")
	}
	m, err := s.store.byID(ctx, s.db.Reader(ctx), a.orgID, a.id)
	if err != nil {
		return nil, err
	}
	if a.variant == played {
		return s.openFilm(ctx, a.orgID, m, name, a.query())
	}
	return s.openVariant(ctx, a.orgID, m, a.variant)
}

func (s *Service) openVariant(ctx context.Context, orgID string, m Media, variant string) (*api.File, error) {
	if variant == original {
		return s.open(ctx, orgID, m)
	}
	if m.Thumbnail == "" {
		return nil, fault.Conflict("media.noThumbnail", "This file has no thumbnail, or not yet.")
	}
	o, err := s.blobs.Open(ctx, blob.Key(orgID, m.ID, thumbnail))
	if err != nil {
		return nil, err
	}
	return &api.File{Name: "thumbnail-" + m.Name, Type: m.Thumbnail, Inline: true, ETag: o.ETag, Modified: o.Modified, Content: o}, nil
}

func (s *Service) open(ctx context.Context, orgID string, m Media) (*api.File, error) {
	m, err := s.arrived(ctx, orgID, m)
	if err != nil {
		return nil, err
	}
	o, err := s.blobs.Open(ctx, key(orgID, m.ID))
	if fault.Is(err, fault.KindNotFound) && m.State == ready {
		return nil, fault.NotFound(noun)
	}
	if err == nil && o.ETag != m.ETag { // somebody has replaced the bytes, which S3 lets them do for a while
		_ = o.Close() // it was read only
		if m, err = s.examine(ctx, orgID, m); err == nil {
			o, err = s.blobs.Open(ctx, key(orgID, m.ID))
		}
	}
	switch {
	case m.State == pending:
		return nil, fault.Conflict("media.pending", "The file has not been uploaded yet.")
	case m.State == refused:
		return nil, fault.Conflict("media.refused", "The file was refused: "+m.Reason)
	case err != nil:
		return nil, err
	}
	f := &api.File{Name: m.Name, Type: m.Mime, Inline: slices.Contains(shown, m.Mime), ETag: o.ETag, Modified: o.Modified, Content: o}
	if f.Type == "text/plain" {
		f.Type += "; charset=utf-8"
	}
	return f, nil
}

// Delete removes a file of the actor's that no item uses.
func (s *Service) Delete(ctx context.Context, who authz.Actor, id string) error {
	var m Media
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if m, err = s.toDelete(ctx, tx, who, id); err != nil {
			return err
		}
		return s.remove(ctx, tx, who.OrgID, m)
	})
	if err == nil {
		s.discard(ctx, who.OrgID, m)
	}
	return err
}

// remove takes a file out of the database.
func (s *Service) remove(ctx context.Context, tx db.Tx, orgID string, m Media) error {
	if _, err := s.account(ctx, tx, orgID, m, -m.kept()); err != nil {
		return err
	}
	return s.store.remove(ctx, tx, orgID, m.ID)
}

// Arrive looks whether the bytes of uploads of the actor's have arrived. It talks to the file
// store, so it comes before the transaction that uses the files.
func (s *Service) Arrive(ctx context.Context, who authz.Actor, ids []string) error {
	rows, err := s.store.byIDs(ctx, s.db.Reader(ctx), who.OrgID, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.OwnerID != who.UserID {
			continue
		}
		if _, err := s.arrived(ctx, who.OrgID, r.Media); err != nil {
			return err
		}
	}
	return nil
}

// Use makes files what an item uses, all of them; without any it uses none. A file the actor
// may not use is reported at the field that names it.
func (s *Service) Use(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, refs []content.FileRef) error {
	before, err := s.store.uses(ctx, tx, who.OrgID, item)
	if err != nil {
		return err
	}
	var ids []string
	for _, r := range refs {
		ids = append(ids, r.ID)
	}
	ids = content.Unique(ids)
	concerned := slices.Compact(slices.Sorted(slices.Values(slices.Concat(before, ids))))
	if len(concerned) == 0 {
		return nil
	}
	files, err := s.store.lock(ctx, tx, who.OrgID, concerned)
	if err != nil {
		return err
	}
	var bad fault.Fields
	for _, r := range refs {
		m, there := files[r.ID]
		if code, why := mayUse(who.UserID, m, there, slices.Contains(before, r.ID)); code != "" {
			bad.Add(r.Pointer, code, why)
		}
	}
	if !bad.Empty() {
		return bad.Err()
	}
	if err := s.store.use(ctx, tx, who.OrgID, item, ids); err != nil {
		return err
	}
	return s.store.noteUse(ctx, tx, who.OrgID, concerned, s.clock.Now().UnixMilli())
}

// Free makes items of a kind use no file any more.
func (s *Service) Free(ctx context.Context, tx db.Tx, orgID, kind string, ids []string) error {
	files, err := s.store.usedOn(ctx, tx, orgID, kind, ids)
	if err != nil || len(files) == 0 {
		return err
	}
	if _, err := s.store.lock(ctx, tx, orgID, files); err != nil {
		return err
	}
	if err := s.store.free(ctx, tx, orgID, kind, ids); err != nil {
		return err
	}
	return s.store.noteUse(ctx, tx, orgID, files, s.clock.Now().UnixMilli())
}

// ByIDs gives files as answers show them, by id, in one statement. Whoever may see the item
// that uses a file may see the file.
func (s *Service) ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]person.File, error) {
	files := make(map[string]person.File, len(ids))
	if len(ids) == 0 {
		return files, nil
	}
	rows, err := s.store.byIDs(ctx, q, orgID, ids)
	for _, r := range rows {
		files[r.ID] = s.view(orgID, r)
	}
	return files, err
}

// UsedBy reports whether one of some items of a kind uses a file.
func (s *Service) UsedBy(ctx context.Context, q db.Queryer, orgID, id, kind string, items []string) (bool, error) {
	return s.store.isUsedBy(ctx, q, orgID, id, kind, items)
}
