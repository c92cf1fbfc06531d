package app

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/identity"
	"github.com/workdrive/workdrive/internal/module/securitygroup"
	"github.com/workdrive/workdrive/internal/module/session"
	"github.com/workdrive/workdrive/internal/module/user"
)

// identities makes signing in with accounts elsewhere. Without a provider it only tidies up.
func (a *App) identities(m Modules) (*identity.Service, error) {
	o := a.o.Server.OIDC
	secret, err := o.Secret()
	if err != nil {
		return nil, err
	}
	groups, err := config.Pairs("--oidc-groups", o.Groups)
	if err != nil {
		return nil, err
	}
	set := identity.Settings{
		Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, Name: o.Name, Organization: o.Organization, Domains: o.Domains,
		TrustEmail: o.TrustEmail, Create: o.Create, GroupsClaim: o.GroupsClaim, Scopes: o.Scopes,
	}
	for _, g := range groups {
		set.Groups = append(set.Groups, identity.Mapping{Group: g.Name, Remote: g.Value})
	}
	var ports []uint16
	if port := o.Port(); port != 0 {
		ports = append(ports, port)
	}
	return identity.New(identity.Deps{
		DB: a.o.DB, Jobs: a.jobs, Clock: a.o.Clock, Log: a.o.Log, Keys: a.o.Keys, Directory: accounts{m}, Sessions: vouched{m.Sessions}, Settings: set,
		Client: egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow, Ports: ports}), URL: a.o.Server.Address(a.o.Server.Listen),
	}), nil
}

// accounts lets what comes from other systems become people and memberships, by the same rules
// that hold for administrators: as the operator of the organization.
type accounts struct{ m Modules }

// Organization implements identity.Directory.
func (d accounts) Organization(ctx context.Context, subdomain string) (string, error) {
	o, err := d.m.Orgs.BySubdomain(ctx, subdomain)
	if fault.Is(err, fault.KindNotFound) {
		return "", nil
	}
	return o.ID, err
}

// Create implements identity.Directory. On-boarding defaults fill what the provider does not say.
func (d accounts) Create(ctx context.Context, orgID string, p identity.NewPerson) (string, error) {
	who, err := d.operator(ctx, orgID)
	if err != nil {
		return "", err
	}
	status := user.Active
	u, err := d.m.Users.Create(ctx, who, user.Draft{Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Status: &status}, true)
	return u.ID, err
}

func (d accounts) operator(ctx context.Context, orgID string) (authz.Actor, error) {
	o, err := d.m.Orgs.Get(ctx, authz.Actor{OrgID: orgID}, orgID)
	if err != nil {
		return authz.Actor{}, err
	}
	return authz.Actor{OrgID: o.ID, UserID: o.CreatedBy, Root: o.ParentID == nil, Capabilities: authz.Capabilities}, nil
}

// SetGroups implements identity.Directory. Groups that do not exist are left out, and so is
// whatever would leave the organization without an administrator.
func (d accounts) SetGroups(ctx context.Context, orgID, userID string, in, out []string) error {
	who, err := d.operator(ctx, orgID)
	if err != nil {
		return err
	}
	byName := map[string]string{}
	for p := (api.Page{PerPage: groupsPage}); ; {
		list, meta, err := d.m.Groups.List(ctx, who, p)
		if err != nil {
			return err
		}
		for _, g := range list {
			byName[g.Name] = g.ID
		}
		if p.Cursor = meta.NextCursor; p.Cursor == "" {
			break
		}
	}
	person := []securitygroup.Named{{ID: userID, Pointer: "/ids/0"}}
	var first error
	for _, name := range slices.Concat(in, out) {
		id := byName[name]
		if id == "" {
			continue
		}
		change := d.m.Groups.AddMembers
		if !slices.Contains(in, name) {
			change = d.m.Groups.RemoveMembers
		}
		_, err := change(ctx, who, id, "", person)
		first = cmp.Or(first, err)
	}
	return first
}

const groupsPage = 100

// vouched ends the sessions that a provider vouched for.
type vouched struct{ sessions *session.Service }

// EndExternal implements identity.Sessions.
func (v vouched) EndExternal(ctx context.Context, tx db.Tx, p identity.Proven) error {
	return v.sessions.EndExternal(ctx, tx, p.OrgID, session.External{Issuer: p.Issuer, Subject: p.Subject, SID: p.SID})
}

// Admit implements identity.Sessions.
func (v vouched) Admit(address string) (giveBack func(), err error) { return v.sessions.Admit(address) }

// elsewhere lets the console sign people in at the provider.
type elsewhere struct {
	identities *identity.Service
	sessions   *session.Service
}

// Name implements console.Provider.
func (e elsewhere) Name() string { return e.identities.Name() }

// Begin implements console.Provider.
func (e elsewhere) Begin(ctx context.Context, next string) (to, secret string, err error) {
	return e.identities.Begin(ctx, next)
}

// Finish implements console.Provider.
func (e elsewhere) Finish(ctx context.Context, back url.Values, secret string, c session.Client) (o session.Opened, next string, err error) {
	next, err = e.identities.Finish(ctx, identity.Return{
		State: back.Get("state"), Code: back.Get("code"), Error: back.Get("error"), Issuer: back.Get("iss"), Secret: secret,
	}, func(ctx context.Context, p identity.Proven) (err error) {
		o, err = e.sessions.OpenExternal(ctx, p.OrgID, p.UserID, session.External{Issuer: p.Issuer, Subject: p.Subject, SID: p.SID}, c)
		return err
	})
	return o, next, err
}
