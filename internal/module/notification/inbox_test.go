package notification_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/module/notification"
)

// thing is what notices of these tests are about; "hidden" nobody sees.
func thing(id string) notification.Subject { return notification.Subject{Kind: "thing", ID: id} }

func TestAnInboxIsPagedMarkedReadAndItsOwnersAlone(t *testing.T) {
	each(t, func(r *rig) {
		var events []string
		r.bus.Subscribe([]string{"notification.*"}, func(e bus.Delivered) { events = append(events, e.Name+" "+string(e.Data)) })
		for i := range 5 {
			r.clock.Advance(time.Second)
			r.notify(notification.Notice{Kind: notification.Reminder, Title: fmt.Sprint("n", i), UserIDs: []string{r.ann.UserID, r.ann.UserID}})
		}
		var got []string
		next := ""
		for range 4 {
			page := r.call(r.ann, "GET", "/api/notifications?per_page=2&cursor="+url.QueryEscape(next), "").want(200)
			for _, e := range page.objects("notifications") {
				got = append(got, e.str("title"))
			}
			meta, _ := page.body["meta"].(map[string]any)
			if next, _ = meta["nextCursor"].(string); next == "" {
				break
			}
		}
		if !slices.Equal(got, []string{"n4", "n3", "n2", "n1", "n0"}) {
			r.Errorf("inbox %v", got)
		}
		first := r.call(r.ann, "GET", "/api/notifications", "").want(200).objects("notifications")[0]
		for _, wrong := range []string{`{}`, `{"ids":["` + first.str("id") + `"],"until":"2026-11-24T09:00:00Z"}`} {
			r.call(r.ann, "PUT", "/api/notifications/read", wrong).want(400)
		}
		r.call(r.bob, "PUT", "/api/notifications/read", `{"ids":["`+first.str("id")+`"]}`).want(400, "/ids/0", "notification.unknown")
		if a := r.call(r.ann, "PUT", "/api/notifications/read", `{"ids":["`+first.str("id")+`"]}`).want(200); a.num("changed") != 1 || a.num("unreadCount") != 4 {
			r.Errorf("read %s", a.raw)
		}
		until := r.clock.Now().Add(-2 * time.Second).Format(time.RFC3339)
		if a := r.call(r.ann, "PUT", "/api/notifications/read", `{"until":"`+until+`"}`).want(200); a.num("changed") != 3 || a.num("unreadCount") != 1 {
			r.Errorf("read %s", a.raw)
		}
		if got := r.inbox(r.ann, "?unread=true"); !slices.Equal(got, []string{"n3"}) {
			r.Errorf("unread %v", got)
		}
		if got := r.inbox(r.bob, ""); len(got) != 0 {
			r.Errorf("bob finds %v", got)
		}
		if last := events[len(events)-1]; len(events) != 7 || last != `notification.read {"userIds":["`+r.ann.UserID+`"]}` {
			r.Errorf("events %q", events)
		}
	})
}

func TestOneKeyTellsOnceAndBurstsArePushedOnce(t *testing.T) {
	each(t, func(r *rig) {
		r.register(r.ann.UserID)
		mention := notification.Notice{Kind: notification.Mention, ActorID: r.bob.UserID, UserIDs: []string{r.ann.UserID, r.bob.UserID}, Subject: thing("1"), Key: "a"}
		for range 3 {
			r.notify(mention)
		}
		for _, key := range []string{"b", "c"} {
			mention.Key = key
			r.notify(mention)
		}
		r.work()
		if got := r.inbox(r.ann, ""); !slices.Equal(got, []string{"Bob Example mentioned you in something (3 times)"}) {
			r.Errorf("inbox %v", got)
		}
		if n := len(r.push.Pushes()); n != 1 {
			r.Errorf("%d pushes", n)
		}
		r.clock.Advance(11 * time.Minute)
		mention.Key = "d"
		r.notify(mention)
		r.work()
		if n := len(r.push.Pushes()); n != 2 {
			r.Errorf("%d pushes after a while", n)
		}
		if got := r.inbox(r.bob, ""); len(got) != 0 {
			r.Errorf("bob is told of his own act: %v", got)
		}
		mention.Subject, mention.Key = thing("hidden"), "e"
		r.notify(mention)
		r.work()
		if n, got := len(r.push.Pushes()), r.inbox(r.ann, ""); n != 2 || len(got) != 1 {
			r.Errorf("told of what nobody sees: %d pushes, %v", n, got)
		}
	})
}

