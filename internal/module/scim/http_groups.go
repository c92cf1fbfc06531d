package scim

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// showGroup answers a group with everybody in it, unless they are not wanted.
func (c *call) showGroup(status int, g Group, err error) error {
	if err != nil {
		return err
	}
	tag := etag(g.Version)
	if c.unchanged(tag) {
		return nil
	}
	var members []Member
	if c.shows.wants("members") {
		if members, err = c.s.store.members(c.r.Context(), c.s.DB.Reader(c.r.Context()), c.who.OrgID, g.ID); err != nil {
			return err
		}
	}
	c.w.Header().Set("ETag", tag)
	c.w.Header().Set("Location", c.s.URL+Path+"/Groups/"+g.ID)
	return c.answer(status, c.shows.of(c.s.groupResource(g, members)))
}

func (c *call) listGroups() error {
	start, p, err := c.window()
	if err != nil {
		return err
	}
	cond, err := where(c.who.OrgID, c.r.URL.Query().Get("filter"), compareGroup)
	if err != nil {
		return err
	}
	var list []Group
	var total int
	err = c.s.DB.Snapshot(c.r.Context(), func(ctx context.Context, q db.Queryer) (err error) {
		list, total, err = c.s.store.groups(ctx, q, c.who.OrgID, cond, p)
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]resource, len(list))
	for i, g := range list {
		shown[i] = c.shows.of(c.s.groupResource(g, nil))
	}
	return c.answer(http.StatusOK, listOf(shown, total, start))
}

func (c *call) readGroup() error {
	g, err := c.s.store.group(c.r.Context(), c.s.DB.Reader(c.r.Context()), c.who.OrgID, c.id)
	return c.showGroup(http.StatusOK, g, err)
}

func (c *call) createGroup() error {
	in, err := c.whole()
	if err != nil {
		return err
	}
	g, err := c.s.createGroup(c.r.Context(), c.who, in)
	return c.showGroup(http.StatusCreated, g, err)
}

func (c *call) replaceGroup() error {
	in, err := c.whole()
	g, err := c.changeGroup(in, err)
	return c.showGroup(http.StatusOK, g, err)
}

// patchGroup answers without a body: the group may be large, and its members were named already.
func (c *call) patchGroup() error {
	in, err := c.changes()
	g, err := c.changeGroup(in, err)
	if err != nil {
		return err
	}
	c.w.Header().Set("ETag", etag(g.Version))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) changeGroup(in *said, err error) (Group, error) {
	if err != nil { // told to who may know of the group only
		if _, hidden := c.s.store.group(c.r.Context(), c.s.DB.Reader(c.r.Context()), c.who.OrgID, c.id); hidden != nil {
			err = hidden
		}
		return Group{}, err
	}
	return c.s.changeGroup(c.r.Context(), c.who, c.id, c.ifMatch(), in)
}

func (c *call) deleteGroup() error {
	if err := c.s.Groups.Delete(c.r.Context(), c.who, c.id, c.ifMatch()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
