package app

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/ldap"
	"github.com/workdrive/workdrive/internal/module/directory"
	"github.com/workdrive/workdrive/internal/module/user"
)

// directory makes the service of the LDAP directory. Without one it decides about nobody.
func (a *App) directory(m Modules) (*directory.Service, error) {
	o := a.o.Server.LDAP
	d := directory.Deps{
		DB: a.o.DB, Jobs: a.jobs, Clock: a.o.Clock, Log: a.o.Log, People: accounts{m},
		Settings: directory.Settings{Organization: o.Organization, MaxArchive: o.MaxArchive, Interval: o.Interval},
	}
	if !o.On() {
		return directory.New(d), nil
	}
	settings, err := o.Settings()
	if err != nil {
		return nil, err
	}
	if d.Client, err = ldap.New(settings); err != nil {
		return nil, err
	}
	groups, err := config.Pairs("--ldap-groups", o.Groups)
	for _, g := range groups {
		d.Settings.Groups = append(d.Settings.Groups, directory.Mapping{Group: g.Name, DN: g.Value})
	}
	return directory.New(d), err
}

// CreateFrom implements directory.People. On-boarding defaults fill what the directory does not say.
func (d accounts) CreateFrom(ctx context.Context, orgID string, p directory.Person) (string, error) {
	who, err := d.operator(ctx, orgID)
	if err != nil {
		return "", err
	}
	status := user.Active
	u, err := d.m.Users.Create(ctx, who, user.Draft{
		Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Phone: known(p.Phone), Designation: known(p.Title), ExternalUserID: known(p.EmployeeNumber), Status: &status,
	}, true)
	return u.ID, err
}

// known is a text, nil for none.
func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// UpdateFrom implements directory.People.
func (d accounts) UpdateFrom(ctx context.Context, orgID, id string, p directory.Person, restore bool) error {
	who, err := d.operator(ctx, orgID)
	if err != nil {
		return err
	}
	set := func(text string) api.Patch[string] { return api.Patch[string]{Set: text != "", Value: text} }
	c := user.Change{
		Email: set(p.Email), FirstName: set(p.FirstName), LastName: set(p.LastName), Phone: set(p.Phone), Designation: set(p.Title), ExternalUserID: set(p.EmployeeNumber),
	}
	if restore {
		c.Status = set(user.Active)
	}
	_, err = d.m.Users.Update(ctx, who, id, "", c)
	return err
}

// Archive implements directory.People.
func (d accounts) Archive(ctx context.Context, orgID, id string) error {
	who, err := d.operator(ctx, orgID)
	if err != nil {
		return err
	}
	return d.m.Users.Delete(ctx, who, id, "", false)
}
