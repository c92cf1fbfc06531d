package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const (
	mediaType = "application/scim+json"
	timeout   = 20 * time.Second
)

// call is one request.
type call struct {
	s     *Service
	w     http.ResponseWriter
	r     *http.Request
	who   authz.Actor
	id    string // of the resource, "" for all
	log   string // id of the request
	shows projection
}

// Handler serves the protocol at Path and below.
func (s *Service) Handler(door Door) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{s: s, w: w, r: r, log: ids.New()}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Request-Id", c.log)
		defer func() {
			if v := recover(); v != nil {
				s.Log.ErrorContext(r.Context(), "a handler panicked", "requestId", c.log, "panic", v, "stack", string(debug.Stack()))
				c.fail(errors.New("panic"))
			}
		}()
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		c.r = r.WithContext(ctx)
		c.serve(door)
	})
}

// handlers are what the methods of a resource do, for all (id "") and for one.
type handlers map[string]func(c *call) error

// endpoint is a path below Path.
type endpoint struct {
	rule     authz.Rule // of reading; writing takes the scope's other verb
	object   string     // what the audit log calls one
	all, one handlers
}

func endpoints() map[string]endpoint {
	people := authz.Rule{Capability: authz.UsersManage, Scope: "users:read"}
	groups := authz.Rule{Capability: authz.GroupsManage, Scope: "groups:read"}
	about := authz.Rule{Scope: "users:read"}
	return map[string]endpoint{
		"Users": {
			people, "user", handlers{http.MethodGet: (*call).listUsers, http.MethodPost: (*call).createUser},
			handlers{http.MethodGet: (*call).readUser, http.MethodPut: (*call).replaceUser, http.MethodPatch: (*call).patchUser, http.MethodDelete: (*call).deleteUser},
		},
		"Groups": {
			groups, "securityGroup", handlers{http.MethodGet: (*call).listGroups, http.MethodPost: (*call).createGroup},
			handlers{http.MethodGet: (*call).readGroup, http.MethodPut: (*call).replaceGroup, http.MethodPatch: (*call).patchGroup, http.MethodDelete: (*call).deleteGroup},
		},
		"ServiceProviderConfig": {about, "", handlers{http.MethodGet: func(c *call) error { return c.answer(http.StatusOK, c.s.providerConfig()) }}, nil},
		"ResourceTypes":         {about, "", handlers{http.MethodGet: listAbout((*Service).resourceTypes)}, handlers{http.MethodGet: oneAbout((*Service).resourceTypes)}},
		"Schemas":               {about, "", handlers{http.MethodGet: listAbout((*Service).schemas)}, handlers{http.MethodGet: oneAbout((*Service).schemas)}},
	}
}

func (c *call) serve(door Door) {
	name, id, below := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(c.r.URL.Path, Path), "/"), "/")
	switch name {
	case "Bulk", "Me":
		c.fail(refusal{http.StatusNotImplemented, "", "This server does not support /" + name + "."})
		return
	}
	e, ok := endpoints()[name]
	if !ok || strings.Contains(id, "/") || (below && (id == "" || e.one == nil)) {
		c.fail(refusal{http.StatusNotFound, "", "There is nothing at this address."})
		return
	}
	methods, rule := e.all, e.rule
	if c.id = id; below {
		methods = e.one
	}
	if c.r.Method != http.MethodGet {
		rule.Scope = strings.Replace(rule.Scope, ":read", ":write", 1)
	}
	v, err := door.Enter(c.w, c.r, api.Entrance{
		Key: key(c.r), Rule: rule, Operation: operation(c.r.Method, name, below), RequestID: c.log, ObjectType: e.object, ObjectID: c.id,
	})
	if err == nil {
		c.who, c.r = v.Who, c.r.WithContext(v.Context)
		err = c.do(methods)
	}
	v.Leave(err)
	if err != nil {
		c.fail(err)
	}
}

// operation is what a call is named in the audit log.
func operation(method, name string, one bool) string {
	verb := map[string]string{
		http.MethodGet: "List", http.MethodPost: "Create", http.MethodPut: "Replace", http.MethodPatch: "Patch", http.MethodDelete: "Delete",
	}[method]
	if one && method == http.MethodGet {
		verb = "Get"
	}
	return "scim" + verb + strings.TrimSuffix(name, "s")
}

func (c *call) do(methods handlers) error {
	do := methods[c.r.Method]
	if do == nil {
		for method := range methods {
			c.w.Header().Add("Allow", method)
		}
		return refusal{http.StatusMethodNotAllowed, "", "This resource does not do that."}
	}
	q := c.r.URL.Query()
	c.shows = projectionOf(q.Get("attributes"), q.Get("excludedAttributes"))
	return do(c)
}

// key is the API key of a request, as a bearer token (RFC 6750) or in the header of the API.
func key(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return r.Header.Get("X-API-KEY")
}

func (c *call) answer(status int, body resource) error {
	c.w.Header().Set("Content-Type", mediaType)
	c.w.WriteHeader(status)
	return json.NewEncoder(c.w).Encode(body)
}

