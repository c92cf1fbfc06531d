package event_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

func TestAnswersToOccurrencesAndToAll(t *testing.T) {
	each(t, func(r *rig) {
		days := r.daily("2027-01-12")
		at := func(i int) string { return "/api/events/" + days[i].str("id") }
		going := func() (list []int) {
			for _, e := range r.call(r.cid, "GET", "/api/events?"+january, "").want(200).objects("events") {
				list = append(list, e.num("going"))
			}
			return list
		}
		want := func(counts ...int) {
			t.Helper()
			if got := going(); !slices.Equal(got, counts) {
				t.Errorf("going %v, want %v", got, counts)
			}
		}
		respond := func(who authz.Actor, i int, scope, what string) answer {
			t.Helper()
			return r.call(who, "PUT", at(i)+"/rsvp?repeat="+scope, `{"rsvp":`+what+`}`).want(200)
		}
		if got := respond(r.bob, 0, "all", `"GOING"`); got.str("myRsvp") != "GOING" {
			t.Errorf("answered %s", got.raw)
		}
		respond(r.bob, 1, "this", `"NOT_GOING"`)
		respond(r.ann, 1, "this", `"GOING"`)
		want(1, 1, 1)
		r.lists(r.bob, january+"&onlyGoing=true", "2027-01-10T09:00", "2027-01-12T09:00")
		r.lists(r.ann, january+"&onlyGoing=true", "2027-01-11T09:00")
		r.lists(r.cid, january+"&onlyGoing=true")
		respond(r.bob, 1, "this", `null`) // what they said of all counts again
		want(1, 2, 1)
		r.call(r.ann, "PATCH", at(1)+"?repeat=following", `{"title":"second"}`).want(200)
		want(1, 2, 1)
		respond(r.bob, 1, "all", `"MAYBE"`)
		want(1, 1, 0)
		r.call(r.ann, "PATCH", at(0)+"?repeat=all", series("daily", "2027-01-10T10:00:00Z", "60", "daily", "2027-01-11")).want(200)
		want(1, 1, 1, 0) // a new occurrence of the first series has those who come to all
		r.call(r.bob, "PUT", at(0)+"/rsvp", `{"rsvp":"PERHAPS"}`).want(400)

		a := r.call(r.cid, "GET", at(1)+"/attendees", "").want(200)
		if list := a.objects("attendees"); len(list) != 2 || a.object("meta").num("totalResults") != 2 {
			t.Errorf("attendees %s", a.raw)
		}
		first := r.call(r.cid, "GET", at(1)+"/attendees?per_page=1", "").want(200)
		second := r.call(r.cid, "GET", at(1)+"/attendees?per_page=1&cursor="+first.object("meta").str("nextCursor"), "").want(200)
		if x, y := first.objects("attendees"), second.objects("attendees"); len(x) != 1 || len(y) != 1 || x[0].str("id") == y[0].str("id") {
			t.Errorf("pages %s %s", first.raw, second.raw)
		}
	})
}

func TestCheckIn(t *testing.T) {
	each(t, func(r *rig) {
		start := r.clock.Now().Add(2 * time.Hour).Truncate(time.Minute)
		one := "/api/events/" + r.make(r.ann, `{"title":"x","startDateTime":"`+start.Format(time.RFC3339)+`","duration":60}`).str("id")
		r.call(r.bob, "POST", one+"/checkin", "").want(409, "event.notNow")
		r.clock.Advance(time.Hour)
		first := r.call(r.bob, "POST", one+"/checkin", "").want(200).str("myCheckin")
		r.clock.Advance(time.Minute)
		if again := r.call(r.bob, "POST", one+"/checkin", "").want(200).str("myCheckin"); again != first || first == "" {
			t.Errorf("%s, then %s", first, again)
		}
		r.clock.Advance(3 * time.Hour)
		r.call(r.cid, "POST", one+"/checkin", "").want(409, "event.notNow")
		r.lists(r.cid, "onlyPast=true", start.Format("2006-01-02T15:04"))
		r.lists(r.cid, "fromDate="+r.clock.Now().Format(time.RFC3339))
	})
}

func TestWhatIsOnNow(t *testing.T) {
	each(t, func(r *rig) {
		now := r.clock.Now().Truncate(time.Minute)
		at := func(by time.Duration) string { return now.Add(by).Format(time.RFC3339) }
		for _, by := range []time.Duration{-48 * time.Hour, -time.Hour, 48 * time.Hour} {
			r.make(r.ann, `{"title":"x","startDateTime":"`+at(by)+`","duration":120}`)
		}
		short := func(by time.Duration) string { return now.Add(by).Format("2006-01-02T15:04") }
		r.lists(r.bob, "include_happening_now=true", short(-time.Hour))
		r.lists(r.bob, "onlyPast=true", short(-48*time.Hour))
		r.lists(r.bob, "onlyPast=true&include_happening_now=true", short(-time.Hour), short(-48*time.Hour))
		r.lists(r.bob, "fromDate="+at(24*time.Hour)+"&include_happening_now=true", short(-time.Hour), short(48*time.Hour))
		r.lists(r.bob, "", short(48*time.Hour), short(-time.Hour), short(-48*time.Hour))
		r.lists(r.bob, "time="+at(-24*time.Hour))                                                            // none was made by then
		r.lists(r.bob, "time="+at(-24*time.Hour)+"&fromDate="+at(0), short(-time.Hour), short(48*time.Hour)) // ignored beside a window
	})
}

