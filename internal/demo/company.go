package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/module/category"
	"github.com/workdrive/workdrive/internal/module/department"
	"github.com/workdrive/workdrive/internal/module/location"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/user"
)

const (
	size  = 60 // people, the administrator included
	leads = 6  // the administrator's direct reports, one per department but hers
)

// places makes what people belong to: locations, security groups and categories.
func (s *stage) places(ctx context.Context) error {
	s.locations, s.groups = map[string]string{}, map[string]string{}
	for _, name := range locationNames {
		l, err := s.app.Locations.Create(ctx, s.admin, location.Draft{Name: name})
		if err != nil {
			return err
		}
		s.locations[name] = l.ID
	}
	for _, g := range groups {
		made, err := s.app.Groups.Create(ctx, s.admin, g)
		if err != nil {
			return err
		}
		s.groups[g.Name] = made.ID
	}
	for _, c := range categories {
		if _, err := s.app.Categories.Create(ctx, s.admin, c); err != nil {
			return err
		}
	}
	return nil
}

// people makes the reporting tree, a level at a time: six leads report to the administrator,
// twelve people to a lead, everybody else to one of the twelve.
func (s *stage) people(ctx context.Context) error {
	s.members = []member{{"Ada", s.admin}}
	for _, level := range [][2]int{{1, leads + 1}, {leads + 1, 3*leads + 1}, {3*leads + 1, size}} {
		var drafts []user.Draft
		for i := level[0]; i < level[1]; i++ {
			drafts = append(drafts, s.draft(i))
		}
		made, err := s.app.Users.BulkCreate(ctx, s.admin, drafts, user.BulkOptions{})
		if err != nil {
			return err
		}
		for _, u := range made.Users {
			s.members = append(s.members, member{u.FirstName, authz.Actor{OrgID: s.admin.OrgID, UserID: u.ID}})
		}
	}
	title, home := "Managing director", s.locations[locationNames[0]]
	_, err := s.app.Users.Update(ctx, s.admin, s.admin.UserID, "", user.Change{Designation: set(title), Location: set(home)})
	return err
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

// departmentOf follows the tree up to the lead; 0 is the administrator's own department.
func departmentOf(i int) int {
	for i > leads {
		i = supervisorOf(i)
	}
	return i
}

func (s *stage) draft(i int) user.Draft {
	first, last := firstNames[i%len(firstNames)], lastNames[(i*7)%len(lastNames)]
	d := user.Draft{
		Email:     fmt.Sprintf("%s.%s@%s", plain(first), plain(last), domain),
		FirstName: first, LastName: last, Status: new(user.Active), Designation: new(pick(s, titles[departmentOf(i)])),
		Phone: new(fmt.Sprintf("+47 555 %05d", 10000+i*37)), ExternalUserID: new(fmt.Sprintf("LC-%04d", i)),
		ReportsTo: &s.members[supervisorOf(i)].who.UserID,
		Location:  new(s.locations[pick(s, locationNames)]),
		Skill:     api.Strings{pick(s, skills)},
	}
	if i <= leads {
		d.Designation = new("Head of " + departments[i])
	}
	if s.chance(40) {
		d.Bio = new(pick(s, bios))
	}
	switch {
	case departments[departmentOf(i)] == "People":
		d.SecurityGroup = new(s.groups["People team"])
	case i%9 == 0:
		d.SecurityGroup = new(s.groups["Editors"])
	case s.chance(15):
		d.SecurityGroup = new(s.groups["First aiders"])
	}
	return d
}

// plain is a name as it stands in an e-mail address.
func plain(name string) string {
	return strings.NewReplacer("ö", "o", "ü", "u", "ć", "c", "è", "e").Replace(strings.ToLower(name))
}

// departments puts everybody into a department, headed by its lead, and gives each location
// an administrator.
func (s *stage) departments(ctx context.Context) error {
	staff := make([][]department.Member, len(departments))
	for i, m := range s.members {
		n := departmentOf(i)
		staff[n] = append(staff[n], department.Member{ID: m.who.UserID, Head: i <= leads})
	}
	for n, name := range departments {
		if _, err := s.app.Departments.Create(ctx, s.admin, department.Draft{Name: name, Members: staff[n]}); err != nil {
			return err
		}
	}
	for _, name := range locationNames {
		admins := location.Admins{Add: []location.Ref{{ID: s.members[s.anybody()].who.UserID}}}
		if _, err := s.app.Locations.ChangeAdmins(ctx, s.admin, s.locations[name], "", admins); err != nil {
			return err
		}
	}
	return nil
}

// friends lets people follow each other, a third of them mutually, and some be away.
func (s *stage) friends(ctx context.Context) error {
	var pairs [][2]int
	for i := range s.members {
		for range 2 + s.random.IntN(3) {
			if j := s.anybody(); j != i {
				pairs = append(pairs, [2]int{i, j})
				if s.chance(33) {
					pairs = append(pairs, [2]int{j, i})
				}
			}
		}
	}
	err := each(len(pairs), func(n int) error {
		_, err := s.app.Users.Follow(ctx, s.members[pairs[n][0]].who, s.members[pairs[n][1]].who.UserID)
		return err
	})
	for i, m := range s.members {
		if err != nil {
			return err
		}
		if text := absences[i%len(absences)]; text != "" {
			_, err = s.app.Users.Update(ctx, m.who, m.who.UserID, "", user.Change{Availability: set(away), AvailabilityStatusText: set(text)})
		}
	}
	return err
}

const away = user.Availability(2)

func set[T any](v T) api.Patch[T] { return api.Patch[T]{Set: true, Value: v} }

var groups = []securitygroup.Draft{
	{Name: "Editors", Capabilities: api.Strings{string(authz.ContentModerate), string(authz.CategoriesManage)}},
	{Name: "People team", Capabilities: api.Strings{string(authz.UsersManage)}},
	{Name: "First aiders"},
}

// categories sort the content of modules: 3 events, 4 FAQs, 6 news, 9 documents.
var categories = []category.Draft{
	{ModuleCode: 3, Category: "Field days", Color: "#2E7D32"}, {ModuleCode: 3, Category: "Lunch talks", Color: "#6A1B9A"},
	{ModuleCode: 4, Category: "Equipment", Color: "#1565C0"}, {ModuleCode: 4, Category: "Working here", Color: "#AD1457"},
	{ModuleCode: 6, Category: "Company", Color: "#37474F"}, {ModuleCode: 6, Category: "Customers", Color: "#EF6C00"},
	{ModuleCode: 9, Category: "Style guides", Color: "#00838F"}, {ModuleCode: 9, Category: "Safety", Color: "#C62828"},
}
