package app

import "time"

// late gives somebody something to do, by now: they are restricted.
func (w *world) late(who actor) actor {
	home := w.tenants[who.home]
	plan := w.made(home.adminKey, "POST", "/api/enforcement-templates", `{"title":"Now","reminders":[{"reminderType":"restrict","reminderTimeUnit":"minutes","reminderTime":0}]}`)
	who.late, _ = w.made(home.keeperKey, "POST", "/api/tasks", `{"title":"Overdue","content":"words","dueDate":"%s","notificationTemplateId":"%s","userIds":["%s"]}`,
		stamped(w.clock.Now()), plan["id"], who.owner.UserID)["id"].(string)
	return who
}

// inTime lets somebody who is restricted make what is to be theirs, until the function it gives
// is called.
func (w *world) inTime(who actor) (until func()) {
	if who.late == "" || w.inTimeNow {
		return func() {}
	}
	w.inTimeNow = true
	due := func(at time.Time) {
		w.made(w.tenants[who.home].keeperKey, "PATCH", "/api/tasks/"+who.late, `{"dueDate":"%s"}`, stamped(at))
	}
	due(w.clock.Now().Add(time.Hour))
	return func() {
		due(w.clock.Now())
		w.inTimeNow = false
	}
}

// finishes reports whether somebody who is restricted may do this: what is on no object, on their
// own profile, or on something of which it does not matter whether they have to finish it. Nothing
// that the matrix tries is what they have to finish.
func (c cell) finishes() bool {
	switch c.kind() {
	case "task", "course", "document", "video", "media":
		return false
	case "user":
		return c.op.Authz.Restricted && c.relation == own
	}
	return c.op.Authz.Restricted
}
