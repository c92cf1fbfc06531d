package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// input is a field of a form. name is the API's.
type input struct {
	name, label, value string
	kind               string // of <input>; "" is text
	complete           string // autocomplete
	hint, wrong        string
	required, focus    bool
	max, rows          int
}

func (f input) kindOr(otherwise string) string {
	if f.kind == "" {
		return otherwise
	}
	return f.kind
}

func (f input) rowsOr(otherwise int) int {
	if f.rows == 0 {
		return otherwise
	}
	return f.rows
}

// option is one thing to choose.
type option struct{ value, text string }

func options(list []ref, none string) []option {
	all := []option{{"", none}}
	for _, r := range list {
		all = append(all, option{r.ID, r.Name})
	}
	return all
}

func itoa(n int) string { return strconv.Itoa(n) }

// asset_ is the address of a style or script.
func asset_(name string, ctx context.Context) templ.SafeURL {
	return templ.SafeURL(visitOf(ctx).c.assets.paths[name])
}

// shortTime is a time in the reader's zone, for browsers without script.
func shortTime(ctx context.Context, at string) string { return shown(ctx, at, "2006-01-02 15:04 MST") }

func shortDay(ctx context.Context, at string) string { return shown(ctx, at, time.DateOnly) }

func shown(ctx context.Context, at, layout string) string {
	parsed, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return parsed.In(visitOf(ctx).zone()).Format(layout)
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// pageURL is another page of the list that is shown, with the same filter.
func pageURL(ctx context.Context, path string, page int) templ.SafeURL {
	q := visitOf(ctx).r.URL.Query()
	q.Set("page", itoa(page))
	return templ.SafeURL(path + "?" + q.Encode())
}

// pageNumber is the page of a list that the address asks for.
func (v *visit) pageNumber() string {
	if n, err := strconv.Atoi(v.query("page")); err == nil && n > 0 {
		return itoa(n)
	}
	return "1"
}

// managing are the capabilities that have a page under Manage, in its order.
var managed = []struct {
	capability authz.Capability
	path       string
}{
	{authz.UsersManage, "/manage/people"}, {authz.TokensManage, "/manage/people"}, {authz.DepartmentsManage, "/manage/departments"},
	{authz.LocationsManage, "/manage/locations"}, {authz.GroupsManage, "/manage/groups"}, {authz.CategoriesManage, "/manage/categories"},
	{authz.TemplatesManage, "/manage/templates"}, {authz.SSOManage, "/manage/tiles"}, {authz.SettingsManage, "/manage/boarding"},
	{authz.OrganizationManage, "/manage/organization"}, {authz.WebhooksManage, "/manage/webhooks"}, {authz.AuditRead, "/manage/audit"},
}

// manages reports whether there is anything under Manage for whoever is signed in.
func (v *visit) manages() bool {
	for _, m := range managed {
		if v.can(m.capability) {
			return true
		}
	}
	return false
}

// manage leads to the first page of Manage that is open to whoever asks.
func (c *Console) manage(v *visit) error {
	for _, m := range managed {
		if v.can(m.capability) {
			return v.to(m.path)
		}
	}
	return &problem{Status: http.StatusForbidden, Detail: "The requested content is hidden for administrators only."}
}

// statusText is the state of an account in words.
func statusText(ctx context.Context, status string) string {
	return t(ctx, map[string]string{
		"ACTIVE": "Active", "INVITED": "Invited", "PRE_INVITED": "Not invited yet", "BLOCKED": "Blocked", "ARCHIVE": "Archived",
	}[status])
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

func boolText(b bool) string { return strconv.FormatBool(b) }

// scopes are the audiences to choose from.
func scopes(ctx context.Context) []option {
	return []option{
		{scopeEveryone, t(ctx, "Everybody here")}, {scopeTeam, t(ctx, "My team")}, {scopeFriends, t(ctx, "People I follow who follow me")},
		{scopeChosen, t(ctx, "Chosen places, groups and people")}, {scopeMe, t(ctx, "Only me")},
	}
}

// moreURL is the part of the list that follows.
func moreURL(ctx context.Context, cursor string) templ.SafeURL {
	u := *visitOf(ctx).r.URL
	q := u.Query()
	q.Set("cursor", cursor)
	u.RawQuery = q.Encode()
	return templ.SafeURL(u.RequestURI())
}

// isWeb reports whether a link is one that may be followed.
func isWeb(link string) bool {
	return strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://")
}

const maxShown = 1200 // characters of an item in a list

// shown is the text of an item, cut where it is one of many.
func (i item) shown(whole bool) string {
	if r := []rune(i.Text); !whole && len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return i.Text
}

// bar is the reactions that pages offer, and others that people gave.
func (i item) bar() []reaction {
	var list []reaction
	for _, k := range reactionKinds {
		list = append(list, reaction{Type: k.name})
	}
	for _, given := range i.Reactions {
		at := slices.IndexFunc(list, func(r reaction) bool { return r.Type == given.Type })
		if at < 0 {
			list = append(list, given)
		} else {
			list[at].Count = given.Count
		}
	}
	return list
}

// reactionLabel says what a reaction is and how many gave it.
func reactionLabel(ctx context.Context, r reaction) string {
	name := map[string]string{
		"like": "Like", "love": "Love", "celebrate": "Celebrate", "insightful": "Insightful", "support": "Support", "funny": "Funny",
	}[r.Type]
	if name == "" {
		name = r.Type
	}
	return tf(ctx, "%s: %d", t(ctx, name), r.Count)
}

func statusOptions(ctx context.Context) []option {
	list := []option{{"", t(ctx, "All but former members")}}
	for _, s := range []string{"ACTIVE", "INVITED", "PRE_INVITED", "BLOCKED", "ARCHIVE"} {
		list = append(list, option{s, statusText(ctx, s)})
	}
	return list
}

func (i item) pageTitle(ctx context.Context) string {
	if i.Title != "" {
		return i.Title
	}
	return tf(ctx, "Post by %s", i.User.name())
}

// section is the part of the navigation an item belongs to.
func (i item) section() string {
	if i.kind == "posts" {
		return "feed"
	}
	return i.kind
}

// kindName is what a kind of thing is called.
func kindName(ctx context.Context, kind string) string {
	name := map[string]string{
		"user": "Person", "post": "Post", "news": "News", "document": "Document", "faq": "Answer", "photo": "Photo", "video": "Video", "message": "Message", "event": "Event",
	}[kind]
	if name == "" {
		return kind
	}
	return t(ctx, name)
}

// heading names a hit that has no title.
func (f found) heading(ctx context.Context) string {
	if f.Title != "" {
		return f.Title
	}
	if f.User != nil {
		return tf(ctx, "Post by %s", f.User.name())
	}
	return kindName(ctx, f.Type)
}

func taskKind(ctx context.Context, kind string) string {
	name := map[string]string{
		"Article": "Article", "Video": "Video", "QuizLink": "Quiz", "Document": "Document", "TrainingCourse": "Course",
	}[kind]
	if name == "" {
		return kind
	}
	return t(ctx, name)
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// browserName is a browser in a few words, out of what it calls itself.
func browserName(agent string) string {
	name := ""
	for _, b := range []struct{ mark, name string }{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(agent, b.mark) {
			name = b.name
			break
		}
	}
	for _, s := range []struct{ mark, name string }{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if name != "" && strings.Contains(agent, s.mark) {
			return name + ", " + s.name
		}
	}
	if name == "" {
		return agent
	}
	return name
}
