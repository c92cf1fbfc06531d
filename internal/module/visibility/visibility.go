package visibility

import (
	"fmt"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Limits.
const (
	maxPeople = 100 // in each list of an intent
	shown     = 10  // of the people who would see an item
)

// Intent is what somebody means to publish, as far as it decides or tells who sees it.
type Intent struct {
	Permissions   api.Patch[audience.Permissions] `json:"permissions,omitempty" doc:"Who may see the item; your default when absent or null"`
	Mention       api.Strings                     `json:"mention,omitempty" maxItems:"100" doc:"Ids of the people mentioned"`
	TaggedUserIDs api.Strings                     `json:"taggedUserIds,omitempty" maxItems:"100" doc:"Ids of the people tagged"`
	OwnerIDs      api.Strings                     `json:"ownerIds,omitempty" maxItems:"100" doc:"Ids of the owners of a document or FAQ, who always see it"`
}

// list is one of an intent's lists of people.
type list struct {
	pointer string
	people  []string
}

func (in Intent) lists() []list {
	return []list{{"/mention", in.Mention}, {"/taggedUserIds", in.TaggedUserIDs}, {"/ownerIds", in.OwnerIDs}}
}

func (in Intent) validate(bad *fault.Fields) {
	in.Permissions.Value.Validate("/permissions", bad)
	for _, l := range in.lists() {
		if len(l.people) > maxPeople {
			bad.Addf(l.pointer, "field.tooMany", "At most %d people can be named.", maxPeople)
		}
		if slices.ContainsFunc(l.people, func(id string) bool { return !ids.Valid(id) }) {
			bad.Add(l.pointer, "field.format", "Every entry must be the id of a person (a UUID).")
		}
	}
}

// Warning is something about an audience that its author may not expect.
type Warning struct {
	Code    string   // "audience.mentionOutside" …
	Detail  string   // a sentence
	Pointer string   // of the field it is about
	People  []string // ids
}

// Preview is who would see an item.
type Preview struct {
	Permissions audience.Permissions // as they are meant
	Count       int
	First       []string // ids of the first of them, by name
	Warnings    []Warning
	Cards       map[string]person.Card // of everybody named here
}

// ignored warns of permissions that others go before.
func ignored(said audience.Permissions) []Warning {
	meant := said.Normalize()
	named := len(said.Users)+len(said.Groups)+len(said.Locations)+len(said.TaggedUsers) > 0
	switch {
	case said.OnlyMe && (named || said.Public || said.Friends || said.Team):
		return []Warning{{Code: "audience.othersIgnored", Pointer: "/permissions/onlyMe", Detail: "With onlyMe, everything else in the permissions is ignored."}}
	case said.Public && !meant.Public && !meant.OnlyMe:
		return []Warning{{Code: "audience.publicIgnored", Pointer: "/permissions/public", Detail: "Only those whom the permissions name will see this: public is ignored then."}}
	}
	return nil
}

// about makes the warning about some people; nobody makes none. The sentence begins with how
// many they are.
func about(code, pointer string, people []string, one, many string) []Warning {
	switch len(people) {
	case 0:
		return nil
	case 1:
		return []Warning{{code, "1 " + one, pointer, people}}
	}
	return []Warning{{code, fmt.Sprint(len(people), " ", many), pointer, people}}
}

// rule says by which of the rules of kernel/audience permissions mean whom they mean. The fourth
// means what the first does.
func rule(p audience.Permissions) string {
	switch p = p.Normalize(); {
	case p.OnlyMe:
		return "1: the author alone"
	case p.Public:
		return "3: everybody of the organization"
	}
	return "2: those whom it names"
}

// Explanation is why somebody sees an item or does not.
type Explanation struct {
	content.Sight
	Person person.Card
}

// visible reports whether the person can read the item now.
func (e Explanation) visible() bool { return e.Visible && e.Person.Status == "ACTIVE" }

// reason is one clause that admits the person, or might have.
type reason struct{ clause, id, name, detail string }

// named gives what the audience names, beside the author and owners, who are always in it.
func (e Explanation) named() []audience.Clause {
	return slices.DeleteFunc(slices.Clone(e.Clauses), func(c audience.Clause) bool {
		return c.Kind == "user" && !slices.Contains(e.Permissions.Users, c.ID) && !slices.Contains(e.Permissions.TaggedUsers, c.ID)
	})
}

// reasons gives everything that admits the person.
func (e Explanation) reasons() []reason {
	name := e.Person.FirstName + " " + e.Person.LastName
	list := []reason{}
	if e.AuthorID == e.Person.ID {
		list = append(list, reason{"author", e.Person.ID, name, name + " is the author."})
	}
	if e.IsOwner {
		list = append(list, reason{"owner", e.Person.ID, name, name + " is an owner."})
	}
	if e.Status != content.Published || e.Expired {
		return list
	}
	for _, c := range e.named() {
		if c.Admits {
			list = append(list, reason{c.Kind, c.ID, c.Name, e.why(name, c)})
		}
	}
	return list
}

func (e Explanation) why(name string, c audience.Clause) string {
	switch c.Kind {
	case "org":
		return name + " is a member of the organization."
	case "group":
		return name + " is a member of group " + c.Name + "."
	case "location":
		return name + "'s location is " + c.Name + "."
	case "team":
		return name + " is in the team of " + c.Name + "."
	case "friends":
		return name + " and " + c.Name + " follow each other."
	}
	if !slices.Contains(e.Permissions.Users, c.ID) {
		return name + " is tagged in the permissions."
	}
	return name + " is named."
}

// detail is the explanation in a sentence.
func (e Explanation) detail() string {
	name, left := e.Person.FirstName+" "+e.Person.LastName, "only its author and owners see it."
	switch {
	case e.visible():
		return name + " sees it."
	case e.Person.Status != "ACTIVE":
		return name + " is not an active member, and sees nothing."
	case e.Status != content.Published:
		return "It is not published: " + left
	case e.Expired:
		return "It has expired: " + left
	case e.Permissions.OnlyMe:
		return "It is not for others: " + left
	}
	return "Nothing that the audience names admits " + name + "."
}

// explained is what is told of a moderator's asking.
type explained struct {
	ActorID string `json:"actorId"`
	Kind    string `json:"kind"`
	UserID  string `json:"userId"`
}

// subjectOf is somebody as the reader of an item.
func subjectOf(who authz.Actor, userID string) authz.Actor {
	return authz.Actor{OrgID: who.OrgID, UserID: userID}
}
