package app

import (
	"context"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/module/scim"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/user"
)

// provisioning makes the service of SCIM, which writes through the modules of people and groups.
func (a *App) provisioning(m Modules) *scim.Service {
	return scim.New(scim.Deps{
		DB: a.o.DB, Clock: a.o.Clock, Log: a.o.Log, People: provisioned{m.Users}, Groups: provisionedGroups{m.Groups}, URL: a.o.Server.Address(a.o.Server.Listen),
	})
}

// provisioned lets SCIM write people.
type provisioned struct{ users *user.Service }

// Create implements scim.People. On-boarding defaults fill what the client leaves out.
func (p provisioned) Create(ctx context.Context, who authz.Actor, c scim.Change) (string, error) {
	u, err := p.users.Create(ctx, who, user.Draft{
		Email: c.Email.Value, FirstName: c.FirstName.Value, LastName: c.LastName.Value, Phone: value(c.Phone), Designation: value(c.Title),
		Language: value(c.Language), TimeZone: value(c.TimeZone), ExternalUserID: value(c.EmployeeNumber), Department: value(c.DepartmentID),
		ReportsTo: value(c.Manager), Status: value(c.Status),
	}, true)
	return u.ID, err
}

// value is what a patch sets, nil for nothing.
func value(p api.Patch[string]) *string {
	if !p.Set || p.Null {
		return nil
	}
	return &p.Value
}

// Update implements scim.People.
func (p provisioned) Update(ctx context.Context, who authz.Actor, id, ifMatch string, c scim.Change) error {
	_, err := p.users.Update(ctx, who, id, ifMatch, user.Change{
		Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Phone: c.Phone, Designation: c.Title, Language: c.Language, TimeZone: c.TimeZone,
		ExternalUserID: c.EmployeeNumber, Department: c.DepartmentID, ReportsTo: c.Manager, Status: c.Status,
	})
	return err
}

// Archive implements scim.People.
func (p provisioned) Archive(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return p.users.Delete(ctx, who, id, ifMatch, false)
}

// provisionedGroups lets SCIM write security groups.
type provisionedGroups struct{ groups *securitygroup.Service }

// Create implements scim.Groups.
func (p provisionedGroups) Create(ctx context.Context, who authz.Actor, name string) (string, error) {
	g, err := p.groups.Create(ctx, who, securitygroup.Draft{Name: name})
	return g.ID, err
}

// Rename implements scim.Groups.
func (p provisionedGroups) Rename(ctx context.Context, who authz.Actor, id, ifMatch, name string) error {
	_, err := p.groups.Update(ctx, who, id, ifMatch, securitygroup.Change{Name: api.Patch[string]{Set: true, Value: name}})
	return err
}

// Delete implements scim.Groups.
func (p provisionedGroups) Delete(ctx context.Context, who authz.Actor, id, ifMatch string) error {
	return p.groups.Delete(ctx, who, id, ifMatch)
}

// Add implements scim.Groups.
func (p provisionedGroups) Add(ctx context.Context, who authz.Actor, id string, people []string) error {
	_, err := p.groups.AddMembers(ctx, who, id, "", namedMembers(people))
	return err
}

// Remove implements scim.Groups.
func (p provisionedGroups) Remove(ctx context.Context, who authz.Actor, id string, people []string) error {
	_, err := p.groups.RemoveMembers(ctx, who, id, "", namedMembers(people))
	return err
}

func namedMembers(people []string) []securitygroup.Named {
	list := make([]securitygroup.Named, len(people))
	for i, id := range people {
		list[i] = securitygroup.Named{ID: id, Pointer: "/members/" + strconv.Itoa(i)}
	}
	return list
}
