package user

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Following is how the caller and a person stand to each other.
type Following struct {
	UserID      string `json:"userId" format:"uuid" doc:"Id of the person"`
	IsFollowing bool   `json:"isFollowing" doc:"The caller follows the person"`
	IsFriend    bool   `json:"isFriend" doc:"Both follow each other"`
}

// followEvent is the data of user.followed and user.unfollowed, whose subject is the follower.
type followEvent struct {
	FollowerID string `json:"followerId"`
	FollowedID string `json:"followedId"`
}

// Follow makes the caller follow a person; following twice is the same as once.
func (s *Service) Follow(ctx context.Context, who authz.Actor, id string) (Following, error) {
	state := Following{UserID: id, IsFollowing: true}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		r, err := s.store.byID(ctx, tx, who.OrgID, id)
		if err != nil {
			return err
		}
		if id == who.UserID {
			return fault.Conflict("user.followSelf", "You cannot follow yourself.")
		}
		if r.status == Archive {
			return fault.Conflict("user.archived", "A former member cannot be followed.")
		}
		added, err := s.store.follow(ctx, tx, who.OrgID, who.UserID, id, clock.Millis(s.clock.Now()))
		if err != nil {
			return err
		}
		if state.IsFriend, err = s.store.follows(ctx, tx, who.OrgID, id, who.UserID); err != nil || !added {
			return err
		}
		return s.publishFollow(ctx, tx, who, "user.followed", id)
	})
	return state, err
}

// Unfollow ends it; not having followed is no error.
func (s *Service) Unfollow(ctx context.Context, who authz.Actor, id string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := s.store.byID(ctx, tx, who.OrgID, id); err != nil {
			return err
		}
		removed, err := s.store.unfollow(ctx, tx, who.OrgID, who.UserID, id)
		if err != nil || !removed {
			return err
		}
		return s.publishFollow(ctx, tx, who, "user.unfollowed", id)
	})
}

// Followers reads a page of the people who follow a person.
func (s *Service) Followers(ctx context.Context, who authz.Actor, id string, p api.Page) ([]person.Card, api.Meta, error) {
	return s.followList(ctx, who, followersSQL, id, p)
}

// Followed reads a page of the people whom a person follows.
func (s *Service) Followed(ctx context.Context, who authz.Actor, id string, p api.Page) ([]person.Card, api.Meta, error) {
	return s.followList(ctx, who, followingSQL, id, p)
}

func (s *Service) followList(ctx context.Context, who authz.Actor, from, id string, p api.Page) ([]person.Card, api.Meta, error) {
	if _, err := s.store.byID(ctx, s.db.Reader(ctx), who.OrgID, id); err != nil {
		return nil, api.Meta{}, err
	}
	return s.cards(ctx, from, []any{who.OrgID, id}, p)
}

func (s *Service) publishFollow(ctx context.Context, tx db.Tx, who authz.Actor, name, followed string) error {
	return s.bus.Publish(ctx, tx, bus.Event{OrgID: who.OrgID, Name: name, Subject: who.UserID, Data: followEvent{who.UserID, followed}})
}
