package media

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// gate refuses, with the answer for an absent file, whoever may not read the file.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.readable(ctx, s.db.Reader(ctx), who, id)
	return err
}

// readable gives a file of the actor's, or one that an item uses which the actor may see.
func (s *Service) readable(ctx context.Context, q db.Queryer, who authz.Actor, id string) (row, error) {
	v, err := s.content.VisibleTo(ctx, who)
	if err != nil {
		return row{}, err
	}
	return s.store.readable(ctx, q, v, id)
}

// toDelete gives a file its owner may delete, locked: no item may use it.
func (s *Service) toDelete(ctx context.Context, tx db.Tx, who authz.Actor, id string) (Media, error) {
	r, err := s.readable(ctx, tx, who, id)
	if err != nil {
		return Media{}, err
	}
	if r.OwnerID != who.UserID {
		return Media{}, fault.Forbidden("media.notOwner", "Only its owner can delete a file.")
	}
	files, err := s.store.lock(ctx, tx, who.OrgID, []string{id})
	if err != nil {
		return Media{}, err
	}
	if len(files) == 0 {
		return Media{}, fault.NotFound(noun)
	}
	used, err := s.store.isUsed(ctx, tx, who.OrgID, id)
	if err == nil && used {
		err = fault.Conflict("media.used", "An item uses this file: take it off there first.")
	}
	return files[id], err
}

// mayUse reports why a person cannot put a file on an item: code and sentence, both empty when
// they can. A file that is on the item already may stay, whoever uploaded it.
func mayUse(userID string, m Media, there, onIt bool) (code, why string) {
	switch {
	case onIt:
		return "", ""
	case !there || m.OwnerID != userID:
		return "media.unknown", "You have uploaded no file with this id."
	case m.State == pending:
		return "media.pending", "The file has not been uploaded yet."
	case m.State == refused:
		return "media.refused", "The file was refused: " + m.Reason
	}
	return "", ""
}
