package audience

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// MaxNamed bounds how many people, groups or locations one permissions object names.
const MaxNamed = 1000

// Permissions is the audience of an item as clients send and read it.
type Permissions struct {
	Public      bool        `json:"public" doc:"Every active member of the organization, unless a narrower audience is named"`
	Friends     bool        `json:"friends" doc:"People who follow the author and whom the author follows"`
	OnlyMe      bool        `json:"onlyMe" doc:"The author alone; beats everything else"`
	Team        bool        `json:"team" doc:"The author's team"`
	Users       api.Strings `json:"users" maxItems:"1000" doc:"Ids of people"`
	Groups      api.Strings `json:"groups" maxItems:"1000" doc:"Ids of security groups or group chats"`
	Locations   api.Strings `json:"locations" maxItems:"1000" doc:"Ids of locations"`
	TaggedUsers api.Strings `json:"taggedUsers" maxItems:"1000" doc:"Ids of tagged people who may see the item"`
}

// Default is the audience of an item whose author named none: the organization, or the
// author's team when their default visibility is "restricted".
func Default(defaultVisibility string) Permissions {
	if defaultVisibility == "restricted" {
		return Permissions{Team: true}
	}
	return Permissions{Public: true}
}

// Normalize applies the rules: the result says the same with nothing superfluous, and
// two permissions that mean the same for one author are equal.
func (p Permissions) Normalize() Permissions {
	if p.OnlyMe {
		return Permissions{OnlyMe: true}.filled()
	}
	named := len(p.Users)+len(p.Groups)+len(p.Locations)+len(p.TaggedUsers) > 0
	switch {
	case named || p.Friends || p.Team:
		p.Public = false
	case p.Public:
	default:
		p.OnlyMe = true
	}
	return p.filled()
}

// filled sorts the lists, drops repetitions and makes empty lists of absent ones.
func (p Permissions) filled() Permissions {
	for _, list := range []*api.Strings{&p.Users, &p.Groups, &p.Locations, &p.TaggedUsers} {
		unique := append(api.Strings{}, *list...)
		slices.Sort(unique)
		*list = slices.Compact(unique)
	}
	return p
}

// Validate reports ids that cannot be ids and lists that are too long, below pointer.
func (p Permissions) Validate(pointer string, bad *fault.Fields) {
	for _, l := range p.lists() {
		if len(l.ids) > MaxNamed {
			bad.Addf(pointer+"/"+l.name, "permissions.tooMany", "At most %d ids may be named here.", MaxNamed)
			continue
		}
		for _, id := range l.ids {
			if !ids.Valid(id) {
				bad.Add(pointer+"/"+l.name, "permissions.idInvalid", "Every entry must be an id (a UUID).")
				break
			}
		}
	}
}

type namedList struct {
	name, kind string
	ids        []string
}

// lists gives the named parts with the clause kind each one makes.
func (p Permissions) lists() []namedList {
	return []namedList{
		{"users", kindUser, p.Users},
		{"taggedUsers", kindUser, p.TaggedUsers},
		{"groups", kindGroup, p.Groups},
		{"locations", kindLocation, p.Locations},
	}
}

// The kinds of clauses.
const (
	kindOrg      = "org"
	kindUser     = "user"
	kindGroup    = "group"
	kindLocation = "location"
	kindTeam     = "team"
	kindFriends  = "friends"
)

type clause struct{ kind, ref string }

// always gives who sees an item whatever its permissions say: its author, first, and its owners.
func (p Permissions) always(author string, owners []string) []string {
	if len(owners) == 0 {
		return []string{author}
	}
	others := slices.DeleteFunc(slices.Clone(owners), func(id string) bool { return id == author })
	slices.Sort(others)
	return append([]string{author}, slices.Compact(others)...)
}

// clauses of normalised permissions, without repetitions.
func (p Permissions) clauses(always []string) []clause {
	if p.Public {
		return []clause{{kindOrg, ""}}
	}
	author := always[0]
	var set []clause
	for _, id := range always {
		set = append(set, clause{kindUser, id})
	}
	for _, l := range p.lists() {
		for _, id := range l.ids {
			set = append(set, clause{l.kind, id})
		}
	}
	if p.Team {
		set = append(set, clause{kindTeam, author})
	}
	if p.Friends {
		set = append(set, clause{kindFriends, author})
	}
	slices.SortFunc(set, func(a, b clause) int {
		if a.kind != b.kind {
			return cmpString(a.kind, b.kind)
		}
		return cmpString(a.ref, b.ref)
	})
	return slices.Compact(set)
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// key identifies normalised permissions of an author and owners. Everybody's public items share
// one audience; any other audience contains its author and so belongs to them.
func (p Permissions) key(always []string) (hash string, body []byte) {
	body, err := json.Marshal(p)
	if err != nil {
		panic("audience: permissions cannot be encoded: " + err.Error())
	}
	if p.Public {
		always = []string{""}
	}
	sum := sha256.Sum256(append([]byte(strings.Join(always, ",")+"\n"), body...))
	return hex.EncodeToString(sum[:]), body
}