func TestPreferencesAreKept(t *testing.T) {
	each(t, func(r *rig) {
		for body, pointers := range map[string][]string{
			`{"kinds":{"gossip":{"email":true}}}`:             {"/kinds"},
			`{"quietHours":{"from":"25:00","to":"7:00"}}`:     {"/quietHours/from", "/quietHours/to"},
			`{"quietHours":{"from":"07:00","to":"07:00"}}`:    {"/quietHours/to"},
			`{"digest":{"at":"noon"},"kinds":{"mention":7}}`:  {"/kinds/mention"},
			`{"digest":{"at":"noon"},"kinds":{"mention":{}}}`: {"/digest/at"},
		} {
			r.call(r.ann, "PUT", "/api/notifications/preferences", body).want(400, pointers...)
		}
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{"kinds":{"announcement":{"email":false},"mention":{"inApp":false,"push":false}}}`).want(200)
		id := r.send(fmt.Sprintf(`{"title":"a","medium":"EMAIL","receiverUserIds":%q}`, r.ann.UserID))
		r.notify(notification.Notice{Kind: notification.Mention, UserIDs: []string{r.ann.UserID}, Subject: thing("1")})
		r.work()
		if got := r.states(id); !slices.Equal(got, []string{"EMAIL suppressed receiver.notWanted 0"}) || len(r.smtp.Messages()) != 0 {
			r.Errorf("deliveries %v", got)
		}
		if got := r.inbox(r.ann, ""); len(got) != 0 {
			r.Errorf("inbox %v", got)
		}
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{}`).want(200)
		id = r.send(fmt.Sprintf(`{"title":"a","medium":"EMAIL","receiverUserIds":%q}`, r.ann.UserID))
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{"kinds":{"announcement":{"email":false}}}`).want(200)
		r.work()
		if got := r.states(id); !slices.Equal(got, []string{"EMAIL suppressed receiver.notWanted 1"}) {
			r.Errorf("turned off while it waited: %v", got)
		}
	})
}

func TestQuietHoursLetMessagesWaitInThePersonsTimeZone(t *testing.T) {
	each(t, func(r *rig) {
		r.Exec(r.T, `UPDATE users SET time_zone = 'Asia/Tokyo' WHERE org_id = ? AND id = ?`, r.ID, r.ann.UserID) // 18:00 there
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{"quietHours":{"from":"17:30","to":"07:00"}}`).want(200, "Asia/Tokyo")
		calm := r.send(fmt.Sprintf(`{"title":"calm","medium":"EMAIL","receiverUserIds":%q}`, r.ann.UserID))
		urgent := r.send(fmt.Sprintf(`{"title":"urgent","urgent":true,"medium":"EMAIL","receiverUserIds":%q}`, r.ann.UserID))
		inbox := r.send(fmt.Sprintf(`{"title":"inbox","medium":"INAPP","receiverUserIds":%q}`, r.ann.UserID))
		r.work()
		waits := r.call(r.admin, "GET", "/api/notifications/"+calm+"/deliveries", "").want(200).objects("deliveries")[0]
		if waits.str("state") != "queued" || waits.str("code") != "receiver.quietHours" || waits.str("nextAt") != "2026-11-24T22:00:00.000Z" {
			r.Errorf("it waits: %s", waits.raw)
		}
		if got := append(r.states(urgent), r.states(inbox)...); !slices.Equal(got, []string{"EMAIL delivered  1", "INAPP delivered  0"}) {
			r.Errorf("deliveries %v", got)
		}
		r.notify(notification.Notice{Kind: notification.Task, UserIDs: []string{r.ann.UserID}, Subject: thing("1")})
		r.work()
		r.call(r.ann, "PUT", "/api/notifications/read", `{"until":"2027-01-01T00:00:00Z"}`).want(200)
		r.clock.Advance(13*time.Hour + time.Minute)
		r.work()
		if got := r.states(calm); !slices.Equal(got, []string{"EMAIL delivered  1"}) || len(r.smtp.Messages()) != 2 {
			r.Errorf("in the morning: %v, %d mails", got, len(r.smtp.Messages()))
		}
		if n := r.count(`SELECT COUNT(*) FROM notification_deliveries WHERE code = 'receiver.alreadyRead'`); n != 1 {
			r.Errorf("%d that were read meanwhile", n)
		}
	})
}

