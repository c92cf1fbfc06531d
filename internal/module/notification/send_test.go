package notification_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/module/notification"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/pushsink"
	"github.com/workdrive/workdrive/internal/testkit/smtpsink"
)

func TestMailGoesToAddressesAndPeopleOnce(t *testing.T) {
	each(t, func(r *rig) {
		annMail := r.call(r.ann, "GET", "/api/notifications/preferences", "").want(200).str("timeZone") // UTC unless set
		if annMail != "UTC" {
			r.Errorf("time zone %q", annMail)
		}
		var theirs string
		if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT email FROM users WHERE org_id = ? AND id = ?`, r.ID, r.ann.UserID).Scan(&theirs); err != nil {
			r.Fatal(err)
		}
		sent := r.call(r.admin, "POST", "/api/notifications/send", fmt.Sprintf(
			`{"title":"Town hall","description":"At ten.\n\nBring a chair.","medium":"EMAIL","emails":["Abc@Domain.example","abc@domain.example",%q],"receiverUserIds":[%q,%[2]q],"link":"https://quarry.example/hall"}`,
			strings.ToUpper(theirs), r.ann.UserID)).want(202)
		if sent.num("accepted") != 2 || sent.str("medium") != "EMAIL" || sent.header.Get("Location") != "/api/notifications/"+sent.str("id")+"/deliveries" {
			r.Errorf("answer %s", sent.raw)
		}
		if got := r.states(sent.str("id")); !slices.Equal(got, []string{"EMAIL queued  0", "EMAIL queued  0"}) {
			r.Errorf("deliveries %q", got)
		}
		r.work()
		r.work()
		if got := r.states(sent.str("id")); !slices.Equal(got, []string{"EMAIL delivered  1", "EMAIL delivered  1"}) {
			r.Errorf("deliveries %q", got)
		}
		var to []string
		for _, m := range r.smtp.Messages() {
			to = append(to, m.To...)
			header := strings.Join(m.Header(), "\n")
			if !strings.Contains(header, "Subject: Town hall") || !strings.Contains(string(m.Data), "https://quarry.example/hall") || strings.Contains(header, "List-Unsubscribe") {
				r.Errorf("mail %s", m.Data)
			}
		}
		slices.Sort(to)
		if !slices.Equal(to, []string{"abc@domain.example", theirs}) {
			r.Errorf("sent to %v", to)
		}
	})
}

func TestThePrintedGetSendsAndIsNotStored(t *testing.T) {
	each(t, func(r *rig) {
		body := fmt.Sprintf(`{"title":"a","medium":"INAPP","recieverUserIds":%q}`, r.ann.UserID)
		for _, target := range []string{"GET /api/notifications/send", "POST /api/notifications"} {
			method, path, _ := strings.Cut(target, " ")
			got := r.call(r.admin, method, path, body).want(202)
			if method == "GET" && got.header.Get("Cache-Control") != "no-store" {
				r.Errorf("%s: Cache-Control %q", target, got.header.Get("Cache-Control"))
			}
		}
		r.call(r.admin, "GET", "/api/notifications/send", "").want(400, "/title", "/medium")
		r.call(r.ann, "GET", "/api/notifications/send", "").want(403)
		if got := r.inbox(r.ann, ""); len(got) != 2 {
			r.Errorf("inbox %v", got)
		}
	})
}

func TestOnlyWhoMaySendsAndReadsWhatBecameOfIt(t *testing.T) {
	each(t, func(r *rig) {
		body := fmt.Sprintf(`{"title":"a","medium":"INAPP","receiverUserIds":[%q]}`, r.ann.UserID)
		id := r.send(body)
		r.call(r.ann, "POST", "/api/notifications/send", body).want(403)
		r.call(r.ann, "GET", "/api/notifications/"+id+"/deliveries", "").want(403)
		elsewhere := r.as(cast.NewOrg(r.T, r.db).Administrator(r.T, "eve"))
		r.call(elsewhere, "GET", "/api/notifications/"+id+"/deliveries", "").want(404)
		r.call(elsewhere, "POST", "/api/notifications/send", body).want(400, "/receiverUserIds/0", "user.unknown")
		r.notify(notification.Notice{Kind: notification.Reminder, Title: "yours", UserIDs: []string{r.ann.UserID}})
		var own string
		if err := r.db.Reader(r.Context()).QueryRow(r.Context(), `SELECT id FROM notifications WHERE org_id = ? AND title = 'yours'`, r.ID).Scan(&own); err != nil {
			r.Fatal(err)
		}
		r.call(r.admin, "GET", "/api/notifications/"+own+"/deliveries", "").want(404)
	})
}

func TestBadSendsAreNamedAndSendNothing(t *testing.T) {
	each(t, func(r *rig) {
		gone := r.Person(r.T, "gil").UserID
		r.Exec(r.T, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, r.ID, gone)
		for body, pointers := range map[string][]string{
			`{}`:                             {"/title", "/medium"},
			`{"title":" ","medium":"INAPP"}`: {"/title", "/receiverUserIds"},
			`{"title":"a","medium":"FAX","receiverUserIds":["` + r.ann.UserID + `"]}`:                      {"/medium"},
			`{"title":"a","medium":"EMAIL"}`:                                                               {"/emails"},
			`{"title":"a","medium":"EMAIL","emails":["a@b.example","nobody","x@y.example\r\nBcc: z@z.z"]}`: {"/emails/1", "/emails/2"},
			`{"title":"a","medium":"SMS","emails":["a@b.example"],"receiverUserIds":["x","` + gone + `"]}`: {"/emails", "/receiverUserIds/0", "/receiverUserIds/1"},
			`{"title":"` + strings.Repeat("é", 201) + `","medium":"EMAIL","emails":"a@b.example"}`:         {"/title"},
			`{"title":"a\u0007","medium":"EMAIL","emails":"a@b.example","link":"javascript:alert(1)"}`:     {"/title", "/link"},
		} {
			r.call(r.admin, "POST", "/api/notifications/send", body).want(400, pointers...)
		}
		if n := r.count(`SELECT COUNT(*) FROM notifications`); n != 0 {
			r.Errorf("%d notifications", n)
		}
	})
}

func TestNothingInATitleAddsAHeader(t *testing.T) {
	each(t, func(r *rig) {
		r.send(`{"title":"a\r\nBcc: victim@x.example\r\n\r\nbody","description":"b\r\n.\r\nMAIL FROM:<x@x.example>","medium":"EMAIL","emails":"a@b.example"}`)
		r.work()
		messages := r.smtp.Messages()
		if len(messages) != 1 || len(messages[0].To) != 1 {
			r.Fatalf("%d messages: %+v", len(messages), messages)
		}
		for _, line := range messages[0].Header() {
			if strings.HasPrefix(strings.ToLower(line), "bcc") {
				r.Errorf("header %q", line)
			}
		}
	})
}

// register gives somebody a browser, and the browser.
func (r *rig) register(who string) (pushsink.Browser, string) {
	r.Helper()
	b := pushsink.NewBrowser(r.T)
	sub := b.Subscription(r.push.URL + "/" + who + fmt.Sprint(len(r.push.Pushes())))
	body := fmt.Sprintf(`{"name":"Laptop","endpoint":%q,"keys":{"p256dh":%q,"auth":%q}}`, sub.Endpoint, sub.P256dh, sub.Auth)
	got := r.call(r.actors[who], "POST", "/api/notifications/devices", body).want(201)
	if strings.Contains(got.raw, sub.Auth) || strings.Contains(got.raw, sub.Endpoint) {
		r.Errorf("secrets of the subscription: %s", got.raw)
	}
	if again := r.call(r.actors[who], "POST", "/api/notifications/devices", body).want(201); again.str("id") != got.str("id") {
		r.Errorf("registered again as %s, was %s", again.str("id"), got.str("id"))
	}
	return b, got.str("id")
}

func TestPushesAreReadByTheBrowserAloneAndGoneOnesForgotten(t *testing.T) {
	each(t, func(r *rig) {
		key := r.call(r.ann, "GET", "/api/notifications/push-key", "").want(200)
		b, device := r.register(r.ann.UserID)
		r.call(r.bob, "DELETE", "/api/notifications/devices/"+device, "").want(404)
		id := r.send(fmt.Sprintf(`{"title":"Fire drill","description":"Leave.","medium":"PUSH","receiverUserIds":[%q,%q]}`, r.ann.UserID, r.bob.UserID))
		r.work()
		if got := r.states(id); !slices.Contains(got, "PUSH delivered  1") || !slices.Contains(got, "PUSH suppressed receiver.noDevice 0") {
			r.Errorf("deliveries %q", got)
		}
		pushes := r.push.Pushes()
		if len(pushes) != 1 {
			r.Fatalf("%d pushes", len(pushes))
		}
		text, err := b.Decrypt(pushes[0].Body)
		var payload map[string]any
		if err != nil || json.Unmarshal(text, &payload) != nil || payload["title"] != "Fire drill" || payload["body"] != "Leave." {
			r.Errorf("the browser reads %s, %v", text, err)
		}
		if _, public, err := pushsink.Verify(pushes[0].Header.Get("Authorization")); err != nil || public != key.str("publicKey") {
			r.Errorf("signed by %s, %v; browsers subscribe to %s", public, err, key.str("publicKey"))
		}
		r.answers.set(nil, 410)
		id = r.send(fmt.Sprintf(`{"title":"Again","medium":"PUSH","receiverUserIds":%q}`, r.ann.UserID))
		r.work()
		if got := r.states(id); !slices.Equal(got, []string{"PUSH failed push.gone 1"}) {
			r.Errorf("deliveries %q", got)
		}
		if list := r.call(r.ann, "GET", "/api/notifications/devices", "").want(200).objects("devices"); len(list) != 0 {
			r.Errorf("devices %v", list)
		}
		r.start(r.deps) // the keys outlive the process
		if again := r.call(r.ann, "GET", "/api/notifications/push-key", "").want(200); again.raw != key.raw {
			r.Errorf("the key is %s, was %s", again.raw, key.raw)
		}
	})
}

func TestShortMessagesAreSignedAndNeedAPhone(t *testing.T) {
	each(t, func(r *rig) {
		r.Exec(r.T, `UPDATE users SET phone = '01511 2345678' WHERE org_id = ? AND id = ?`, r.ID, r.ann.UserID)
		id := r.send(fmt.Sprintf(`{"title":"Fire drill","description":"Leave.","medium":"SMS","receiverUserIds":[%q,%q]}`, r.ann.UserID, r.bob.UserID))
		r.work()
		if got := r.states(id); !slices.Contains(got, "SMS delivered  1") || !slices.Contains(got, "SMS suppressed receiver.noPhone 1") {
			r.Errorf("deliveries %q", got)
		}
		if sent := r.gateway.sent(); len(sent) != 1 || sent[0]["to"] != "+4915112345678" || sent[0]["text"] != "Fire drill\nLeave." {
			r.Errorf("messages %v", sent)
		}
	})
}

func TestWhatFailsIsTriedAgainAndGivenUpWithItsReason(t *testing.T) {
	each(t, func(r *rig) {
		r.answers.set(smtpsink.Answer(451, "4.7.1 come back later"), 201)
		id := r.send(`{"title":"a","medium":"EMAIL","emails":"a@b.example"}`)
		r.work()
		first := r.call(r.admin, "GET", "/api/notifications/"+id+"/deliveries", "").want(200).objects("deliveries")[0]
		next, err := time.Parse(time.RFC3339, first.str("nextAt"))
		if wait := next.Sub(r.clock.Now()); err != nil || first.str("state") != "queued" || first.str("reason") == "" || wait < 24*time.Second || wait > 36*time.Second {
			r.Errorf("after the first attempt: %s", first.raw)
		}
		r.work()
		if got := r.states(id); !strings.HasSuffix(got[0], " 1") {
			r.Errorf("tried again at once: %v", got)
		}
		r.clock.Advance(time.Minute)
		r.answers.set(nil, 201)
		r.work()
		if got := r.states(id); !slices.Equal(got, []string{"EMAIL delivered  2"}) {
			r.Errorf("deliveries %v", got)
		}
		r.answers.set(smtpsink.Answer(550, "5.1.1 nobody here"), 201)
		refused := r.send(`{"title":"a","medium":"EMAIL","emails":"a@b.example"}`)
		r.work()
		if got := r.states(refused); len(got) != 1 || !strings.HasPrefix(got[0], "EMAIL failed mail.") {
			r.Errorf("deliveries %v", got)
		}
		r.answers.set(smtpsink.Answer(451, "4.7.1 never"), 201)
		dead := r.send(`{"title":"a","medium":"EMAIL","emails":"a@b.example"}`)
		for range 20 {
			r.work()
			r.clock.Advance(8 * time.Hour)
		}
		if got := r.states(dead); len(got) != 1 || !strings.HasPrefix(got[0], "EMAIL failed mail.") || !strings.HasSuffix(got[0], " 12") {
			r.Errorf("deliveries %v", got)
		}
	})
}

func TestChannelsThatAreNotSetUpSayso(t *testing.T) {
	each(t, func(r *rig) {
		d := r.deps
		d.Mail, d.SMS, d.Push = nil, nil, nil
		r.start(d)
		r.register(r.ann.UserID)
		for _, medium := range []string{"EMAIL", "SMS", "PUSH"} {
			id := r.send(fmt.Sprintf(`{"title":"a","medium":%q,"receiverUserIds":%q}`, medium, r.ann.UserID))
			r.work()
			if got := r.states(id); !slices.Equal(got, []string{medium + " suppressed channel.off 1"}) {
				r.Errorf("deliveries %v", got)
			}
		}
	})
}

func TestManyAreToldInBatches(t *testing.T) {
	each(t, func(r *rig) {
		const n = 2500
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("019b7a2e-5c1f-7d30-9b51-%012d", i)
		}
		list, err := json.Marshal(ids)
		if err != nil {
			r.Fatal(err)
		}
		r.people(ids)
		body := `{"title":"Everybody","medium":"INAPP","receiverUserIds":` + string(list) + `}`
		sent := r.call(r.admin, "POST", "/api/notifications/send", body).want(202)
		if sent.num("accepted") != n {
			r.Errorf("accepted %d", sent.num("accepted"))
		}
		told := map[string]int{}
		r.bus.Subscribe([]string{"notification.created"}, func(e bus.Delivered) {
			var data struct{ UserIDs []string }
			if err := json.Unmarshal(e.Data, &data); err != nil || e.Subject != sent.str("id") {
				r.Errorf("%s: %v", e.Data, err)
			}
			for _, id := range data.UserIDs {
				told[id]++
			}
		})
		r.work()
		if got := r.count(`SELECT COUNT(*) FROM notification_inbox WHERE org_id = ?`, r.ID); got != n || len(told) != n {
			r.Errorf("%d inboxes, %d told", got, len(told))
		}
		states, _ := r.call(r.admin, "GET", "/api/notifications/"+sent.str("id")+"/deliveries?per_page=1", "").want(200).body["states"].(map[string]any)
		if states["delivered"] != float64(n) {
			r.Errorf("states %v", states)
		}
		if left := r.count(`SELECT COUNT(*) FROM notification_batches`); left != 0 {
			r.Errorf("%d batches are left", left)
		}
	})
}
