package changes

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Change is an event as people read it. It names things and never holds what they say: whoever
// wants to know reads them.
type Change struct {
	Type           string   `json:"type" doc:"What happened, noun.verb: post.created, message.sent, comment.deleted …"`
	ID             string   `json:"id" doc:"Id of what it happened to; of a reaction the item's"`
	At             api.Time `json:"at" doc:"When"`
	By             string   `json:"by,omitempty" doc:"Id of who did it"`
	Kind           string   `json:"kind,omitempty" doc:"Of comments and reactions: kind of the item they are on"`
	ItemID         string   `json:"itemId,omitempty" doc:"Of comments and reactions: id of the item they are on"`
	ConversationID string   `json:"conversationId,omitempty" doc:"Of messages: the conversation"`
	Seq            int64    `json:"seq,omitempty" doc:"Of messages: number in the conversation, to read on from; of conversation.read how far you have read"`
	Reaction       string   `json:"reaction,omitempty" doc:"Of reactions: which one"`
	Online         *bool    `json:"online,omitempty" doc:"Of presence: whether the person has a live connection"`
	Status         string   `json:"status,omitempty" doc:"Of items: PUBLISHED, DRAFT or SCHEDULED"`
}

// Object names something that some people see.
type Object struct{ Kind, ID string }

// Sight is by whom something is seen. Nobody, when it is empty.
type Sight struct {
	Everybody bool     // of the organization
	People    []string // always
	Circles   []Object // whoever is in one of them
	Object    Object   // whoever may see it; asked of its kind's Finder
}

// Rule is how people are told of a noun's events.
type Rule struct {
	Scope string // that a key must cover, "posts:read"
	// Where the events go: to streams, to the log that webhooks and those who poll read.
	Live, Logged bool
	// Tell completes the change, of which Type, ID and At are set, and says who sees it.
	Tell func(e bus.Logged, c *Change) Sight
}

// Finder gives by whom objects of a kind are seen, by id. What is not there is absent.
type Finder func(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]Sight, error)

// Circle gives which of some people are in circles of a kind, by id. It may give others, too.
type Circle func(ctx context.Context, q db.Queryer, orgID string, ids, people []string) (map[string][]string, error)

// Changes knows the rules.
type Changes struct {
	rules   map[string]Rule
	finders map[string]Finder
	circles map[string]Circle
}

// New makes one without rules.
func New() *Changes {
	return &Changes{map[string]Rule{}, map[string]Finder{}, map[string]Circle{}}
}

// Rule declares the rule of a noun. Rules, finders and circles are declared before anybody asks.
func (c *Changes) Rule(noun string, r Rule) { c.rules[noun] = r }

// Find declares who finds objects of a kind.
func (c *Changes) Find(kind string, f Finder) { c.finders[kind] = f }

// Circle declares who knows circles of a kind.
func (c *Changes) Circle(kind string, f Circle) { c.circles[kind] = f }

// Outlet is where changes go.
type Outlet uint8

// The outlets.
const (
	Live   Outlet = iota // streams
	Logged               // webhooks, and those who poll
)

// Told is an event that somebody may be told of.
type Told struct {
	bus.Position

	OrgID string
	Scope string
	Change
	sight Sight
}

// Of gives what is told of some events at an outlet, in their order.
func (c *Changes) Of(events []bus.Logged, to Outlet) []Told {
	var list []Told
	for _, e := range events {
		noun, _, _ := strings.Cut(e.Name, ".")
		r, ok := c.rules[noun]
		if !ok || to == Live && !r.Live || to == Logged && !r.Logged {
			continue
		}
		t := Told{Position: e.Position, OrgID: e.OrgID, Scope: r.Scope, Change: Change{Type: e.Name, ID: e.Subject, At: api.At(e.At.UnixMilli())}}
		t.sight = r.Tell(e, &t.Change)
		list = append(list, t)
	}
	return list
}

// Text is the change as JSON.
func (t Told) Text() []byte {
	body, err := json.Marshal(t.Change)
	if err != nil {
		panic("changes: a change cannot be encoded: " + err.Error())
	}
	return body
}

// Types says which changes somebody wants: names, or "noun.*". Empty is all.
type Types []string

// maxTypes bounds how many types somebody names.
const maxTypes = 50

// Types checks the types somebody names, and reports the others at a pointer.
func (c *Changes) Types(list []string, pointer string, to Outlet, bad *fault.Fields) Types {
	if len(list) > maxTypes {
		bad.Addf(pointer, "field.tooMany", "At most %d types can be named.", maxTypes)
	}
	for _, name := range list {
		noun, verb, _ := strings.Cut(name, ".")
		r, ok := c.rules[noun]
		if !ok || verb == "" || len(name) > maxName || to == Live && !r.Live || to == Logged && !r.Logged {
			bad.Addf(pointer, "change.typeUnknown", "%q is no type of change. Write noun.verb or noun.*; the nouns are %s.",
				name[:min(len(name), maxName)], strings.Join(c.nouns(to), ", "))
			break
		}
	}
	return list
}

const maxName = 100

func (c *Changes) nouns(to Outlet) []string {
	var list []string
	for noun, r := range c.rules {
		if to == Live && r.Live || to == Logged && r.Logged {
			list = append(list, noun)
		}
	}
	slices.Sort(list)
	return list
}

