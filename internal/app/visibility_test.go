package app

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// TestVisibilityAgreesWithOracle plays random histories of an organization over HTTP: people
// move between supervisors, locations, groups and teams, follow each other, are blocked, leave
// and come back; items of a kind, each time of another, are written, kept, scheduled, published,
// readdressed, commented, reacted to, bookmarked and deleted. It compares them with the rules written down a second time, in
// memory. After every step, right after the change, read-one, every order of the list by page
// and by cursor, the exact count, comments, reactions, bookmarks, the bytes of files, what search
// finds and the answer for an absent item agree with the oracle for every viewer; so do the
// preview of an audience and the explanation of who sees what.
func TestVisibilityAgreesWithOracle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		foreign := newHistory(t, s, 2)
		foreign.publish(0, content.Published, permissions{Public: true})
		steps := 0
		rapid.Check(t, func(rt *rapid.T) {
			if rapid.IntRange(1, 6).Draw(rt, "one of six is played") > 1 {
				return // a hundred take a minute
			}
			h := newHistory(t, s, 5)
			h.rt, h.t = rt, rt
			h.play(rapid.SampledFrom(everyKind).Draw(rt, "kind"))
			h.begin()
			rt.Repeat(map[string]func(*rapid.T){
				"publish":   func(*rapid.T) { h.publish(h.anybody(), h.status(), h.permissions()) },
				"readdress": func(*rapid.T) { h.readdress() },
				"release":   func(*rapid.T) { h.release() },
				"delete":    func(*rapid.T) { h.delete() },
				"respond":   func(*rapid.T) { h.respond() },
				"supervise": func(*rapid.T) { h.supervise() },
				"move":      func(*rapid.T) { h.move() },
				"join":      func(*rapid.T) { h.join() },
				"team":      func(*rapid.T) { h.team() },
				"follow":    func(*rapid.T) { h.follow() },
				"standing":  func(*rapid.T) { h.standing() },
				"dissolve":  func(*rapid.T) { h.dissolve() },
				"idle":      func(*rapid.T) { h.idle() },
				"":          func(*rapid.T) { steps++; h.check() },
			})
		})
		t.Logf("%d steps", steps)
	}, constraints()...)
}

// begin makes posts for every relation and half of the relations: in a short history, few steps
// would matter otherwise.
func (h *history) begin() {
	h.publish(1, content.Published, permissions{Friends: true})
	h.publish(2, content.Published, permissions{Groups: slices.Clone(h.groups)})
	h.publish(3, content.Published, permissions{Locations: slices.Clone(h.locations)})
	h.publish(4, content.Published, permissions{Team: true})
	for i := range h.ids {
		if i != 1 {
			h.follows[pair{i, 1}] = true
			h.want(h.keys[i], "PUT", "/api/users/"+h.ids[1]+"/follow", nil, http.StatusOK)
		}
	}
	h.inGroup[pair{0, 0}], h.inGroup[pair{4, 1}] = true, true
	h.location[0], h.location[4] = 0, 1
	for i, person := range []int{0, 4} {
		list := []string{h.ids[person]}
		h.want(h.admin, "POST", "/api/security_groups/"+h.groups[i]+"/members", map[string]any{"ids": list}, http.StatusOK)
		h.want(h.admin, "POST", "/api/locations/"+h.locations[i]+"/members", map[string]any{"addMembers": list}, http.StatusOK)
	}
}

// draw gives a number of 0 to n-1.
func (h *history) draw(n int, what string) int { return rapid.IntRange(0, n-1).Draw(h.rt, what) }

// anybody is an active person.
func (h *history) anybody() int {
	active := h.active()
	return active[h.draw(len(active), "person")]
}

func (h *history) status() string {
	return []string{content.Published, content.Published, content.Draft, content.Scheduled}[h.draw(4, "status")]
}

func (h *history) permissions() permissions {
	flag := func(name string) bool { return h.draw(4, name) == 0 }
	some := func(name string, ids []string) []string {
		if !flag(name) {
			return nil
		}
		return []string{ids[h.draw(len(ids), name)]}
	}
	return permissions{
		Public: h.draw(2, "public") == 0, Friends: flag("friends"), Team: flag("team"), OnlyMe: h.draw(10, "onlyMe") == 0,
		Users: some("users", h.ids), Groups: some("groups", h.groups), Locations: some("locations", h.locations), TaggedUsers: some("tagged", h.ids),
	}
}

