package console

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// auditEntry is something that an administrator did, or that was denied to somebody.
type auditEntry struct {
	Seq        int    `json:"seq"`
	At         string `json:"at"`
	UserID     string `json:"userId"`
	Operation  string `json:"operation"`
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId"`
	Outcome    string `json:"outcome"`
	Code       string `json:"code"`
	RequestID  string `json:"requestId"`
}

// auditLog is a page of the log, newest first.
type auditLog struct {
	Entries []auditEntry `json:"entries"`

	operation, outcome, userID string
	people                     map[string]person
}

const auditPerPage = 50

func (c *Console) audit(v *visit) error {
	if err := v.needs(authz.AuditRead); err != nil {
		return err
	}
	l := auditLog{operation: v.query("operation"), outcome: v.query("outcome"), userID: v.query("userId"), people: map[string]person{}}
	q := url.Values{"limit": {itoa(auditPerPage)}}
	for name, value := range map[string]string{"operation": l.operation, "outcome": l.outcome, "userId": l.userID} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if before, err := strconv.Atoi(v.query("before")); err == nil && before > 0 {
		q.Set("before", itoa(before))
	}
	if err := v.get("/api/audit", q, &l); err != nil {
		return err
	}
	for _, e := range l.Entries {
		if _, known := l.people[e.UserID]; known || e.UserID == "" {
			continue
		}
		found, err := v.peopleOf([]string{e.UserID})
		if err != nil {
			return err
		}
		l.people[e.UserID] = person{ID: e.UserID}
		if len(found) > 0 {
			l.people[e.UserID] = found[0]
		}
	}
	return v.page(auditPage(l))
}

// who names whoever did something.
func (l auditLog) who(e auditEntry) string {
	if name := l.people[e.UserID].name(); name != "" {
		return name
	}
	return e.UserID
}

// older is the page behind this one, "" when there is none.
func (l auditLog) older(v *visit) templ.SafeURL {
	if len(l.Entries) < auditPerPage {
		return ""
	}
	q := v.r.URL.Query()
	q.Set("before", itoa(l.Entries[len(l.Entries)-1].Seq))
	return templ.SafeURL("/manage/audit?" + q.Encode())
}
