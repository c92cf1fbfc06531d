// Package slapdtest runs OpenLDAP's server for tests: Debian's slapd, as a user that is not root, in a temporary
// directory, on a free port of this machine. Without the program a test is skipped, or fails when CI=true.
package slapdtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// What every server has.
const (
	Base     = "dc=lumen,dc=example"
	People   = "ou=people," + Base
	Admin    = "cn=admin," + Base
	Reader   = "cn=reader," + Base // whom no search gives more than Limit entries at once
	Password = "secret"            // of both
	Limit    = 500
)

// Server is a running slapd.
type Server struct {
	URL  string
	tb   testing.TB
	stop func()
}

const config = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile %[1]s/slapd.pid
database mdb
suffix "` + Base + `"
rootdn "` + Admin + `"
rootpw ` + Password + `
directory %[1]s
overlay memberof
limits dn.exact="` + Reader + `" size=500 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by * read
`

// Start runs a server with an empty directory; it ends with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal("no slapd here: scripts/test-deps installs it")
		}
		tb.Skip("no slapd here: scripts/test-deps installs it")
	}
	dir, err := os.MkdirTemp("", "workdrive-slapd-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "slapd.conf"), fmt.Appendf(nil, config, dir), 0o644); err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s := &Server{URL: "ldap://" + address, tb: tb}
	server := exec.Command(program, "-d", "0", "-h", s.URL+"/", "-f", filepath.Join(dir, "slapd.conf"))
	if server.SysProcAttr, err = ordinaryUser(dir); err != nil {
		tb.Fatal(err)
	}
	var log bytes.Buffer
	server.Stdout, server.Stderr, server.Dir = &log, &log, dir
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	stopped := false
	s.stop = func() {
		if !stopped {
			stopped = true
			_ = server.Process.Kill()
			_ = server.Wait()
		}
	}
	tb.Cleanup(s.stop)
	if err := s.fill(); err != nil {
		s.stop()
		tb.Fatalf("slapd: %v: %s", err, log.String())
	}
	return s
}

// Stop ends the server before its test does.
func (s *Server) Stop() { s.stop() }

// ordinaryUser has the server run as somebody who is not root, and gives them the directory.
func ordinaryUser(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}

// fill waits for the server and makes what every one has.
func (s *Server) fill() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := s.add(Base, "objectClass", "dcObject", "objectClass", "organization", "dc", "lumen", "o", "Lumen")
		if err == nil {
			break
		}
		var refused *net.OpError
		if !errors.As(err, &refused) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(
		s.add(People, "objectClass", "organizationalUnit", "ou", "people"),
		s.add(Reader, "objectClass", "organizationalRole", "objectClass", "simpleSecurityObject", "cn", "reader", "userPassword", Password),
	)
}

func (s *Server) as(do func(c *goldap.Conn) error) error {
	c, err := goldap.DialURL(s.URL)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Bind(Admin, Password); err != nil {
		return err
	}
	return do(c)
}

func (s *Server) add(dn string, attributes ...string) error {
	r := goldap.NewAddRequest(dn, nil)
	values := map[string][]string{}
	var names []string
	for i := 0; i+1 < len(attributes); i += 2 {
		if values[attributes[i]] == nil {
			names = append(names, attributes[i])
		}
		values[attributes[i]] = append(values[attributes[i]], attributes[i+1])
	}
	for _, n := range names {
		r.Attribute(n, values[n])
	}
	return s.as(func(c *goldap.Conn) error { return c.Add(r) })
}

// Add makes an entry; attributes are names and values in turn.
func (s *Server) Add(dn string, attributes ...string) {
	s.tb.Helper()
	if err := s.add(dn, attributes...); err != nil {
		s.tb.Fatalf("%s: %v", dn, err)
	}
}

// Person makes somebody with a login and gives their DN. Their password is "pass-LOGIN".
func (s *Server) Person(login, given, family string) string {
	s.tb.Helper()
	dn := "uid=" + goldap.EscapeDN(login) + "," + People
	s.Add(dn, "objectClass", "inetOrgPerson", "uid", login, "cn", given+" "+family, "givenName", given, "sn", family, "mail", login+"@lumen.example", "userPassword", "pass-"+login)
	return dn
}

// Crowd makes n people on one connection.
func (s *Server) Crowd(n int) {
	s.tb.Helper()
	err := s.as(func(c *goldap.Conn) error {
		for i := range n {
			login := fmt.Sprintf("crowd%03d", i)
			r := goldap.NewAddRequest("uid="+login+","+People, nil)
			for name, value := range map[string]string{"objectClass": "inetOrgPerson", "uid": login, "cn": login, "sn": login, "mail": login + "@lumen.example"} {
				r.Attribute(name, []string{value})
			}
			if err := c.Add(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.tb.Fatal(err)
	}
}

// Set replaces an attribute of an entry.
func (s *Server) Set(dn, name string, values ...string) {
	s.tb.Helper()
	r := goldap.NewModifyRequest(dn, nil)
	r.Replace(name, values)
	if err := s.as(func(c *goldap.Conn) error { return c.Modify(r) }); err != nil {
		s.tb.Fatalf("%s: %v", dn, err)
	}
}

// Move gives an entry another login, and with it another DN.
func (s *Server) Move(dn, login string) {
	s.tb.Helper()
	err := s.as(func(c *goldap.Conn) error {
		return c.ModifyDN(goldap.NewModifyDNRequest(dn, "uid="+goldap.EscapeDN(login), true, ""))
	})
	if err != nil {
		s.tb.Fatalf("%s: %v", dn, err)
	}
}

// Delete removes an entry.
func (s *Server) Delete(dn string) {
	s.tb.Helper()
	if err := s.as(func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(dn, nil)) }); err != nil {
		s.tb.Fatalf("%s: %v", dn, err)
	}
}
