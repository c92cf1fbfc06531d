package console

import (
	"errors"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// handler answers a request. What it returns becomes a page that says what went wrong.
type handler func(v *visit) error

func (c *Console) routes() {
	c.mux.Handle("GET /assets/", c.assets)
	c.mux.HandleFunc("GET /worker.js", c.assets.worker)
	c.open("GET /setup", c.setupForm)
	c.open("POST /setup", c.setup)
	c.open("GET /login", c.loginForm)
	c.open("POST /login", c.login)
	c.open("GET /login/code", c.codeForm)
	c.open("POST /login/code", c.code)
	if c.d.Provider != nil {
		c.open("GET /login/oidc", c.beginElsewhere)
		c.open("GET /login/oidc/callback", c.finishElsewhere)
	}
	c.open("POST /logout", c.logout)
	c.open("GET /forgot", c.forgotForm)
	c.open("POST /forgot", c.forgot)
	c.open("GET /link/{token}", c.linkForm)
	c.open("POST /link/{token}", c.link)
	c.open("POST /language", c.setLanguage)
	c.open("/", func(*visit) error { return errNoPage })

	c.everybody()
	c.managing()
}

// everybody mounts the pages that every member has.
func (c *Console) everybody() {
	c.member("GET /{$}", c.feed)
	c.member("POST /posts", c.createPost)
	c.member("GET /posts/{id}", c.itemOf("posts"))
	c.member("POST /posts/{id}/delete", c.deletePost)
	c.member("POST /audience", c.previewAudience)
	c.member("GET /people/find", c.findPeople)
	c.member("POST /upload", c.uploadSlot)
	for _, kind := range itemKinds {
		c.member("POST /"+kind+"/{id}/reactions", c.reactTo(kind))
		c.member("POST /"+kind+"/{id}/bookmark", c.bookmark(kind))
		c.member("POST /"+kind+"/{id}/comments", c.comment(kind))
	}
	c.member("GET /news", c.news)
	c.member("GET /news/new", c.newsForm)
	c.member("POST /news", c.createNews)
	c.member("GET /news/{id}", c.itemOf("news"))
	c.member("POST /news/{id}/acknowledgement", c.acknowledge("news"))
	c.member("GET /documents", c.documents)
	c.member("GET /documents/new", c.documentForm)
	c.member("POST /documents", c.createDocument)
	c.member("GET /documents/{id}", c.document)
	c.member("POST /documents/{id}/acknowledgement", c.acknowledge("documents"))
	c.member("GET /faqs", c.faqs)
	c.member("GET /faqs/new", c.faqForm)
	c.member("POST /faqs", c.createFaq)
	c.member("GET /faqs/{id}", c.faq)
	c.member("GET /calendar", c.calendar)
	c.member("GET /events/new", c.newEvent)
	c.member("POST /events", c.createEvent)
	c.member("GET /events/{id}", c.event)
	c.member("GET /events/{id}/calendar.ics", c.eventFile)
	c.member("GET /events/{id}/edit", c.editEvent)
	c.member("POST /events/{id}", c.saveEvent)
	c.member("POST /events/{id}/rsvp", c.rsvp)
	c.member("POST /events/{id}/join", c.joinCall)
	c.member("POST /events/{id}/checkin", c.checkIn)
	c.member("POST /events/{id}/delete", c.deleteEvent)
	c.member("GET /search", c.search)
	c.member("GET /tasks", c.tasks)
	c.member("GET /tasks/{id}", c.task)
	c.member("POST /tasks/{id}/{step}", c.moveTask)
	c.member("GET /courses", c.courses)
	c.member("GET /courses/{id}", c.course)
	c.member("GET /chats", c.chats)
	c.member("POST /chats", c.createChat)
	c.member("GET /chats/{id}", c.chat)
	c.member("POST /chats/{id}/messages", c.sendMessage)
	c.member("POST /chats/{id}/read", c.read)
	c.member("POST /chats/{id}/membership", c.membership)
	c.member("GET /people", c.people)
	c.member("GET /people/{id}", c.person)
	c.member("POST /people/{id}/follow", c.follow)
	c.member("POST /people/{id}/chat", c.directChat)
	c.member("GET /profile", c.profile)
	c.member("POST /profile", c.saveProfile)
	c.member("POST "+picturePath, c.savePicture)
	c.member("GET /live", c.live)
	c.member("GET /apps", c.apps)
	c.member("GET /apps/{id}/launch", c.launch)
	c.member("GET /people/chart", c.orgChart)
	c.member("GET /notifications", c.inbox)
	c.member("GET /notifications/unread", c.unread)
	c.member("POST /notifications/read", c.markRead)
	c.member("GET /settings", c.settings)
	c.member("POST /settings/zone", c.setZone)
	c.member("GET /settings/notifications", c.notificationSettings)
	c.member("POST /settings/notifications", c.saveNotificationSettings)
	c.member("POST /settings/notifications/devices", c.addDevice)
	c.member("POST /settings/notifications/devices/{id}", c.removeDevice)
	c.member("GET /settings/calendar", c.calendarSettings)
	c.member("POST /settings/calendar/feed", c.makeFeed)
	c.member("POST /settings/calendar/feed/revoke", c.revokeFeed)
	c.member("POST /settings/calendar/subscriptions", c.subscribe)
	c.member("POST /settings/calendar/subscriptions/{id}", c.renameSubscription)
	c.member("POST /settings/calendar/subscriptions/{id}/end", c.unsubscribe)
	c.member("GET /settings/password", c.passwordForm)
	c.member("POST /settings/password", c.changePassword)
	c.member("POST /settings/sessions", c.endOtherSessions)
	c.member("POST /settings/sessions/{id}", c.endSession)
	c.member("GET /settings/factor", c.factorForm)
	c.member("POST /settings/factor", c.enrol)
	c.member("POST /settings/factor/on", c.turnOn)
	c.member("POST /settings/tokens", c.makeToken)
	c.member("POST /settings/tokens/{token}", c.revokeToken(func(*visit) string { return "/settings" }))
}

// managing mounts the pages of Manage. The API decides what they can do.
func (c *Console) managing() {
	c.member("GET /manage", c.manage)
	c.member("GET /manage/people", c.managePeople)
	c.member("GET /manage/people/new", c.newPerson)
	c.member("POST /manage/people/new", c.savePerson)
	c.member("GET /manage/people/import", c.importForm)
	c.member("POST /manage/people/import", c.importPeople)
	c.member("GET /manage/people/{id}", c.editPerson)
	c.member("POST /manage/people/{id}", c.savePerson)
	c.member("POST /manage/people/{id}/status", c.setStatus)
	c.member("GET /manage/people/{id}/invite", c.inviteForm)
	c.member("POST /manage/people/{id}/invite", c.invite)
	c.member("POST /manage/people/{id}/factor", c.resetFactor)
	c.member("GET /manage/people/{id}/archive", c.archiveForm)
	c.member("POST /manage/people/{id}/archive", c.archive)
	c.member("GET /manage/people/{id}/access", c.accessPage)
	c.member("POST /manage/people/{id}/access", c.regenerate)
	c.member("POST /manage/people/{id}/tokens/{token}", c.revokeToken(func(v *visit) string { return at("manage", "people", v.r.PathValue("id"), "access") }))
	for _, k := range []placeKind{departmentsKind, locationsKind, groupsKind} {
		c.member("GET /manage/"+k.path, c.places(k))
		c.member("POST /manage/"+k.path, c.createPlace(k))
		c.member("GET /manage/"+k.path+"/{id}", c.placeForm(k))
		c.member("POST /manage/"+k.path+"/{id}", c.savePlace(k))
		c.member("POST /manage/"+k.path+"/{id}/members", c.changeMembers(k))
		c.member("POST /manage/"+k.path+"/{id}/delete", c.deletePlace(k))
	}
	c.member("GET /manage/categories", c.categories)
	c.member("POST /manage/categories", c.createCategory)
	c.member("POST /manage/categories/{id}/delete", c.deleteCategory)
	c.member("GET /manage/templates", c.templates)
	c.member("GET /manage/templates/new", c.templateForm)
	c.member("POST /manage/templates", c.saveTemplate)
	c.member("GET /manage/templates/{id}", c.templateForm)
	c.member("POST /manage/templates/{id}", c.saveTemplate)
	c.member("POST /manage/templates/{id}/delete", c.deleteTemplate)
	c.member("GET /manage/tiles", c.tiles)
	c.member("GET /manage/tiles/new", c.tileForm)
	c.member("POST /manage/tiles", c.saveTile)
	c.member("GET /manage/tiles/{id}", c.tileForm)
	c.member("POST /manage/tiles/{id}", c.saveTile)
	c.member("POST /manage/tiles/{id}/move", c.moveTile)
	c.member("POST /manage/tiles/{id}/delete", c.deleteTile)
	c.member("GET /manage/boarding", c.boardingPage)
	c.member("POST /manage/boarding", c.saveBoarding)
	c.member("GET /manage/webhooks", c.webhooks)
	c.member("POST /manage/webhooks", c.createWebhook)
	c.member("GET /manage/webhooks/{id}", c.webhook)
	c.member("POST /manage/webhooks/{id}", c.saveWebhook)
	c.member("POST /manage/webhooks/{id}/secret", c.rotateWebhook)
	c.member("POST /manage/webhooks/{id}/redeliver", c.redeliver)
	c.member("POST /manage/webhooks/{id}/delete", c.deleteWebhook)
	c.member("GET /manage/audit", c.audit)
	c.member("GET /manage/organization", c.organization)
	c.member("POST /manage/organization", c.saveOrganization)
}

var errNoPage = &problem{Status: http.StatusNotFound, Detail: "There is no page at this address."}

// open mounts a page for everybody.
func (c *Console) open(pattern string, h handler) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		v.finish(h(v))
	})
}

// member mounts a page for people who are signed in.
func (c *Console) member(pattern string, h handler) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		err := v.signIn()
		if fault.Is(err, fault.KindUnauthenticated) {
			c.toLogin(v)
			return
		}
		if err == nil {
			err = h(v)
		}
		v.finish(err)
	})
}

// finish says what went wrong, if something did.
func (v *visit) finish(err error) {
	if err == nil {
		return
	}
	var p *problem
	if !errors.As(err, &p) {
		p = problemOf(err)
	}
	if p.Status == http.StatusUnauthorized && v.who.UserID != "" { // the session ended between two calls
		v.c.toLogin(v)
		return
	}
	if p.Status >= http.StatusInternalServerError {
		v.c.d.Log.ErrorContext(v.ctx(), "a page failed", "path", v.r.Pattern, "error", err)
	}
	v.show(p.Status, problemPage(p))
}
