package user

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// carried is the name under which people have files.
const carried = "user"

// Files are the uploads that pictures are chosen of; module/media has them.
type Files interface {
	// Picture looks whether a file is a picture that the actor has uploaded: code and sentence of
	// why not, both empty when it is.
	Picture(ctx context.Context, who authz.Actor, id string) (code, why string, err error)
	// Use makes files what an item uses, all of them.
	Use(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, files []content.FileRef) error
}

// Illustrate lets people have pictures, which whoever sees them sees: everybody of the
// organization. It is called while the program is put together, like OnHandOver.
func (s *Service) Illustrate(files Files, c *content.Content) {
	s.files = files
	c.Carry(carried, func(id string) string {
		return `EXISTS (SELECT 1 FROM users shown WHERE shown.org_id = ?1 AND shown.id = ` + id + `)`
	})
}

// pictures gives what a change sets them to, by the names of its fields.
func (in Change) pictures() map[string]api.Patch[string] {
	return map[string]api.Patch[string]{"fileId": in.FileID, "coverFileId": in.CoverFileID}
}

// unusable gives what is wrong with the files that a change names, by the names of its fields. It
// talks to the file store, so it comes before the transaction.
func (s *Service) unusable(ctx context.Context, who authz.Actor, in Change) (map[string]fault.Field, error) {
	bad := map[string]fault.Field{}
	for name, v := range in.pictures() {
		if !v.Set || v.Null || v.Value == "" {
			continue
		}
		f := fault.Field{Pointer: "/" + name, Code: "media.unknown", Detail: "You have uploaded no file with this id."}
		if s.files != nil {
			var err error
			if f.Code, f.Detail, err = s.files.Picture(ctx, who, v.Value); err != nil {
				return nil, err
			}
		}
		if f.Code != "" {
			bad[name] = f
		}
	}
	return bad, nil
}

// applyPictures takes pictures over: those that the caller has uploaded. One that is there already
// may stay, whoever uploaded it.
func (e *edit) applyPictures(in Change) {
	at := map[string]**string{"fileId": &e.after.picture, "coverFileId": &e.after.cover}
	for name, v := range in.pictures() {
		switch bad, unusable := in.unusable[name]; {
		case !v.Set || deref(*at[name]) == v.Value:
		case v.Null || v.Value == "":
			*at[name] = nil
		case unusable:
			e.Add(bad.Pointer, bad.Code, bad.Detail)
		default:
			*at[name] = &v.Value
		}
	}
}

// use keeps the files of pictures that have changed, and lets go of those before.
func (s *Service) use(ctx context.Context, tx db.Tx, who authz.Actor, e edit) error {
	before, after := e.before, e.after
	if s.files == nil || deref(before.picture) == deref(after.picture) && deref(before.cover) == deref(after.cover) {
		return nil
	}
	var files []content.FileRef
	if after.picture != nil {
		files = append(files, content.FileRef{ID: *after.picture, Pointer: "/fileId"})
	}
	if after.cover != nil {
		files = append(files, content.FileRef{ID: *after.cover, Pointer: "/coverFileId"})
	}
	return s.files.Use(ctx, tx, who, content.Item{Kind: carried, ID: after.id}, files)
}