// publish makes a post in a status. Everybody is mentioned and tagged: that lets nobody see it.
func (h *history) publish(author int, status string, p permissions) {
	h.t.Helper()
	var everybody []string
	for _, i := range h.active() {
		everybody = append(everybody, h.ids[i])
	}
	file := ""
	if h.kind.name != "faq" {
		file = upload(h.test, h.app.Handler(), h.keys[author], "image/png", "a.png", picture)
	}
	body := h.kind.make(file)
	maps.Copy(body, map[string]any{"status": status, "permissions": p, "mention": everybody, "taggedUserIds": everybody})
	if status == content.Scheduled {
		body["publishAt"] = h.clock.Now().Add(time.Hour).Format(time.RFC3339)
	}
	v := h.want(h.keys[author], "POST", h.kind.path, body, http.StatusCreated)
	h.posts = append(h.posts, published{
		id: v["id"].(string), file: file, author: author, perms: p, status: status, at: v["postedAt"].(string),
		reactions: map[pair]bool{}, bookmarks: map[int]bool{},
	})
}

// somePost is a post of an active author, or nil.
func (h *history) somePost(fits func(p published) bool) *published {
	var list []int
	for i, p := range h.posts {
		if h.state[p.author] == "ACTIVE" && fits(p) {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &h.posts[list[h.draw(len(list), "post")]]
}

// whichever is any post.
func whichever(published) bool { return true }

func (h *history) readdress() {
	if p := h.somePost(whichever); p != nil {
		p.perms = h.permissions()
		h.want(h.keys[p.author], "PATCH", h.kind.path+"/"+p.id, map[string]any{"permissions": p.perms}, http.StatusOK)
	}
}

// release publishes what is not published yet.
func (h *history) release() {
	if p := h.somePost(func(p published) bool { return p.status != content.Published }); p != nil {
		v := h.want(h.keys[p.author], "PATCH", h.kind.path+"/"+p.id, map[string]any{"status": content.Published}, http.StatusOK)
		p.status, p.at = content.Published, v["postedAt"].(string)
	}
}

func (h *history) delete() {
	if p := h.somePost(whichever); p != nil {
		h.want(h.keys[p.author], "DELETE", h.kind.path+"/"+p.id, nil, http.StatusNoContent)
		h.posts = slices.DeleteFunc(h.posts, func(o published) bool { return o.id == p.id })
	}
}

// respond lets somebody who sees a post comment, react or bookmark, or take that back.
func (h *history) respond() {
	v := h.anybody()
	p := h.somePost(func(p published) bool { return h.sees(v, p) })
	if p == nil {
		return
	}
	at, key := h.kind.path+"/"+p.id, h.keys[v]
	switch h.draw(3, "response") {
	case 0:
		h.want(key, "POST", at+"/comments", map[string]any{"text": "well"}, http.StatusCreated)
		p.comments++
	case 1:
		kind := h.draw(2, "reaction")
		given := pair{v, kind}
		if p.reactions[given] {
			h.want(key, "DELETE", at+"/reactions/"+[]string{"like", "love"}[kind], nil, http.StatusNoContent)
			delete(p.reactions, given)
			return
		}
		h.want(key, "PUT", at+"/reactions/"+[]string{"like", "love"}[kind], nil, http.StatusOK)
		p.reactions[given] = true
	case 2:
		if p.bookmarks[v] = !p.bookmarks[v]; p.bookmarks[v] {
			h.want(key, "PUT", at+"/bookmark", nil, http.StatusOK)
			return
		}
		h.want(key, "DELETE", at+"/bookmark", nil, http.StatusNoContent)
	}
}

// supervise gives somebody another supervisor, unless that makes a circle.
func (h *history) supervise() {
	i, s := h.anybody(), h.draw(len(h.ids)+1, "supervisor")-1
	for above := s; above >= 0; above = h.supervisor[above] {
		if above == i {
			s = -1
		}
	}
	var id any
	if s >= 0 {
		if h.state[s] == "ARCHIVE" {
			return
		}
		id = h.ids[s]
	}
	h.want(h.admin, "PATCH", "/api/users/"+h.ids[i], map[string]any{"reportsTo": id}, http.StatusOK)
	h.supervisor[i] = s
}

// move changes somebody's location, by the person or by the location.
func (h *history) move() {
	i, l := h.anybody(), h.draw(len(h.locations)+1, "location")-1
	switch {
	case h.draw(2, "way") == 0 && l >= 0:
		h.want(h.admin, "POST", "/api/locations/"+h.locations[l]+"/members", map[string]any{"addMembers": []string{h.ids[i]}}, http.StatusOK)
	case l >= 0:
		h.want(h.admin, "PATCH", "/api/users/"+h.ids[i], map[string]any{"location": h.locations[l]}, http.StatusOK)
	case h.location[i] >= 0:
		h.want(h.admin, "POST", "/api/locations/"+h.locations[h.location[i]]+"/members", map[string]any{"removeMembers": []string{h.ids[i]}}, http.StatusOK)
	}
	h.location[i] = l
}

// join lets somebody join or leave a group.
func (h *history) join() {
	i, g := h.anybody(), h.draw(len(h.groups), "group")
	at, body := "/api/security_groups/"+h.groups[g]+"/members", map[string]any{"ids": []string{h.ids[i]}}
	member := pair{i, g}
	switch {
	case h.inGroup[member]:
		h.want(h.admin, "DELETE", at, body, http.StatusOK)
	case h.draw(2, "way") == 0:
		h.want(h.admin, "POST", at, body, http.StatusOK)
	default:
		h.want(h.admin, "PATCH", "/api/users/"+h.ids[i], map[string]any{"securityGroup": h.groups[g]}, http.StatusOK)
	}
	h.inGroup[member] = !h.inGroup[member]
}

// team lets somebody join or leave the team of a supervisor.
func (h *history) team() {
	i, s := h.anybody(), h.anybody()
	if i == s {
		return
	}
	field, member := "addAdditionalTeams", pair{i, s}
	if h.inTeam[member] {
		field = "removeAdditionalTeams"
	}
	h.want(h.admin, "PATCH", "/api/users/"+h.ids[i], map[string]any{field: []string{h.ids[s]}}, http.StatusOK)
	h.inTeam[member] = !h.inTeam[member]
}

// follow lets somebody follow another or end it. Every second time it is about the author of a
// post for friends: friendships that matter would be rare.
func (h *history) follow() {
	i, o := h.anybody(), h.anybody()
	if p := h.somePost(func(p published) bool { return p.perms.Friends }); p != nil && h.draw(2, "matters") == 0 {
		i = p.author
		if h.follows[pair{i, o}] && !h.follows[pair{o, i}] || h.draw(2, "other way") == 0 {
			i, o = o, i
		}
	}
	if i == o {
		return
	}
	if h.follows[pair{i, o}] {
		h.want(h.keys[i], "DELETE", "/api/users/"+h.ids[o]+"/follow", nil, http.StatusNoContent)
	} else {
		h.want(h.keys[i], "PUT", "/api/users/"+h.ids[o]+"/follow", nil, http.StatusOK)
	}
	h.follows[pair{i, o}] = !h.follows[pair{i, o}]
}

// standing blocks, archives or restores somebody. Who reports to a leaver is module/user's
// matter; the oracle takes it as it is.
func (h *history) standing() {
	i := h.draw(len(h.ids), "person")
	if h.state[i] != "ACTIVE" {
		h.state[i] = "ACTIVE"
	} else if len(h.active()) > 2 {
		h.state[i] = []string{"BLOCKED", "ARCHIVE"}[h.draw(2, "standing")]
	}
	h.want(h.admin, "PATCH", "/api/users/"+h.ids[i], map[string]any{"status": h.state[i]}, http.StatusOK)
	for j, id := range h.ids {
		above, _ := h.want(h.admin, "GET", "/api/users/"+id, nil, http.StatusOK)["reportsTo"].(string)
		h.supervisor[j] = slices.Index(h.ids, above)
	}
}

// dissolve deletes a group or a location and puts another in its place, which is made before and
// read after: making it would hide that nobody was told of the end.
func (h *history) dissolve() {
	i := h.draw(2, "which")
	if h.draw(2, "kind") == 0 {
		gone := h.groups[i]
		h.groups[i] = h.named("/api/security_groups")
		h.remind()
		h.want(h.admin, "DELETE", "/api/security_groups/"+gone, nil, http.StatusNoContent)
		for person := range h.ids {
			delete(h.inGroup, pair{person, i})
		}
		return
	}
	gone := h.locations[i]
	h.locations[i] = h.named("/api/locations")
	h.remind()
	h.want(h.admin, "DELETE", "/api/locations/"+gone, nil, http.StatusNoContent)
	for person, l := range h.location {
		if l == i {
			h.location[person] = -1
		}
	}
}

// remind lets the server remember what everybody sees.
func (h *history) remind() {
	for _, v := range h.active() {
		h.want(h.keys[v], "GET", h.kind.path, nil, http.StatusOK)
	}
}

// idle does what changes nobody's sight: time passes, locations get administrators,
// departments get members.
func (h *history) idle() {
	i := h.anybody()
	switch h.draw(3, "what") {
	case 0:
		h.clock.Advance(time.Second)
	case 1:
		h.want(h.admin, "PATCH", "/api/locations/"+h.locations[0]+"/admin", map[string]any{"add": []string{h.ids[i]}}, http.StatusOK)
		h.want(h.admin, "PATCH", "/api/users/"+h.ids[h.anybody()], map[string]any{"addAdditionalLocations": []string{h.locations[0]}}, http.StatusOK)
	case 2:
		h.n++
		h.want(h.admin, "POST", "/api/departments", map[string]any{"name": fmt.Sprint("d", h.n), "members": []string{h.ids[i]}}, http.StatusCreated)
	}
}

// check compares everything that everybody reads with the oracle.
func (h *history) check() {
	for v, id := range h.ids {
		if h.state[v] != "ACTIVE" {
			h.want(h.keys[v], "GET", h.kind.path, nil, http.StatusUnauthorized)
			continue
		}
		var visible []string
		for _, p := range h.posts {
			status := http.StatusNotFound
			if h.sees(v, p) {
				status = http.StatusOK
				if p.status == content.Published {
					visible = append(visible, p.id)
				}
			}
			got := h.want(h.keys[v], "GET", h.kind.path+"/"+p.id, nil, status)
			if status == http.StatusNotFound && fmt.Sprint(got["code"], got["detail"]) != h.absent {
				h.t.Fatalf("%s learns of %+v: %v", id, p, got)
			}
		}
		got, total := h.read(v, h.kind.path+"?per_page=1000", h.kind.list)
		slices.Sort(got)
		if slices.Sort(visible); !slices.Equal(got, visible) || total != len(visible) {
			h.t.Fatalf("viewer %d lists %v of %d, want %v", v, got, total, visible)
		}
		h.checkNewest(v)
	}
	h.checkMembers()
	h.checkExplanation()
	v := h.anybody()
	if h.kind.ordered() {
		h.checkPages(v)
	}
	h.checkResponses(v)
	h.checkFiles(v)
	h.checkSearch(v)
}

// checkFiles reads what the items show. A file is its owner's before anything.
func (h *history) checkFiles(v int) {
	for _, p := range h.posts {
		if p.file == "" {
			continue
		}
		status := http.StatusNotFound
		if h.sees(v, p) {
			status = http.StatusOK
		}
		for _, what := range []string{"", "/content"} {
			h.want(h.keys[v], "GET", "/api/media/"+p.file+what, nil, status)
		}
		if status == http.StatusNotFound {
			h.want(h.keys[v], "GET", "/api/media/"+p.file+"/thumbnail", nil, status)
		}
	}
}

// checkSearch looks for the word that all items have.
func (h *history) checkSearch(v int) {
	var want []string
	for _, p := range h.posts {
		if p.status == content.Published && h.sees(v, p) {
			want = append(want, p.id)
		}
	}
	slices.Sort(want)
	for target, list := range map[string]string{
		"/api/search?q=words&per_page=100": "results", h.kind.path + "?per_page=100&search=words": h.kind.list, // questions and events have no search of their own, and all match
	} {
		got, total := h.read(v, target, list)
		if slices.Sort(got); !slices.Equal(got, want) || total != len(want) {
			h.t.Fatalf("viewer %d, %s: %v of %d, want %v", v, target, got, total, want)
		}
	}
}

// checkNewest reads the newest post: a short page does not look at every audience.
func (h *history) checkNewest(v int) {
	if !h.kind.ordered() {
		return
	}
	var want []string
	newest := published{}
	for _, p := range h.posts {
		if p.status == content.Published && h.sees(v, p) && p.compare(newest, 0) > 0 {
			newest, want = p, []string{p.id}
		}
	}
	if got, _ := h.read(v, h.kind.path+"?per_page=1", h.kind.list); !slices.Equal(got, want) {
		h.t.Fatalf("viewer %d: the newest post is %v, want %v", v, got, want)
	}
}

// checkMembers compares the question who is in an audience, or would be, with what those people
// read.
func (h *history) checkMembers() {
	if len(h.posts) == 0 {
		return
	}
	p := h.posts[len(h.posts)-1]
	q, id := h.app.o.DB.Reader(h.ctx), int64(0)
	if err := q.QueryRow(h.ctx, `SELECT audience_id FROM `+strings.TrimPrefix(h.kind.path, "/api/")+` WHERE org_id = ? AND id = ?`, h.org, p.id).Scan(&id); err != nil {
		h.t.Fatalf("%v", err)
	}
	got, err := h.audiences.Members(h.ctx, q, h.org, id, "", 100)
	if err != nil {
		h.t.Fatalf("%v", err)
	}
	got = slices.DeleteFunc(got, func(id string) bool { return id == h.director })
	p.status = content.Published
	var want []string
	for _, v := range h.active() {
		if h.sees(v, p) {
			want = append(want, h.ids[v])
		}
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		h.t.Fatalf("members of %+v: %v, want %v", p, got, want)
	}
	if h.state[p.author] != "ACTIVE" {
		return
	}
	preview := h.want(h.keys[p.author], "POST", "/api/audience/preview", map[string]any{"permissions": p.perms}, http.StatusOK)
	people, count := idsOf(preview["people"]), int(preview["count"].(float64))
	got = slices.DeleteFunc(slices.Clone(people), func(id string) bool { return id == h.director })
	if slices.Sort(got); !slices.Equal(got, want) || count != len(people) {
		h.t.Fatalf("%+v would be seen by %v (%d), want %v", p, got, count, want)
	}
}

// checkExplanation asks an author and a moderator why somebody sees a post.
func (h *history) checkExplanation() {
	p := h.somePost(whichever)
	if p == nil {
		return
	}
	v := h.draw(len(h.ids), "asked about")
	sees := h.state[v] == "ACTIVE" && h.sees(v, *p)
	for _, key := range []string{h.keys[p.author], h.admin} {
		got := h.want(key, "GET", "/api/audience/explain?kind="+h.kind.name+"&id="+p.id+"&userId="+h.ids[v], nil, http.StatusOK)
		if got["visible"] != sees || sees && len(got["reasons"].([]any)) == 0 {
			h.t.Fatalf("%+v: person %d (%s) sees it: %t, want %t: %v", p, v, h.state[v], got["visible"], sees, got)
		}
	}
}

// checkPages reads a listing in some order up to some time, page by page.
func (h *history) checkPages(v int) {
	order := h.draw(3, "order")
	target := h.kind.path + "?sort_key=" + string("abc"[order])
	list := slices.DeleteFunc(slices.Clone(h.posts), func(p published) bool { return p.status != content.Published || !h.sees(v, p) })
	if len(h.posts) > 0 && h.draw(2, "bounded") == 0 {
		until := h.posts[h.draw(len(h.posts), "until")].at
		target += "&time=" + until
		list = slices.DeleteFunc(list, func(p published) bool { return p.at > until })
	}
	slices.SortFunc(list, func(a, b published) int { return b.compare(a, order) })
	var want []string
	for _, p := range list {
		want = append(want, p.id)
	}
	size := 1 + h.draw(4, "size")
	target += fmt.Sprint("&per_page=", size)
	byCursor := h.draw(2, "cursors") == 0
	var got []string
	cursor, more := "", true
	for page := 1; more; page++ {
		next := target + fmt.Sprint("&cur_page=", page)
		if byCursor {
			next = target + "&cursor=" + cursor
		}
		body := h.want(h.keys[v], "GET", next, nil, http.StatusOK)
		meta, ids := body["meta"].(map[string]any), idsOf(body[h.kind.list])
		left := max(len(want)-len(got), 0)
		if len(ids) != min(size, left) || int(meta["totalResults"].(float64)) != len(want) {
			h.t.Fatalf("viewer %d, %s: %d posts, %v, want %d of %d", v, next, len(ids), meta, min(size, left), len(want))
		}
		got = append(got, ids...)
		cursor, _ = meta["nextCursor"].(string)
		more = len(ids) == size && page < 50
		if byCursor {
			more = cursor != "" && page < 50
		}
	}
	if !slices.Equal(got, want) {
		h.t.Fatalf("viewer %d, %s: %v, want %v", v, target, got, want)
	}
}

// checkResponses compares what hangs on the posts.
func (h *history) checkResponses(v int) {
	var marked []string
	for _, p := range h.posts {
		sees := h.sees(v, p)
		if sees && p.bookmarks[v] {
			marked = append(marked, p.id)
		}
		at := h.kind.path + "/" + p.id
		if !sees {
			for _, c := range []struct {
				method, path string
				body         any
			}{{"GET", "/comments", nil}, {"GET", "/reactions", nil}, {"POST", "/comments", map[string]any{"text": "x"}}, {"PUT", "/bookmark", nil}} {
				h.want(h.keys[v], c.method, at+c.path, c.body, http.StatusNotFound)
			}
			continue
		}
		for list, n := range map[string]int{"comments": p.comments, "reactions": len(p.reactions)} {
			if got, total := h.read(v, at+"/"+list+"?per_page=1000", list); len(got) != n || total != n {
				h.t.Fatalf("viewer %d: %d of %d %s, want %d", v, len(got), total, list, n)
			}
		}
		count := "commentsCount"
		if h.kind.name == "event" { // as the reference prints it
			count = "comments"
		}
		if n := h.want(h.keys[v], "GET", at, nil, http.StatusOK)[count].(float64); int(n) != p.comments {
			h.t.Fatalf("%v comments shown, want %d", n, p.comments)
		}
	}
	got, total := h.read(v, "/api/bookmarks?per_page=1000", "bookmarks")
	slices.Sort(got)
	if slices.Sort(marked); !slices.Equal(got, marked) || total != len(marked) {
		h.t.Fatalf("viewer %d has bookmarks on %v of %d, want %v", v, got, total, marked)
	}
}

// read gives the ids of the items of a list, and the total it says.
func (h *history) read(v int, target, list string) ([]string, int) {
	h.t.Helper()
	body := h.want(h.keys[v], "GET", target, nil, http.StatusOK)
	return idsOf(body[list]), int(body["meta"].(map[string]any)["totalResults"].(float64))
}

func idsOf(list any) []string {
	var ids []string
	for _, e := range list.([]any) {
		entry := e.(map[string]any)
		id, onItem := entry["itemId"].(string)
		if _, comment := entry["text"]; !onItem || comment {
			id, _ = entry["id"].(string)
		}
		if set, question := entry["kbId"].(string); question {
			id = set
		}
		ids = append(ids, id)
	}
	return ids
}

// compare puts posts in an order of the list, lowest first.
func (p published) compare(o published, order int) int {
	score := func(p published) int { return []int{0, len(p.reactions), p.comments}[order] }
	if d := score(p) - score(o); d != 0 {
		return d
	}
	return strings.Compare(p.at+p.id, o.at+o.id)
}
