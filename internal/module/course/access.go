package course

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// manager is the capability of those who see and change the courses of everybody, as for tasks.
const manager = authz.TemplatesManage

const noun = "course"

// gate refuses, with the answer for an absent course, whoever may not see the course.
func (s *Service) gate(ctx context.Context, who authz.Actor, id string) error {
	_, err := s.visible(ctx, s.DB.Reader(ctx), who, id)
	return err
}

// Sight is the condition that the course whose id is in a column is there for whoever made it or
// takes it (content.Carrier): ?1 is the organization, ?2 the viewer. Managers see more.
func Sight(id string) string {
	return `EXISTS (SELECT 1 FROM courses y WHERE y.org_id = ?1 AND y.id = ` + id + ` AND y.archived_at IS NULL AND (y.author_id = ?2
		OR EXISTS (SELECT 1 FROM course_enrolments a WHERE a.org_id = ?1 AND a.course_id = y.id AND a.user_id = ?2)))`
}

// visible gives a course that the actor made, takes or manages, with their part of it.
func (s *Service) visible(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Seen, error) {
	c, err := s.store.find(ctx, q, who, id)
	if err == nil && c.AuthorID != who.UserID && c.Mine == nil && !who.Can(manager) {
		err = fault.NotFound(noun)
	}
	return c, err
}

// toRead gives a course whose people the actor may see.
func (s *Service) toRead(ctx context.Context, q db.Queryer, who authz.Actor, id string) (Seen, error) {
	c, err := s.visible(ctx, q, who, id)
	if err == nil && c.AuthorID != who.UserID && !who.Can(manager) {
		err = fault.Forbidden("course.notAuthor", "Only its author, and those who hold templates:manage, can do this with a course.")
	}
	return c, err
}

// toManage gives a course, locked, that the actor made or manages, in the version If-Match names.
func (s *Service) toManage(ctx context.Context, tx db.Tx, who authz.Actor, id, ifMatch string) (Seen, error) {
	if err := s.store.lock(ctx, tx, who.OrgID, id); err != nil {
		return Seen{}, err
	}
	c, err := s.toRead(ctx, tx, who, id)
	if err == nil {
		err = api.CheckMatch(ifMatch, c.Version)
	}
	return c, err
}
