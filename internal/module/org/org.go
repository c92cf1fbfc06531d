package org

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// The states of an organization.
const (
	Active    = "ACTIVE"
	Suspended = "SUSPENDED"
)

// The ways to sign in that an organization can choose.
const (
	Internal = "internal"
	LDAP     = "ldap"
)

const (
	maxName      = 200
	maxWebsites  = 20
	maxWebsite   = 2048
	maxSubdomain = 50
)

// Organization is an organization as stored.
type Organization struct {
	ID         string
	ParentID   *string
	Subdomain  string
	Status     string
	AuthMethod string
	Profile
	Version   int64
	CreatedAt int64
	UpdatedAt *int64
	CreatedBy string
}

// Profile is what an organization says about itself.
type Profile struct {
	Name        string
	LegalName   *string
	Websites    []string // nil when never set
	Address     *Address
	Email       *string
	Phone       *string
	Description *string
	Industry    *string
	LogoID      *string // of media
}

// Address is a postal address.
type Address struct {
	Street1 *string `json:"street1" maxLength:"200" doc:"Street and number"`
	Street2 *string `json:"street2" maxLength:"200" doc:"What the first line has no room for"`
	City    *string `json:"city" maxLength:"100" doc:"City"`
	State   *string `json:"state" maxLength:"100" doc:"State or province"`
	Zip     *string `json:"zip" maxLength:"20" doc:"Postal code"`
}

// AddressChange is what a client sends to change an address; absent lines are left alone.
type AddressChange struct {
	Street1 api.Patch[string] `json:"street1,omitzero" maxLength:"200" doc:"Street and number"`
	Street2 api.Patch[string] `json:"street2,omitzero" maxLength:"200" doc:"What the first line has no room for"`
	City    api.Patch[string] `json:"city,omitzero" maxLength:"100" doc:"City"`
	State   api.Patch[string] `json:"state,omitzero" maxLength:"100" doc:"State or province"`
	Zip     api.Patch[string] `json:"zip,omitzero" maxLength:"20" doc:"Postal code"`
}

// Draft is what a client sends to create an organization.
type Draft struct {
	Name  string `json:"name" required:"true" minLength:"1" maxLength:"200" doc:"Name"`
	Admin Admin  `json:"admin" required:"true" doc:"Its first administrator"`
	Auth  *struct {
		Method string `json:"method" enum:"internal,ldap" doc:"How its people sign in"`
	} `json:"auth,omitempty" doc:"Sign-in; internal unless given"`
}

// Admin is the first administrator of a new organization.
type Admin struct {
	FirstName string `json:"firstName" maxLength:"100" doc:"Given name"`
	LastName  string `json:"lastName" maxLength:"100" doc:"Family name"`
	Email     string `json:"email" required:"true" maxLength:"254" doc:"E-mail address"`
}

// Change is what a client sends to change an organization; absent fields are left alone.
type Change struct {
	FileID      api.Patch[string]        `json:"fileId,omitempty" maxLength:"36" doc:"Id of the logo: a picture that you have uploaded, for your own organization; null clears it"`
	Name        api.Patch[string]        `json:"name,omitempty" maxLength:"200" doc:"Name"`
	LegalName   api.Patch[string]        `json:"legalName,omitempty" maxLength:"200" doc:"Name in contracts"`
	Websites    api.Patch[api.Strings]   `json:"websites,omitempty" maxItems:"20" doc:"Host names or addresses"`
	Address     api.Patch[AddressChange] `json:"address,omitempty" doc:"Lines of the postal address; null clears all of it"`
	Email       api.Patch[string]        `json:"email,omitempty" maxLength:"254" doc:"E-mail address"`
	Phone       api.Patch[string]        `json:"phone,omitempty" maxLength:"50" doc:"Phone number"`
	Description api.Patch[string]        `json:"description,omitempty" maxLength:"2000" doc:"What it does"`
	Industry    api.Patch[string]        `json:"industry,omitempty" maxLength:"200" doc:"Line of business"`
	Status      api.Patch[string]        `json:"status,omitempty" enum:"ACTIVE,SUSPENDED" doc:"For administrators of the root organization, of a child"`
}

func (d Draft) check(bad *fault.Fields) {
	checkName(d.Name, bad)
	if !isEmail(d.Admin.Email) {
		bad.Add("/admin/email", "field.format", "This is not an e-mail address.")
	}
}

func checkName(name string, bad *fault.Fields) {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		bad.Addf("/name", "organization.name", "An organization needs a name of at most %d characters, none of them a control character.", maxName)
	}
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

// apply changes a profile and reports everything that is wrong with the change.
func (c Change) apply(p *Profile, bad *fault.Fields) {
	if c.Name.Set {
		p.Name = c.Name.Value
		checkName(p.Name, bad)
	}
	for _, f := range []optional{
		{c.LegalName, &p.LegalName}, {c.Email, &p.Email}, {c.Phone, &p.Phone}, {c.Description, &p.Description}, {c.Industry, &p.Industry},
	} {
		f.apply()
	}
	if c.Email.Set && !c.Email.Null && !isEmail(c.Email.Value) {
		bad.Add("/email", "field.format", "This is not an e-mail address.")
	}
	if c.Websites.Set {
		p.Websites = c.Websites.Value
		if len(p.Websites) > maxWebsites {
			bad.Addf("/websites", "field.tooMany", "At most %d websites can be given.", maxWebsites)
		}
		for i, site := range p.Websites {
			if utf8.RuneCountInString(site) > maxWebsite {
				bad.Addf("/websites/"+strconv.Itoa(i), "field.tooLong", "A website has at most %d characters.", maxWebsite)
			}
		}
	}
	if c.Address.Set {
		p.Address = c.Address.Value.of(p.Address)
		if c.Address.Null {
			p.Address = nil
		}
	}
}

// of gives an address with the change made to it; nil is one without any line.
func (c AddressChange) of(before *Address) *Address {
	var a Address
	if before != nil {
		a = *before
	}
	for _, f := range []optional{{c.Street1, &a.Street1}, {c.Street2, &a.Street2}, {c.City, &a.City}, {c.State, &a.State}, {c.Zip, &a.Zip}} {
		f.apply()
	}
	return &a
}

// optional is a change of a text that there need not be.
type optional struct {
	from api.Patch[string]
	to   **string
}

func (f optional) apply() {
	switch {
	case !f.from.Set:
	case f.from.Null:
		*f.to = nil
	default:
		*f.to = &f.from.Value
	}
}

// subdomain gives the nth name to try for an organization: its name in lower-case
// letters, digits and hyphens, numbered from the second try on.
func subdomain(name string, attempt int) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		default:
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
	}
	base := strings.Trim(b.String(), "-")
	if len(base) > maxSubdomain {
		base = strings.TrimRight(base[:maxSubdomain], "-")
	}
	if base == "" {
		base = "organization"
	}
	if attempt == 0 {
		return base
	}
	return base + "-" + strconv.Itoa(attempt+1)
}
