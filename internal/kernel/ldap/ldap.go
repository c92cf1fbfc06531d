// Package ldap reads people from the operator's LDAP directory (RFC 4511) and checks their
// passwords by binding as them.
//
// Connections are made when they are needed and closed afterwards. They are encrypted, by ldaps://
// or by STARTTLS, unless the server is on this machine or the address says tls=none. What people
// type goes into a filter escaped (RFC 4515) and never into a DN: somebody is found first, and the
// server says what their DN is. An empty password is never sent: servers take it for an anonymous
// bind, which succeeds (RFC 4513, section 5.1.2).
package ldap

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	goldap "github.com/go-ldap/ldap/v3"
)

const (
	timeout    = 10 * time.Second // of one question
	pageSize   = 500
	maxLogin   = 256
	maxEntries = 200_000
)

// DefaultFilter selects people with an e-mail address. It excludes no class: in a directory whose
// schema does not know the class, the whole filter would be undefined and select nobody.
const DefaultFilter = "(&(objectClass=person)(mail=*))"

// Settings say where the directory is, and what of it are people.
type Settings struct {
	URL, BindDN, BindPassword string
	Base, Filter              string
	// Attributes are names of attributes by what they are for, instead of those that
	// OpenLDAP and Active Directory have: id, email, login, firstName, lastName, name, phone, title,
	// employeeNumber, groups.
	Attributes map[string]string
}

// attributes are the names that directories have for what is taken over; the first that an entry has counts.
var attributes = map[string][]string{
	"id": {"entryUUID", "objectGUID", "ipaUniqueID", "nsUniqueId"}, "email": {"mail"}, "login": {"uid", "sAMAccountName", "userPrincipalName"},
	"firstName": {"givenName"}, "lastName": {"sn"}, "name": {"displayName", "cn"}, "phone": {"telephoneNumber", "mobile"}, "title": {"title"},
	"employeeNumber": {"employeeNumber", "employeeID"}, "groups": {"memberOf"},
}

// disabling are the attributes by which directories say that an account is off.
var disabling = []string{"userAccountControl", "nsAccountLock", "loginDisabled"}

// Entry is a person as the directory has them.
type Entry struct {
	ID, DN                                  string
	Email, FirstName, LastName, Name, Phone string
	Title, EmployeeNumber                   string
	Groups                                  []string // DNs
	Disabled                                bool
}

// ErrWrong says that nobody has this login and password.
var ErrWrong = errors.New("ldap: wrong login or password")

// Client asks the directory. It may be used by many at once.
type Client struct {
	s        Settings
	address  string
	startTLS bool
	tls      *tls.Config
	names    map[string][]string
}

// New makes a client. It does not connect.
func New(s Settings) (*Client, error) {
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "ldap" && u.Scheme != "ldaps") || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("the address must look like ldaps://directory.company.example or ldap://directory.company.example:389")
	}
	c := &Client{s: s, tls: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}, names: map[string][]string{}}
	switch way := u.Query().Get("tls"); {
	case u.Scheme == "ldaps" && way == "":
	case u.Scheme == "ldap" && (way == "none" || (way == "" && here(u.Hostname()))):
	case u.Scheme == "ldap" && (way == "" || way == "starttls"):
		c.startTLS = true
	default:
		return nil, fmt.Errorf("tls is %q; ldap:// takes tls=starttls or tls=none, ldaps:// takes neither", way)
	}
	u.RawQuery, u.Path = "", ""
	c.address = u.String()
	if s.Filter == "" {
		c.s.Filter = DefaultFilter
	}
	if _, err := goldap.CompileFilter(c.s.Filter); err != nil {
		return nil, fmt.Errorf("the filter cannot be read: %w", err)
	}
	if _, err := goldap.ParseDN(s.Base); err != nil || s.Base == "" {
		return nil, fmt.Errorf("the base must be a DN, such as ou=people,dc=company,dc=example; it is %q", s.Base)
	}
	if s.BindDN != "" && s.BindPassword == "" {
		return nil, errors.New("the user to bind as needs a password")
	}
	for what, names := range attributes {
		if c.names[what] = names; s.Attributes[what] != "" {
			c.names[what] = []string{s.Attributes[what]}
		}
	}
	for what := range s.Attributes {
		if attributes[what] == nil {
			return nil, fmt.Errorf("there is no attribute for %q", what)
		}
	}
	return c, nil
}

