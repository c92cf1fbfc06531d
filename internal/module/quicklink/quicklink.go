package quicklink

import (
	"net/url"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// The types of tiles.
const (
	QuickLink = "QUICK_LINK"
	SSO       = "SSO"
)

// Limits, in characters and tiles.
const (
	maxName     = 200
	maxAddress  = 2048
	maxClient   = 1000
	maxOnLevel  = 200
	maxListed   = 1000
	maxOrder    = 1_000_000
	maxReorders = 1000
)

// Tile is a tile as stored.
type Tile struct {
	ID, Kind, Name                                         string
	AuthorizationURI, TokenURI, RefreshURI, LoginURL, Link string
	ClientID, Scope                                        string
	secret                                                 string // sealed, "" for none
	Managed                                                bool
	DepartmentID, LocationID                               *string
	UserID                                                 string // who made it
	Place                                                  int64
	FileID                                                 *string
	Version, CreatedAt, UpdatedAt                          int64
	UpdatedBy                                              string
}

// isPersonal reports that the tile is of no level but its maker's own.
func (t Tile) isPersonal() bool { return !t.Managed && t.DepartmentID == nil && t.LocationID == nil }

// files are the files that the tile uses.
func (t Tile) files() []content.FileRef {
	if t.FileID == nil {
		return nil
	}
	return []content.FileRef{{ID: *t.FileID, Pointer: "/fileId"}}
}

// Draft is what a client sends to make or change a tile; absent fields are left alone.
type Draft struct {
	Kind             api.Patch[string] `json:"type,omitempty" enum:"QUICK_LINK,SSO" doc:"QUICK_LINK is a bookmark, SSO signs in to another service"`
	Name             api.Patch[string] `json:"name,omitempty" maxLength:"200" doc:"Name"`
	AuthorizationURI api.Patch[string] `json:"authorizationURI,omitempty" maxLength:"2048" doc:"Where people sign in; {{redirect_uri}} stands for the address that the service sends them back to"`
	TokenURI         api.Patch[string] `json:"tokenURI,omitempty" maxLength:"2048" doc:"Where a code is exchanged for a token"`
	RefreshURI       api.Patch[string] `json:"refreshURI,omitempty" maxLength:"2048" doc:"Where a token is refreshed, tokenURI unless given"`
	LoginURL         api.Patch[string] `json:"loginURL,omitempty" maxLength:"2048" doc:"Where people are sent once they have signed in; {{access_token}} stands for their token"`
	Order            api.Patch[int64]  `json:"order,omitempty" minimum:"0" maximum:"1000000" doc:"Position in lists"`
	FileID           api.Patch[string] `json:"fileId,omitempty" maxLength:"36" doc:"Id of an uploaded picture of yours"`
	DepartmentID     api.Patch[string] `json:"departmentId,omitempty" maxLength:"36" doc:"Department whose people see it; it is not changed later"`
	LocationID       api.Patch[string] `json:"locationId,omitempty" maxLength:"36" doc:"Location whose people see it; it is not changed later"`
	Link             api.Patch[string] `json:"link,omitempty" maxLength:"2048" doc:"Where a QUICK_LINK leads, which needs it"`
	ClientID         api.Patch[string] `json:"clientId,omitempty" maxLength:"1000" doc:"How the service knows this server"`
	ClientSecret     api.Patch[string] `json:"clientSecret,omitempty" maxLength:"1000" doc:"Secret of the client; never answered, and needed again when tokenURI or refreshURI change"`
	Scope            api.Patch[string] `json:"scope,omitempty" maxLength:"1000" doc:"What is asked for at the service, separated by spaces"`
}

// apply changes a tile as a draft says and reports what is wrong with it. The client secret is the
// service's to seal.
func (d Draft) apply(t *Tile, bad *fault.Fields) {
	for _, f := range []struct {
		sent api.Patch[string]
		to   *string
	}{
		{d.Name, &t.Name}, {d.AuthorizationURI, &t.AuthorizationURI}, {d.TokenURI, &t.TokenURI}, {d.RefreshURI, &t.RefreshURI}, {d.LoginURL, &t.LoginURL},
		{d.Link, &t.Link}, {d.ClientID, &t.ClientID}, {d.Scope, &t.Scope},
	} {
		if f.sent.Set {
			*f.to = strings.TrimSpace(f.sent.Value)
		}
	}
	if d.Kind.Set {
		t.Kind = d.Kind.Value
	}
	message.Set(d.Order, &t.Place)
	if d.FileID.Set {
		t.FileID = message.Optional(strings.TrimSpace(d.FileID.Value))
	}
	t.validate(bad)
	message.TooLong("/clientSecret", "client secret", d.ClientSecret.Value, maxClient, bad)
}

func (t *Tile) validate(bad *fault.Fields) {
	if t.Kind != QuickLink && t.Kind != SSO {
		bad.Add("/type", "field.enum", "A tile has a type: QUICK_LINK or SSO.")
	}
	if t.Name == "" {
		bad.Add("/name", "field.required", "A tile needs a name.")
	}
	message.TooLong("/name", "name", t.Name, maxName, bad)
	message.TooLong("/clientId", "client id", t.ClientID, maxClient, bad)
	message.TooLong("/scope", "scope", t.Scope, maxClient, bad)
	if t.Place < 0 || t.Place > maxOrder {
		bad.Addf("/order", "field.range", "From 0 to %d.", maxOrder)
	}
	if t.Link == "" && t.Kind == QuickLink {
		bad.Add("/link", "field.required", "A QUICK_LINK needs the address it leads to.")
	}
	for pointer, address := range map[string]string{"/link": t.Link, "/tokenURI": t.TokenURI, "/refreshURI": t.RefreshURI} {
		if address != "" {
			message.ValidateURL(pointer, address, bad)
		}
	}
	for pointer, text := range map[string]string{"/authorizationURI": t.AuthorizationURI, "/loginURL": t.LoginURL} {
		message.TooLong(pointer, "address", text, maxAddress, bad)
		if scheme, _, found := strings.Cut(text, ":"); found && !strings.ContainsAny(scheme, "/?#{<") && scheme != "https" && scheme != "http" {
			bad.Add(pointer, "field.format", "An address begins with https:// or http://.")
		}
	}
}

// sameClient reports that tokens and sign-ins of the tile before are still good.
func (t Tile) sameClient(before Tile) bool {
	return t.AuthorizationURI == before.AuthorizationURI && t.sameServer(before) && t.LoginURL == before.LoginURL && t.ClientID == before.ClientID &&
		t.Scope == before.Scope && t.Kind == before.Kind
}

// sameServer reports that the client secret goes where it went.
func (t Tile) sameServer(before Tile) bool {
	return t.TokenURI == before.TokenURI && t.RefreshURI == before.RefreshURI
}

// placeholders of the texts of a tile.
const (
	redirectURI = "{{redirect_uri}}"
	accessToken = "{{access_token}}"
)

// filled gives the address that a text of the tile means, with values for its placeholders. It is
// nil when it leads nowhere or somewhere it must not: by another scheme than https (http only to
// hosts that plain allows), with a user name, with a placeholder that has no value or stands in
// the host, or to a host that none of the tile's addresses has.
func (t Tile) filled(text string, values map[string]string, plain func(host string) bool) *url.URL {
	hosts := map[string]bool{}
	for _, own := range []string{t.AuthorizationURI, t.TokenURI, t.RefreshURI, t.LoginURL, t.Link} {
		if before, _, _ := strings.Cut(own, "{{"); before != "" {
			if u, err := url.Parse(before); err == nil && u.Host != "" && (strings.Count(before, "/") > 2 || strings.ContainsAny(before, "?#") || before == own) {
				hosts[u.Host] = true
			}
		}
	}
	for name, value := range values {
		text = strings.ReplaceAll(text, name, url.QueryEscape(value))
	}
	u, err := url.Parse(text)
	if err != nil || strings.Contains(text, "{{") || u.User != nil || u.Host == "" || !hosts[u.Host] {
		return nil
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !plain(u.Hostname())) {
		return nil
	}
	return u
}