// fail answers an error in the form of the protocol. A failure of ours shows no cause.
func (c *call) fail(err error) {
	var r refusal
	if !errors.As(err, &r) {
		var ok bool
		if r, ok = refusalOf(err); !ok {
			c.s.Log.ErrorContext(c.r.Context(), "a request failed", "requestId", c.log, "operation", "scim", "error", err)
			r = refusal{status: http.StatusInternalServerError, detail: "We had a problem with our server. Try again later."}
		}
		if f, ok := fault.As(err); ok && f.RetryAfter > 0 {
			c.w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
	}
	if r.status == http.StatusUnauthorized {
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="WorkDrive"`)
	}
	body := resource{"schemas": []string{errorMessage}, "status": strconv.Itoa(r.status), "detail": r.detail}
	if r.scimType != "" {
		body["scimType"] = r.scimType
	}
	_ = c.answer(r.status, body) // the client may have gone
}

// body reads a JSON object.
func (c *call) body() (map[string]any, error) {
	if t := c.r.Header.Get("Content-Type"); t != "" {
		kind, _, err := mime.ParseMediaType(t)
		if err != nil || (kind != mediaType && kind != "application/json") {
			return nil, refusal{http.StatusUnsupportedMediaType, "", "Send " + mediaType + "."}
		}
	}
	raw, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, bad("invalidSyntax", "The body could not be read to its end.")
	case len(raw) > maxBody:
		return nil, refusal{http.StatusRequestEntityTooLarge, "", "The body is too large."}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var body map[string]any
	if err := d.Decode(&body); err != nil || body == nil || d.More() {
		return nil, bad("invalidSyntax", "The body is no JSON object.")
	}
	return body, nil
}

// whole reads a resource.
func (c *call) whole() (*said, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	s := newSaid()
	return s, s.object(body)
}

// changes reads a PATCH.
func (c *call) changes() (*said, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return patched(body)
}

// ifMatch is the header in the form of the API: versions are compared, weak or not.
func (c *call) ifMatch() string { return strings.ReplaceAll(c.r.Header.Get("If-Match"), "W/", "") }

// window is the page that is asked for.
func (c *call) window() (start int, p page, err error) {
	start, p.count = 1, defaultCount
	for name, to := range map[string]*int{"startIndex": &start, "count": &p.count} {
		text := c.r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, p, bad("invalidValue", name+" is a number.")
		}
		*to = n
	}
	start, p.count = max(start, 1), min(max(p.count, 0), MaxResults)
	p.offset = start - 1
	return start, p, nil
}

func listAbout(of func(s *Service) []resource) func(c *call) error {
	return func(c *call) error {
		list := of(c.s)
		return c.answer(http.StatusOK, listOf(list, len(list), 1))
	}
}

func oneAbout(of func(s *Service) []resource) func(c *call) error {
	return func(c *call) error {
		for _, r := range of(c.s) {
			if r["id"] == c.id {
				return c.answer(http.StatusOK, r)
			}
		}
		return fault.NotFound("resource")
	}
}

func (c *call) showUser(status int, u User, err error) error {
	if err != nil {
		return err
	}
	tag := etag(u.Version)
	if c.unchanged(tag) {
		return nil
	}
	c.w.Header().Set("ETag", tag)
	c.w.Header().Set("Location", c.s.URL+Path+"/Users/"+u.ID)
	return c.answer(status, c.shows.of(c.s.userResource(u)))
}

// unchanged answers 304 to a reader who has this version.
func (c *call) unchanged(tag string) bool {
	none := c.r.Header.Get("If-None-Match")
	if c.r.Method != http.MethodGet || none == "" {
		return false
	}
	for have := range strings.SplitSeq(none, ",") {
		if have = strings.TrimSpace(have); have == "*" || strings.TrimPrefix(have, "W/") == strings.TrimPrefix(tag, "W/") {
			c.w.Header().Set("ETag", tag)
			c.w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

func (c *call) listUsers() error {
	start, p, err := c.window()
	if err != nil {
		return err
	}
	cond, err := where(c.who.OrgID, c.r.URL.Query().Get("filter"), compareUser)
	if err != nil {
		return err
	}
	var list []User
	var total int
	err = c.s.DB.Snapshot(c.r.Context(), func(ctx context.Context, q db.Queryer) (err error) {
		list, total, err = c.s.store.users(ctx, q, c.who.OrgID, cond, p)
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]resource, len(list))
	for i, u := range list {
		shown[i] = c.shows.of(c.s.userResource(u))
	}
	return c.answer(http.StatusOK, listOf(shown, total, start))
}

func (c *call) readUser() error {
	u, err := c.s.store.user(c.r.Context(), c.s.DB.Reader(c.r.Context()), c.who.OrgID, c.id)
	return c.showUser(http.StatusOK, u, err)
}

func (c *call) createUser() error {
	in, err := c.whole()
	if err != nil {
		return err
	}
	u, err := c.s.createUser(c.r.Context(), c.who, in)
	return c.showUser(http.StatusCreated, u, err)
}

func (c *call) replaceUser() error { return c.changeUser(c.whole()) }

func (c *call) patchUser() error { return c.changeUser(c.changes()) }

func (c *call) changeUser(in *said, err error) error {
	if err != nil {
		return c.hiddenOr(err)
	}
	u, err := c.s.changeUser(c.r.Context(), c.who, c.id, c.ifMatch(), in)
	return c.showUser(http.StatusOK, u, err)
}

// hiddenOr tells of a wrong input only who may know of the person it is about.
func (c *call) hiddenOr(err error) error {
	if _, hidden := c.s.store.user(c.r.Context(), c.s.DB.Reader(c.r.Context()), c.who.OrgID, c.id); hidden != nil {
		return hidden
	}
	return err
}

func (c *call) deleteUser() error {
	if err := c.s.deleteUser(c.r.Context(), c.who, c.id, c.ifMatch()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