func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// open connects and binds as the operator's user. The connection ends with ctx, too.
func (c *Client) open(ctx context.Context) (*goldap.Conn, func(), error) {
	conn, err := goldap.DialURL(c.address, goldap.DialWithDialer(&net.Dialer{Timeout: timeout}), goldap.DialWithTLSConfig(c.tls))
	if err != nil {
		return nil, nil, err
	}
	conn.SetTimeout(timeout)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	done := func() { stop(); _ = conn.Close() }
	if c.startTLS {
		err = conn.StartTLS(c.tls)
	}
	if err == nil && c.s.BindDN != "" {
		err = conn.Bind(c.s.BindDN, c.s.BindPassword)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return conn, done, nil
}

// wanted are the attributes that are asked for.
func (c *Client) wanted() []string {
	list := slices.Clone(disabling)
	for _, names := range c.names {
		list = append(list, names...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// All reads everybody, page by page (RFC 2696).
func (c *Client) All(ctx context.Context) ([]Entry, error) {
	conn, done, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	control := goldap.NewControlPaging(pageSize)
	var list []Entry
	for {
		found, err := conn.Search(c.search(c.s.Filter, 0, control))
		if err != nil {
			return nil, err // also one that gives a part only: whoever is missing would be archived
		}
		for _, e := range found.Entries {
			list = append(list, c.entry(e))
		}
		if len(list) > maxEntries {
			return nil, fmt.Errorf("there are more than %d entries", maxEntries)
		}
		answered, _ := goldap.FindControl(found.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if answered == nil || len(answered.Cookie) == 0 {
			return list, nil
		}
		control.SetCookie(answered.Cookie)
	}
}

func (c *Client) search(filter string, limit int, controls ...goldap.Control) *goldap.SearchRequest {
	return goldap.NewSearchRequest(c.s.Base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, limit, int(timeout.Seconds()), false, filter, c.wanted(), controls)
}

// Check finds who has a login (or an e-mail address) and binds with their password. ErrWrong when
// nobody or more than one has it, when they are disabled, or when the password is wrong.
func (c *Client) Check(ctx context.Context, login, password string) (Entry, error) {
	filter, ok := c.loginFilter(login)
	if !ok || password == "" {
		return Entry{}, ErrWrong
	}
	conn, done, err := c.open(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer done()
	found, err := conn.Search(c.search(filter, 2))
	if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		return Entry{}, err
	}
	if err != nil || len(found.Entries) != 1 {
		return Entry{}, ErrWrong
	}
	e := c.entry(found.Entries[0])
	if e.DN == "" || e.Disabled {
		return Entry{}, ErrWrong
	}
	switch err := conn.Bind(e.DN, password); {
	case err == nil:
		return e, nil
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultInvalidCredentials, goldap.LDAPResultInappropriateAuthentication, goldap.LDAPResultNoSuchObject,
		goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultConstraintViolation, goldap.LDAPResultInsufficientAccessRights):
		return Entry{}, ErrWrong
	default:
		return Entry{}, err
	}
}

// loginFilter selects whoever has a login; ok is false for what nobody's can be.
func (c *Client) loginFilter(login string) (filter string, ok bool) {
	if login = strings.TrimSpace(login); login == "" || len(login) > maxLogin || !utf8.ValidString(login) || strings.ContainsRune(login, 0) {
		return "", false
	}
	var any strings.Builder
	for _, name := range slices.Concat(c.names["email"], c.names["login"]) {
		any.WriteString("(" + name + "=" + goldap.EscapeFilter(login) + ")")
	}
	return "(&" + c.s.Filter + "(|" + any.String() + "))", true
}

func (c *Client) entry(e *goldap.Entry) Entry {
	get := func(what string) string {
		for _, name := range c.names[what] {
			if v := strings.TrimSpace(e.GetEqualFoldAttributeValue(name)); v != "" {
				return strings.ToValidUTF8(v, "")
			}
		}
		return ""
	}
	out := Entry{
		DN: e.DN, Email: get("email"), FirstName: get("firstName"), LastName: get("lastName"), Name: get("name"), Phone: get("phone"), Title: get("title"),
		EmployeeNumber: get("employeeNumber"),
	}
	for _, name := range c.names["id"] {
		if raw := e.GetEqualFoldRawAttributeValue(name); len(raw) > 0 {
			if out.ID = string(raw); strings.EqualFold(name, "objectGUID") || !utf8.Valid(raw) {
				out.ID = hex.EncodeToString(raw)
			}
			break
		}
	}
	for _, name := range c.names["groups"] {
		out.Groups = append(out.Groups, e.GetEqualFoldAttributeValues(name)...)
	}
	flags, _ := strconv.ParseInt(e.GetEqualFoldAttributeValue("userAccountControl"), 10, 64)
	const accountDisabled = 2 // ADS_UF_ACCOUNTDISABLE
	out.Disabled = flags&accountDisabled != 0 || strings.EqualFold(e.GetEqualFoldAttributeValue("nsAccountLock"), "true") ||
		strings.EqualFold(e.GetEqualFoldAttributeValue("loginDisabled"), "true")
	return out
}

// SameDN reports whether two names are one, however they are written.
func SameDN(a, b string) bool {
	x, err := goldap.ParseDN(a)
	if err != nil {
		return false
	}
	y, err := goldap.ParseDN(b)
	return err == nil && x.EqualFold(y)
}
