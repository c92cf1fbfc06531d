package org

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// carried is the name under which organizations have files.
const carried = "organization"

// Files are the uploads that logos are chosen of; module/media has them.
type Files interface {
	// Picture looks whether a file is a picture that the actor has uploaded: code and sentence of
	// why not, both empty when it is.
	Picture(ctx context.Context, who authz.Actor, id string) (code, why string, err error)
	// Use makes files what an item uses, all of them.
	Use(ctx context.Context, tx db.Tx, who authz.Actor, item content.Item, files []content.FileRef) error
}

// Illustrate lets organizations have logos, which their people see. It is called while the program
// is put together, before requests are served.
func (s *Service) Illustrate(files Files, c *content.Content) {
	s.files = files
	c.Carry(carried, func(id string) string { return id + ` = ?1` })
}

// Pictures implements person.Pictured. A logo is a file of its organization: that of a child is for
// the child's people.
func (v *View) Pictures(show func(id string, at **person.File)) {
	if v.logoID != nil {
		show(*v.logoID, &v.File)
	}
}

// unusable gives what is wrong with the logo that a change names, or nil. It talks to the file store,
// so it comes before the transaction.
func (s *Service) unusable(ctx context.Context, who authz.Actor, id string, c Change) (*fault.Field, error) {
	if !c.FileID.Set || c.FileID.Null || c.FileID.Value == "" {
		return nil, nil
	}
	f := fault.Field{Pointer: "/fileId", Code: "media.unknown", Detail: "You have uploaded no file with this id."}
	if s.files != nil && id == who.OrgID {
		var err error
		if f.Code, f.Detail, err = s.files.Picture(ctx, who, c.FileID.Value); err != nil || f.Code == "" {
			return nil, err
		}
	}
	return &f, nil
}

// applyLogo takes a logo over. The one that is there already may stay, whoever uploaded it.
func (c Change) applyLogo(p *Profile, unusable *fault.Field, bad *fault.Fields) (changed bool) {
	before := ""
	if p.LogoID != nil {
		before = *p.LogoID
	}
	switch {
	case !c.FileID.Set || !c.FileID.Null && c.FileID.Value == before:
		return false
	case c.FileID.Null || c.FileID.Value == "":
		p.LogoID = nil
	case unusable != nil:
		bad.Add(unusable.Pointer, unusable.Code, unusable.Detail)
	default:
		p.LogoID = &c.FileID.Value
	}
	return true
}

// use keeps the file of a logo that has changed, and lets go of the one before.
func (s *Service) use(ctx context.Context, tx db.Tx, who authz.Actor, o Organization) error {
	if s.files == nil || o.ID != who.OrgID {
		return nil
	}
	var files []content.FileRef
	if o.LogoID != nil {
		files = []content.FileRef{{ID: *o.LogoID, Pointer: "/fileId"}}
	}
	return s.files.Use(ctx, tx, who, content.Item{Kind: carried, ID: o.ID}, files)
}
