package department

import (
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// move is what one request does to the people of a department. Each list has the pointer of
// the field it came from.
type move struct {
	remove, demote, add       []Ref
	removeAt, demoteAt, addAt string
	// heading says that everybody added becomes a head.
	heading bool
}

func (in Members) move() move {
	return move{remove: in.Remove, removeAt: "/removeMembers", add: in.Add, addAt: "/addMembers"}
}

func (in Heads) move() move {
	return move{demote: in.Remove, demoteAt: "/remove", add: in.Add, addAt: "/add", heading: true}
}

// people gives the ids of everybody the move names.
func (m move) people() []string { return distinct(m.remove, m.demote, m.add) }

// standing is where a person stands.
type standing struct {
	department string // "" for none
	head       bool
	former     bool
}

// check reports every ref that is not a person of the organization, and every former member
// who is to be added.
func (m move) check(known map[string]standing) error {
	var bad fault.Fields
	report := func(pointer string, refs []Ref, living bool) {
		for i, r := range refs {
			if p, ok := known[r.ID]; ok && (!living || !p.former) {
				continue
			}
			at := pointer + "/" + strconv.Itoa(i)
			if r.object {
				at += "/id"
			}
			bad.Add(at, "user.unknown", "There is no such person.")
		}
	}
	report(m.addAt, m.add, true)
	report(m.removeAt, m.remove, false)
	report(m.demoteAt, m.demote, false)
	return bad.Err()
}

// plan is what a move comes to.
type plan struct {
	leave, plain, head []string // people whose row changes, by what they become
	joined             []string // people added who were not in the department (any more)
	lost               bool     // somebody stops heading the department
	left               []string // other departments that lose people
}

func (p plan) empty() bool { return len(p.leave)+len(p.plain)+len(p.head) == 0 }

// plan applies the move to where people stand: removals, then additions.
func (m move) plan(id string, before map[string]standing) plan {
	after := make(map[string]standing, len(before))
	for person, p := range before {
		after[person] = p
	}
	for _, r := range m.remove {
		if p := after[r.ID]; p.department == id {
			after[r.ID] = standing{former: p.former}
		}
	}
	for _, r := range m.demote {
		if p := after[r.ID]; p.department == id {
			p.head = false
			after[r.ID] = p
		}
	}
	var out plan
	for _, r := range m.add {
		p := after[r.ID]
		if p.department != id {
			p = standing{department: id}
			out.joined = append(out.joined, r.ID)
		}
		p.head = p.head || m.heading || r.Head
		after[r.ID] = p
	}
	out.compare(id, m.people(), before, after)
	return out
}

func (out *plan) compare(id string, people []string, before, after map[string]standing) {
	left := map[string]bool{}
	for _, person := range people {
		was, is := before[person], after[person]
		if was == is {
			continue
		}
		switch {
		case is.department != id:
			out.leave = append(out.leave, person)
		case is.head:
			out.head = append(out.head, person)
		default:
			out.plain = append(out.plain, person)
		}
		if was.department == id && was.head && !was.former && (is.department != id || !is.head) {
			out.lost = true
		}
		if d := was.department; d != "" && d != id && !left[d] {
			left[d] = true
			out.left = append(out.left, d)
		}
	}
}
