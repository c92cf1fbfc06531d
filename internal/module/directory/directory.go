package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ldap"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

const maxProblems = 100 // that a report lists

// Settings say how the directory becomes people.
type Settings struct {
	Organization string // subdomain; "" is the root organization
	Groups       []Mapping
	MaxArchive   int // percent of the linked people that one run may archive
	Interval     time.Duration
}

// Mapping says which group of the directory makes somebody a member of a security group.
type Mapping struct{ Group, DN string }

// Person is what is taken over of an entry. "" is not known.
type Person struct{ Email, FirstName, LastName, Phone, Title, EmployeeNumber string }

// Options are how a synchronization is run.
type Options struct {
	DryRun bool `json:"dryRun,omitempty" doc:"Report what would be done, and do nothing"`
	Force  bool `json:"force,omitempty" doc:"Archive people however many they are"`
}

// Report is what a synchronization has done, or would do.
type Report struct {
	DryRun         bool      `json:"dryRun" doc:"Nothing was done"`
	Entries        int       `json:"entries" doc:"Entries of the directory"`
	Created        int       `json:"created" doc:"People made"`
	Updated        int       `json:"updated" doc:"People changed, linked or taken back"`
	Unchanged      int       `json:"unchanged" doc:"People left as they are"`
	Archived       int       `json:"archived" doc:"People archived, whose entry is gone or disabled"`
	ArchiveRefused int       `json:"archiveRefused" doc:"People who would have been archived, but are too many: run with force"`
	Errors         []Problem `json:"errors" nullable:"false" doc:"What went wrong, for one entry each; at most 100"`
}

// Problem is what went wrong with one entry.
type Problem struct {
	Entry  string `json:"entry" doc:"DN of the entry, or the e-mail address of a person whose entry is gone"`
	Detail string `json:"detail" doc:"What went wrong"`
}

func (r *Report) problem(entry, detail string) {
	if len(r.Errors) < maxProblems {
		r.Errors = append(r.Errors, Problem{entry, detail})
	}
}

// personOf is what is taken over of an entry.
func personOf(e ldap.Entry) Person {
	p := Person{Email: e.Email, Phone: e.Phone, Title: e.Title, EmployeeNumber: e.EmployeeNumber}
	p.FirstName, p.LastName = person.Name(e.FirstName, e.LastName, e.Name, e.Email)
	return p
}

// groups gives the names of the security groups that an entry belongs to, and those it does not.
func (s Settings) groups(e ldap.Entry) (in, out []string) {
	for _, m := range s.Groups {
		if slices.ContainsFunc(e.Groups, func(dn string) bool { return ldap.SameDN(dn, m.DN) }) {
			in = append(in, m.Group)
		}
	}
	for _, m := range s.Groups {
		if !slices.Contains(in, m.Group) && !slices.Contains(out, m.Group) {
			out = append(out, m.Group)
		}
	}
	return in, out
}

// fingerprint is of all that is taken over.
func fingerprint(p Person, in, out []string) string {
	text, _ := json.Marshal([]any{p, in, out}) // texts can always be encoded
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// tooMany reports whether a run must not archive so many of the linked people.
func (s Settings) tooMany(gone, linked int) bool { return gone > 1 && gone*100 > linked*s.MaxArchive }

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

var (
	errOff     = fault.Conflict("directory.notConfigured", "Your organization has no LDAP directory: the operator of the server sets one up.")
	errRunning = fault.Conflict("directory.running", "A synchronization is running. Try again when it is done.")
)

func errAway(cause error) error {
	return fault.Wrap(cause, fault.KindUnavailable, "directory.unavailable", "The directory does not answer. Nothing was changed.")
}