// Want reports whether a type is among those wanted.
func (t Types) Want(name string) bool {
	return len(t) == 0 || slices.ContainsFunc(t, func(w string) bool {
		noun, all := strings.CutSuffix(w, "*")
		return w == name || all && strings.HasPrefix(name, noun)
	})
}

// Concerns reports whether a key's scopes let somebody be told.
func (t Told) Concerns(who authz.Actor) bool { return who.OrgID == t.OrgID && who.Within(t.Scope) }

// Memory remembers who is in circles of one organization. It belongs to one goroutine at a time;
// its zero value is ready to use.
type Memory struct {
	circles map[Object]*circle
}

// circle is who was found in a circle, of the people that were asked about.
type circle struct {
	asked, in map[string]bool
}

// maxRemembered bounds the circles of a memory.
const maxRemembered = 5_000

// changesMembership reports that after an event somebody may see other things than before.
func changesMembership(name string) bool {
	noun, _, _ := strings.Cut(name, ".")
	return noun == "user" || noun == "securityGroup" || noun == "location" || name == "conversation.membersChanged" || name == "conversation.deleted"
}

// Heed forgets what a stretch of the log has changed. See the package comment.
func (m *Memory) Heed(orgID string, s bus.Stretch) {
	if s.Full || len(m.circles) > maxRemembered {
		clear(m.circles)
		return
	}
	for _, list := range [][]bus.Logged{s.Events, s.Early} {
		for _, e := range list {
			if e.OrgID == orgID && changesMembership(e.Name) {
				clear(m.circles)
				return
			}
		}
	}
}

// Viewers are those who may be told of one change.
type Viewers struct {
	everybody bool
	people    []string
	circles   []map[string]bool
}

// Has reports whether somebody is among them.
func (v Viewers) Has(userID string) bool {
	if v.everybody || slices.Contains(v.people, userID) {
		return true
	}
	for _, c := range v.circles {
		if c[userID] {
			return true
		}
	}
	return false
}

// Viewers gives for each of some changes of one organization who of some people may be told of
// it now. The people are active members of the organization.
func (c *Changes) Viewers(ctx context.Context, q db.Queryer, people []string, list []Told, m *Memory) ([]Viewers, error) {
	if len(list) == 0 {
		return nil, nil
	}
	orgID := list[0].OrgID
	found, err := c.find(ctx, q, orgID, list)
	if err != nil {
		return nil, err
	}
	circles := map[Object]bool{}
	sights := make([]Sight, len(list))
	for i, t := range list {
		sights[i] = t.sight
		if t.sight.Object != (Object{}) {
			sights[i] = found[t.sight.Object]
		}
		for _, o := range sights[i].Circles {
			circles[o] = true
		}
	}
	if err := c.fill(ctx, q, orgID, people, circles, m); err != nil {
		return nil, err
	}
	out := make([]Viewers, len(list))
	for i, s := range sights {
		out[i] = Viewers{everybody: s.Everybody, people: s.People}
		for _, o := range s.Circles {
			out[i].circles = append(out[i].circles, m.circles[o].in)
		}
	}
	return out, nil
}

// find asks the finders for all objects of some changes.
func (c *Changes) find(ctx context.Context, q db.Queryer, orgID string, list []Told) (map[Object]Sight, error) {
	ids := map[string][]string{}
	for _, t := range list {
		if o := t.sight.Object; o != (Object{}) && !slices.Contains(ids[o.Kind], o.ID) {
			ids[o.Kind] = append(ids[o.Kind], o.ID)
		}
	}
	found := map[Object]Sight{}
	for kind, some := range ids {
		f := c.finders[kind]
		if f == nil {
			continue // of a kind that is not there: nobody sees it
		}
		sights, err := f(ctx, q, orgID, some)
		if err != nil {
			return nil, err
		}
		for id, s := range sights {
			found[Object{kind, id}] = s
		}
	}
	return found, nil
}

// fill asks the circles for the people who are not remembered.
func (c *Changes) fill(ctx context.Context, q db.Queryer, orgID string, people []string, wanted map[Object]bool, m *Memory) error {
	if m.circles == nil {
		m.circles = map[Object]*circle{}
	}
	ids, unknown := map[string][]string{}, map[string]map[string]bool{}
	for o := range wanted {
		known := m.circles[o]
		if known == nil {
			known = &circle{map[string]bool{}, map[string]bool{}}
			m.circles[o] = known
		}
		asks := false
		for _, p := range people {
			if !known.asked[p] {
				if unknown[o.Kind] == nil {
					unknown[o.Kind] = map[string]bool{}
				}
				unknown[o.Kind][p], asks = true, true
			}
		}
		if asks {
			ids[o.Kind] = append(ids[o.Kind], o.ID)
		}
	}
	for kind, some := range ids {
		var asked []string
		for p := range unknown[kind] {
			asked = append(asked, p)
		}
		in, err := c.circles[kind](ctx, q, orgID, some, asked)
		if err != nil {
			clear(m.circles)
			return err
		}
		for _, id := range some {
			known := m.circles[Object{kind, id}]
			for _, p := range asked {
				known.asked[p] = true
			}
			for _, p := range in[id] {
				known.in[p] = true
			}
		}
	}
	return nil
}