func TestTypesAndCategories(t *testing.T) {
	each(t, func(r *rig) {
		for code, name := range map[string]string{"2": "Shows", "3": "Parties"} {
			r.Exec(t, `INSERT INTO categories (org_id, id, module_code, name, name_key, color, created_at, updated_at, created_by, updated_by)
				VALUES (?, ?, ?, ?, ?, '#000000', 0, 0, ?, ?)`, r.ID, "of "+name, int(code[0]-'0'), name, strings.ToLower(name), r.ann.UserID, r.ann.UserID)
		}
		r.make(r.ann, `{"title":"a","type":"LIVESTREAM","category":"Shows","startDateTime":"2027-01-10T09:00:00Z","duration":5}`)
		r.make(r.ann, `{"title":"b","type":3,"category":"Shows","startDateTime":"2027-01-11T09:00:00Z","duration":5}`)
		r.make(r.ann, `{"title":"c","category":"parties","startDateTime":"2027-01-12T09:00:00Z","duration":5}`)
		r.lists(r.bob, january+"&category=Shows", "2027-01-10T09:00", "2027-01-11T09:00")
		r.lists(r.bob, january+"&category=Parties", "2027-01-12T09:00")
		r.lists(r.bob, january+"&category=Nothing")
		r.lists(r.bob, january+"&filter=LIVESTREAM", "2027-01-10T09:00")
		r.Exec(t, `INSERT INTO categories (org_id, id, module_code, name, name_key, color, created_at, updated_at, created_by, updated_by)
			VALUES (?, 'both', 3, 'Shows', 'shows', '#000000', 0, 0, ?, ?)`, r.ID, r.ann.UserID, r.ann.UserID)
		r.call(r.ann, "POST", "/api/events", `{"title":"d","type":2,"category":"shows","startDateTime":"2027-03-10T09:00:00Z","duration":5}`).want(201)
		r.call(r.ann, "POST", "/api/events", `{"title":"e","category":"shows","startDateTime":"2027-03-11T09:00:00Z","duration":5}`).want(201)
		if n := r.count(`SELECT COUNT(*) FROM events WHERE category_id = 'of Shows'`); n != 3 { // of livestreams first
			t.Errorf("%d", n)
		}
		r.lists(r.bob, january+"&filter=COURSE")
	})
}

func TestCallsAreJoinedWithATokenForOnePerson(t *testing.T) {
	each(t, func(r *rig) {
		start := r.clock.Now().Add(time.Hour).Truncate(time.Minute)
		body := `"startDateTime":"` + start.Format(time.RFC3339) + `","duration":60`
		live := "/api/events/" + r.make(r.ann, `{"title":"live","type":"LIVESTREAM",`+body+`}`).str("id")
		linked := "/api/events/" + r.make(r.ann, `{"title":"link","conferenceLink":"https://meet.example/1",`+body+`}`).str("id")
		plain := "/api/events/" + r.make(r.ann, `{"title":"plain",`+body+`}`).str("id")
		r.call(r.bob, "POST", live+"/join", "").want(409, "event.notNow")
		r.clock.Advance(50 * time.Minute)
		r.call(r.bob, "POST", plain+"/join", "").want(409, "event.noCall")
		if got := r.call(r.bob, "POST", linked+"/join", "").want(200); got.str("url") != "https://meet.example/1" || got.body["token"] != nil {
			t.Errorf("link %s", got.raw)
		}
		for who, speaks := range map[string]bool{r.ann.UserID: true, r.bob.UserID: false} {
			got := r.call(r.actors[who], "POST", live+"/join", "").want(200)
			parts := strings.Split(got.str("token"), ".")
			mac := hmac.New(sha256.New, []byte("a secret of at least 32 characters"))
			mac.Write([]byte(parts[0] + "." + parts[1]))
			if parts[2] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) || got.str("url") != "wss://calls.example" {
				t.Fatalf("signature of %s", got.raw)
			}
			raw, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				Iss, Sub string
				Exp      int64
				Video    struct {
					Room                 string
					RoomJoin, CanPublish bool
				}
			}
			if err := json.Unmarshal(raw, &c); err != nil || c.Iss != "key" || c.Sub != who || !c.Video.RoomJoin || c.Video.CanPublish != speaks || c.Video.Room == "" ||
				c.Exp != start.Add(75*time.Minute).Unix() {
				t.Errorf("claims %s %v", raw, err)
			}
		}
		call := r.call(r.cid, "GET", live, "").want(200).object("livestream")
		if call.num("totalParticipants") != 2 || call.str("startedAt") == "" || len(call.objects("participants")) != 2 || call.body["token"] != nil {
			t.Errorf("call %s", call.raw)
		}
	})
}
