package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/user"
)

const (
	size      = 60 // people, the administrator included
	leads     = 6  // the administrator's direct reports, one per department
	postCount = 200
)

// people makes the reporting tree: six leads report to the administrator, everybody else to
// a lead or to one of the lead's first reports.
func (s *stage) people(ctx context.Context) error {
	s.members = []member{{id: s.admin.UserID, supervisor: -1, who: s.admin}}
	for _, level := range [][2]int{{1, leads + 1}, {leads + 1, 3*leads + 1}, {3*leads + 1, size}} {
		var drafts []user.Draft
		for i := level[0]; i < level[1]; i++ {
			drafts = append(drafts, s.draft(i))
		}
		made, err := s.app.Users.BulkCreate(ctx, s.admin, drafts, user.BulkOptions{})
		if err != nil {
			return err
		}
		for n, u := range made.Users {
			s.members = append(s.members, member{
				id: u.ID, supervisor: supervisorOf(level[0] + n), who: authz.Actor{OrgID: s.admin.OrgID, UserID: u.ID},
			})
		}
	}
	return nil
}

// supervisorOf gives the place in the tree above the ith.
func supervisorOf(i int) int {
	switch {
	case i <= leads:
		return 0
	case i <= 3*leads:
		return (i-1)%leads + 1
	}
	return leads + 1 + (i-1)%(2*leads)
}

// departmentOf follows the tree up to the lead.
func departmentOf(i int) int {
	for i > leads {
		i = supervisorOf(i)
	}
	return i - 1
}

func (s *stage) draft(i int) user.Draft {
	first, last := firstNames[i%len(firstNames)], lastNames[(i*7)%len(lastNames)]
	status := user.Active
	department, location := departmentOf(i), (i*i+i/3)%len(locationNames)
	title := titles[department]
	if i <= leads {
		title = "Head of " + departmentNames[department]
	}
	phone, external := fmt.Sprintf("+47 555 %05d", 10000+i*37), fmt.Sprintf("LC-%04d", i)
	d := user.Draft{
		Email:     fmt.Sprintf("%s.%s%d@%s", strings.ToLower(first), plain(last), i, domain),
		FirstName: first, LastName: last, Status: &status, Designation: &title,
		Phone: &phone, ExternalUserID: &external, ReportsTo: &s.members[supervisorOf(i)].id,
	}
	d.Department = ref(s.departments, departmentNames[department])
	if head := i <= leads; head && d.Department != nil {
		d.IsDepartmentHead = &head
	}
	d.Location = ref(s.locations, locationNames[location])
	if i%9 == 0 {
		d.SecurityGroup = ref(s.groups, "Editors")
	}
	return d
}

func ref(ids map[string]string, name string) *string {
	if id, ok := ids[name]; ok {
		return &id
	}
	return nil
}

func plain(name string) string {
	return strings.NewReplacer("ö", "o", "ü", "u", "ć", "c", "è", "e").Replace(strings.ToLower(name))
}

// friends lets people follow each other, some of them mutually.
func (s *stage) friends(ctx context.Context) error {
	return each(len(s.members)*2, func(n int) error {
		i := n / 2
		j := (i*5 + 3 + n%2*11) % len(s.members)
		if i == j {
			return nil
		}
		if _, err := s.app.Users.Follow(ctx, s.members[i].who, s.members[j].id); err != nil || n%3 != 0 {
			return err
		}
		_, err := s.app.Users.Follow(ctx, s.members[j].who, s.members[i].id)
		return err
	})
}

func (s *stage) posts(ctx context.Context) error {
	return each(postCount, func(i int) error {
		author := s.members[(i*13)%len(s.members)]
		text := openings[i%len(openings)] + " " + closings[(i/3)%len(closings)]
		d := post.Draft{
			PostText: set(text), Permissions: set(s.audience(i)), Tags: set(api.Strings{tags[i%len(tags)]}),
		}
		if i%7 == 0 {
			d.Mention = set(api.Strings{s.members[(i*3)%len(s.members)].id})
		}
		if i%11 == 0 {
			d.Links = set(api.Strings{"https://maps." + domain + "/sheet/" + fmt.Sprint(i)})
		}
		_, err := s.app.Posts.Create(ctx, author.who, d)
		return err
	})
}

// audience mixes who posts are for: most are for everybody.
func (s *stage) audience(i int) audience.Permissions {
	switch i % 10 {
	case 6:
		return audience.Permissions{Team: true}
	case 7:
		return audience.Permissions{Friends: true}
	case 8:
		if id := ref(s.locations, locationNames[i%len(locationNames)]); id != nil {
			return audience.Permissions{Locations: api.Strings{*id}}
		}
	case 9:
		if id := ref(s.groups, "Editors"); id != nil && i%20 == 9 {
			return audience.Permissions{Groups: api.Strings{*id}}
		}
		return audience.Permissions{OnlyMe: true}
	}
	return audience.Permissions{Public: true}
}

func set[T any](v T) api.Patch[T] { return api.Patch[T]{Set: true, Value: v} }
