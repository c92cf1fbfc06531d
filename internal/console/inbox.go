package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// notification is an entry of the reader's inbox.
type notification struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	Title     string  `json:"title"`
	Text      string  `json:"text"`
	Link      string  `json:"link"`
	Actor     *person `json:"actor"`
	Count     int     `json:"count"`
	IsRead    bool    `json:"isRead"`
	CreatedAt string  `json:"createdAt"`
}

// inbox is a page of the reader's inbox.
type inbox struct {
	Notifications []notification `json:"notifications"`
	Unread        int            `json:"unreadCount"`
	Meta          meta           `json:"meta"`

	onlyUnread bool
}

func (c *Console) inbox(v *visit) error {
	q := url.Values{"per_page": {"25"}, "cur_page": {v.pageNumber()}}
	i := inbox{onlyUnread: v.query("unread") != ""}
	if i.onlyUnread {
		q.Set("unread", "true")
	}
	if err := v.get("/api/notifications", q, &i); err != nil {
		return err
	}
	return v.page(inboxPage(i))
}

// markRead marks one entry read, or all that there were when the page was shown.
func (c *Console) markRead(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	in := map[string]any{"ids": v.form["id"]}
	if until := v.text("until"); until != "" {
		in = map[string]any{"until": until}
	}
	if err := v.call(http.MethodPut, "/api/notifications/read", in, nil); err != nil {
		return err
	}
	if v.text("quietly") != "" { // script tells that a link was followed
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.to(local(v.text("next")))
}

// unread is the bell, for script to look again.
func (c *Console) unread(v *visit) error {
	n := v.unreadCount()
	if v.query("seen") == itoa(n) {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.page(bell(n))
}

// unreadCount is how many notifications the reader has not read. A page is shown without it rather
// than not at all.
func (v *visit) unreadCount() int {
	var out struct {
		Unread int `json:"unreadCount"`
	}
	if err := v.get("/api/notifications/unread", nil, &out); err != nil {
		v.c.d.Log.WarnContext(v.ctx(), "the unread notifications could not be counted", "error", err)
	}
	return out.Unread
}

// few is a number that fits a badge.
func few(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// here is the address of a notification as a path of ours, "" when it leads elsewhere or nowhere.
func (n notification) here(v *visit) string {
	if n.Link == "" {
		return ""
	}
	path, ok := strings.CutPrefix(n.Link, strings.TrimSuffix(v.c.d.URL, "/"))
	if !ok {
		return ""
	}
	if path == "" {
		return "/"
	}
	return local(path)
}

// kindOfNotification says what a notification is about.
func kindOfNotification(ctx context.Context, kind string) string {
	name := map[string]string{
		"announcement": "Announcements", "reminder": "Reminders", "acknowledgement": "To be acknowledged", "task": "Tasks", "course": "Courses", "event": "Invitations to events",
		"mention": "Mentions of you", "reply": "Replies to you", "comment": "Comments on what you wrote", "joinRequest": "Requests to join", "joinApproved": "Requests of yours that were granted",
	}[kind]
	if name == "" {
		return kind
	}
	return t(ctx, name)
}
