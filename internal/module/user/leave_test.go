package user_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
)

// under creates a person who reports to a boss.
func (s *stage) under(name string, boss user.User) user.User {
	s.Helper()
	d := draft(name)
	d.ReportsTo, d.Status = &boss.ID, ptr(user.Active)
	return s.mustCreate(d)
}

func (s *stage) active(name string) user.User {
	s.Helper()
	d := draft(name)
	d.Status = ptr(user.Active)
	return s.mustCreate(d)
}

func TestDeletingArchivesAndRestoringBringsBack(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		top := s.active("top")
		boss := s.under("boss", top)
		worker := s.under("worker", boss)
		for range 2 { // deleting twice is the same as once
			if err := s.Delete(ctx, s.admin, boss.ID, "", false); err != nil {
				s.Fatal(err)
			}
		}
		if got := s.mustGet(boss.ID); got.Status != user.Archive || got.Version() != 2 || *got.ReportsTo != top.ID {
			s.Errorf("archived wrongly: %+v", got)
		}
		if got := s.mustGet(worker.ID); *got.ReportsTo != top.ID {
			s.Errorf("the direct report was not lifted: %v", got.ReportsTo)
		}
		if n := len(slices.DeleteFunc(slices.Clone(s.events), func(e string) bool { return e != "user.archived "+boss.ID })); n != 1 {
			s.Errorf("%d events for one departure", n)
		}
		if err := s.Delete(ctx, s.admin, top.ID, "", false); err != nil {
			s.Fatal(err)
		}
		if got := s.mustUpdate(boss.ID, change(`{"status": "ACTIVE"}`)); got.Status != user.Active || got.ReportsTo != nil {
			s.Errorf("restored wrongly: %+v", got)
		}
	})
}

func TestStatusArchiveIsADelete(t *testing.T) {
	each(t, func(s *stage) {
		boss := s.active("boss")
		worker := s.under("worker", boss)
		s.mustUpdate(boss.ID, change(`{"status": "ARCHIVE"}`))
		if s.mustGet(worker.ID).ReportsTo != nil || !slices.Contains(s.events, "user.archived "+boss.ID) {
			s.Error("a status change does less than a delete")
		}
	})
}

func TestBulkDeleteLiftsOverEverybodyWhoLeaves(t *testing.T) {
	each(t, func(s *stage) {
		top := s.active("top")
		middle := s.under("middle", top)
		low := s.under("low", middle)
		worker := s.under("worker", low)
		ctx, queries := db.CountQueries(context.Background())
		deleted, notFound, err := s.BulkDelete(ctx, s.admin, []string{low.ID, middle.ID, low.ID, "nobody"})
		if err != nil {
			s.Fatal(err)
		}
		if !slices.Equal(deleted, []string{low.ID, middle.ID}) || !slices.Equal(notFound, []string{"nobody"}) {
			s.Errorf("deleted %v, not found %v", deleted, notFound)
		}
		if got := s.mustGet(worker.ID); *got.ReportsTo != top.ID {
			s.Errorf("the worker reports to %v", *got.ReportsTo)
		}
		few := queries.N()
		var many []string
		for i := range 30 {
			many = append(many, s.under(fmt.Sprint("m", i), top).ID)
		}
		ctx, queries = db.CountQueries(context.Background())
		if _, _, err := s.BulkDelete(ctx, s.admin, many); err != nil {
			s.Fatal(err)
		}
		if queries.N() > few {
			s.Errorf("30 departures take %d statements, 2 take %d", queries.N(), few)
		}
	})
}

func TestAnHeirTakesOver(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		department, berlin := s.Department(s.T, "Development"), s.Location(s.T, "Berlin")
		leaver := s.active("leaver")
		s.mustUpdate(leaver.ID, change(`{"department": "Development"}`))
		heir := s.active("heir")
		s.mustUpdate(heir.ID, change(`{"department": "Development"}`))
		worker := s.under("worker", leaver)
		joined := s.active("joined")
		s.mustUpdate(joined.ID, change(fmt.Sprintf(`{"addAdditionalTeams": [%q]}`, leaver.ID)))
		s.Exec(s.T, `INSERT INTO location_admins (org_id, location_id, user_id) VALUES (?, ?, ?)`, s.ID, berlin, leaver.ID)
		s.settings["offboarding"] = fmt.Sprintf(`{"organization": {"assignee": %q}, "departments": {%q: {"assignee": %q}}, "locations": {}}`,
			s.admin.UserID, department, heir.ID)
		var told []string
		s.OnHandOver(func(_ context.Context, _ db.Tx, _, from, to string) error {
			told = append(told, from+" "+to)
			return nil
		})
		if err := s.Delete(ctx, s.admin, leaver.ID, "", true); err != nil {
			s.Fatal(err)
		}
		got := s.mustGet(heir.ID)
		if !slices.Equal(got.TeamMembers, []string{worker.ID}) || !got.IsDepartmentHead {
			s.Errorf("reports or headship did not go over: %+v", got)
		}
		if teams := s.mustGet(joined.ID).UserAdditionalTeams; !slices.Equal(teams, []string{heir.ID}) {
			s.Errorf("additional teams are %v", teams)
		}
		if s.count(`SELECT COUNT(*) FROM location_admins WHERE org_id = ? AND user_id = ?`, s.ID, heir.ID) != 1 {
			s.Error("the administration of the location did not go over")
		}
		if !slices.Equal(told, []string{leaver.ID + " " + heir.ID}) {
			s.Errorf("other modules were told %v", told)
		}
		if left := s.mustGet(leaver.ID); left.Status != user.Archive || left.IsDepartmentHead {
			s.Errorf("the leaver is %+v", left)
		}
	})
}