func TestADailySummarySaysWhatIsUnreadAndEndsWithOneClick(t *testing.T) {
	each(t, func(r *rig) {
		r.Exec(r.T, `UPDATE users SET time_zone = 'Europe/Berlin', language = 'de' WHERE org_id = ? AND id = ?`, r.ID, r.ann.UserID) // 10:00 there
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{"digest":{"at":"08:00"}}`).want(200)
		r.notify(notification.Notice{Kind: notification.Mention, ActorID: r.bob.UserID, UserIDs: []string{r.ann.UserID}, Subject: thing("1")})
		r.notify(notification.Notice{Kind: notification.Mention, ActorID: r.bob.UserID, UserIDs: []string{r.ann.UserID}, Subject: thing("hidden")})
		r.work()
		r.clock.Advance(21 * time.Hour) // 07:00
		r.work()
		if n := len(r.smtp.Messages()); n != 0 {
			r.Errorf("%d mails before its time", n)
		}
		r.clock.Advance(time.Hour)
		r.work()
		r.work()
		messages := r.smtp.Messages()
		if len(messages) != 1 {
			r.Fatalf("%d mails", len(messages))
		}
		header := strings.Join(messages[0].Header(), "\n")
		if !strings.Contains(header, "Subject: 1 ungelesene Benachrichtigungen") || !strings.Contains(header, "List-Unsubscribe-Post: List-Unsubscribe=One-Click") {
			r.Errorf("header %s", header)
		}
		link := regexp.MustCompile(`List-Unsubscribe: <https://workdrive.quarry.example([^>]+)>`).FindStringSubmatch(header)
		if link == nil {
			r.Fatalf("no link in %s", header)
		}
		ask := func(method, target string) (int, string) {
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(method, target, strings.NewReader("List-Unsubscribe=One-Click"))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.handler.ServeHTTP(rec, req)
			return rec.Code, rec.Body.String()
		}
		if code, page := ask("GET", link[1]); code != http.StatusOK || !strings.Contains(page, "<form method=\"post\">") || !strings.Contains(page, `lang="de"`) {
			r.Errorf("the page: %d %s", code, page)
		}
		digest := func() bool { return r.call(r.ann, "GET", "/api/notifications/preferences", "").body["digest"] != nil }
		if !digest() {
			r.Error("looking ended it")
		}
		if code, _ := ask("POST", strings.Replace(link[1], r.ann.UserID, r.bob.UserID, 1)); code != http.StatusForbidden {
			r.Errorf("another's address: %d", code)
		}
		for range 2 {
			if code, _ := ask("POST", link[1]); code != http.StatusOK || digest() {
				r.Errorf("%d, digest %v", code, digest())
			}
		}
		r.clock.Advance(48 * time.Hour)
		r.work()
		if n := len(r.smtp.Messages()); n != 1 {
			r.Errorf("%d mails", n)
		}
	})
}

func TestNothingUnreadIsNoSummaryAndAZoneMovesIt(t *testing.T) {
	each(t, func(r *rig) {
		r.call(r.ann, "PUT", "/api/notifications/preferences", `{"digest":{"at":"08:00"}}`).want(200)
		at := func() int {
			return r.count(`SELECT digest_at FROM notification_preferences WHERE user_id = ?`, r.ann.UserID)
		}
		before := at()
		r.Exec(r.T, `UPDATE users SET time_zone = 'America/New_York' WHERE org_id = ? AND id = ?`, r.ID, r.ann.UserID)
		r.changed(r.ann)
		if after := at(); after != int(time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC).UnixMilli()) || before == after {
			r.Errorf("due at %d, was %d", after, before)
		}
		r.clock.Advance(24 * time.Hour)
		r.work()
		if n := r.count(`SELECT COUNT(*) FROM notification_deliveries WHERE code = 'receiver.nothingUnread'`); n != 1 || len(r.smtp.Messages()) != 0 {
			r.Errorf("%d without anything, %d mails", n, len(r.smtp.Messages()))
		}
	})
}

func TestOldThingsAreForgotten(t *testing.T) {
	each(t, func(r *rig) {
		r.register(r.bob.UserID)
		r.send(fmt.Sprintf(`{"title":"a","medium":"INAPP","receiverUserIds":%q}`, r.ann.UserID))
		r.notify(notification.Notice{Kind: notification.Mention, UserIDs: []string{r.ann.UserID}, Subject: thing("1"), Key: "k"})
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, r.ID, r.bob.UserID)
		left := func() (list []int) {
			if err := r.service.Tidy(r.Context()); err != nil {
				r.Fatal(err)
			}
			for _, table := range []string{"notifications", "notification_deliveries", "notification_inbox", "notification_told", "notification_devices"} {
				list = append(list, r.count(`SELECT COUNT(*) FROM `+table))
			}
			return list
		}
		if got := left(); !slices.Equal(got, []int{2, 1, 2, 1, 0}) {
			r.Errorf("left %v", got)
		}
		r.clock.Advance(notification.ReportsKept + time.Hour)
		if got := left(); !slices.Equal(got, []int{2, 0, 2, 1, 0}) {
			r.Errorf("left after a month %v", got)
		}
		r.clock.Advance(notification.Kept)
		if got := left(); !slices.Equal(got, []int{0, 0, 0, 0, 0}) {
			r.Errorf("left in the end %v", got)
		}
	})
}