func TestWhoInherits(t *testing.T) {
	each(t, func(s *stage) {
		department, berlin := s.Department(s.T, "Development"), s.Location(s.T, "Berlin")
		people := map[string]user.User{}
		for _, name := range []string{"ofDepartment", "ofLocation", "ofOrganization", "boss", "head"} {
			people[name] = s.active(name)
		}
		s.mustUpdate(people["head"].ID, change(`{"department": "Development"}`))
		s.settings["offboarding"] = fmt.Sprintf(`{"organization": {"assignee": %q}, "departments": {%q: {"assignee": %q}}, "locations": {%q: {"assignee": %q}}}`,
			people["ofOrganization"].ID, department, people["ofDepartment"].ID, berlin, people["ofLocation"].ID)
		for i, want := range []string{"ofDepartment", "ofLocation", "ofOrganization", "boss", "head", "admin"} {
			leaver := s.under(fmt.Sprint("leaver", i), people["boss"])
			if want == "admin" {
				s.mustUpdate(leaver.ID, change(`{"reportsTo": null}`))
			} else {
				s.mustUpdate(leaver.ID, change(fmt.Sprintf(`{"department": %q, "location": %q}`, department, berlin)))
			}
			worker := s.under(fmt.Sprint("worker", i), leaver)
			if err := s.Delete(context.Background(), s.admin, leaver.ID, "", true); err != nil {
				s.Fatal(err)
			}
			heir := s.admin.UserID
			if p, ok := people[want]; ok {
				heir = p.ID
			}
			if got := *s.mustGet(worker.ID).ReportsTo; got != heir {
				s.Errorf("%s should inherit, the worker reports to %s", want, got)
			}
			if _, ok := people[want]; ok { // the next in line is asked once this one has gone
				s.Exec(s.T, `UPDATE users SET status = 'BLOCKED' WHERE org_id = ? AND id = ?`, s.ID, heir)
			}
		}
	})
}

func TestAnHeirBelowTheLeaverMakesNoCycle(t *testing.T) {
	each(t, func(s *stage) {
		top := s.active("top")
		leaver := s.under("leaver", top)
		between := s.under("between", leaver)
		heir := s.under("heir", between)
		worker := s.under("worker", leaver)
		s.settings["offboarding"] = fmt.Sprintf(`{"organization": {"assignee": %q}}`, heir.ID)
		if err := s.Delete(context.Background(), s.admin, leaver.ID, "", true); err != nil {
			s.Fatal(err)
		}
		if got := []string{*s.mustGet(between.ID).ReportsTo, *s.mustGet(heir.ID).ReportsTo, *s.mustGet(worker.ID).ReportsTo}; !slices.Equal(got, []string{top.ID, between.ID, heir.ID}) {
			s.Errorf("between, heir and worker report to %v", got)
		}
	})
}

func TestFollowingIsCountedOnceAndMutualIsFriendship(t *testing.T) {
	each(t, func(s *stage) {
		ctx := context.Background()
		for range 2 {
			if f, err := s.Follow(ctx, s.member, s.admin.UserID); err != nil || !f.IsFollowing || f.IsFriend {
				s.Fatalf("%+v %v", f, err)
			}
		}
		if f, err := s.Follow(ctx, s.admin, s.member.UserID); err != nil || !f.IsFriend {
			s.Errorf("%+v %v", f, err)
		}
		_, err := s.Follow(ctx, s.member, s.member.UserID)
		s.wantFault(err, fault.KindConflict, "user.followSelf")
		if u, err := s.Get(ctx, s.member, s.admin.UserID); err != nil || !u.IsFollowing {
			s.Errorf("the reader's following is not shown: %v", err)
		}
		cards, meta, err := s.Followers(ctx, s.member, s.admin.UserID, api.Page{})
		if err != nil || meta.TotalResults != 1 || cards[0].ID != s.member.UserID {
			s.Errorf("followers: %v %v %v", cards, meta, err)
		}
		for range 2 {
			if err := s.Unfollow(ctx, s.member, s.admin.UserID); err != nil {
				s.Fatal(err)
			}
		}
		if cards, meta, err := s.Followed(ctx, s.member, s.member.UserID, api.Page{}); err != nil || meta.TotalResults != 0 || len(cards) != 0 {
			s.Errorf("followed: %v %v %v", cards, meta, err)
		}
		want := []string{"user.followed " + s.member.UserID, "user.followed " + s.admin.UserID, "user.unfollowed " + s.member.UserID}
		if !slices.Equal(s.events, want) {
			s.Errorf("events are %v", s.events)
		}
	})
}
