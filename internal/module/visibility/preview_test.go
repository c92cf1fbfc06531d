package visibility_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

func TestPreviewSaysWhoWouldSeeAnItemAndWhatIsSurprising(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		fay, gil := s.org.Person(t, "fay"), s.org.Person(t, "gil")
		s.org.Exec(t, `UPDATE users SET status = 'BLOCKED' WHERE org_id = ? AND id = ?`, s.org.ID, gil.UserID)
		nobody, nowhere, blocked := s.org.Group(t, "Nobody"), s.org.Location(t, "Nowhere"), s.org.Group(t, "Blocked")
		s.join(t, blocked, gil)
		ids := strings.NewReplacer("@bob", s.reader.UserID, "@mia", s.moderator.UserID, "@fay", fay.UserID, "@gil", gil.UserID, "@ann", s.author.UserID,
			"@sales", s.sales, "@rome", s.rome, "@nobody", nobody, "@nowhere", nowhere, "@blocked", blocked)
		everybody := []string{"Ann", "Bob", "Fay", "Mia"} // but Gil, who is blocked
		for name, c := range map[string]struct {
			body     string
			people   []string
			rule     string
			warnings []string // code, and the people it is about
		}{
			"nothing said":          {`{}`, everybody, "3: everybody of the organization", nil},
			"null":                  {`{"permissions":null}`, everybody, "3: everybody of the organization", nil},
			"public":                {`{"permissions":{"public":true},"mention":["@bob"],"taggedUserIds":"@mia"}`, everybody, "3: everybody of the organization", nil},
			"nobody":                {`{"permissions":{}}`, []string{"Ann"}, "1: the author alone", []string{"audience.onlyYou"}},
			"only me":               {`{"permissions":{"onlyMe":true}}`, []string{"Ann"}, "1: the author alone", []string{"audience.onlyYou"}},
			"only me beats all":     {`{"permissions":{"onlyMe":true,"users":["@bob"],"groups":["@nobody"]}}`, []string{"Ann"}, "1: the author alone", []string{"audience.othersIgnored", "audience.onlyYou"}},
			"a group":               {`{"permissions":{"groups":["@sales"]}}`, []string{"Ann", "Bob"}, "2: those whom it names", nil},
			"a group beats public":  {`{"permissions":{"groups":["@sales"],"public":true}}`, []string{"Ann", "Bob"}, "2: those whom it names", []string{"audience.publicIgnored"}},
			"a group and a place":   {`{"permissions":{"groups":["@sales"],"locations":["@rome"]}}`, []string{"Ann", "Bob", "Mia"}, "2: those whom it names", nil},
			"mentions outside":      {`{"permissions":{"groups":["@sales"]},"mention":["@mia","@bob","@fay","@mia"]}`, []string{"Ann", "Bob"}, "2: those whom it names", []string{"audience.mentionOutside Mia Fay"}},
			"one mention outside":   {`{"permissions":{"groups":["@sales"]},"mention":"@mia"}`, []string{"Ann", "Bob"}, "2: those whom it names", []string{"audience.mentionOutside Mia"}},
			"tagged outside":        {`{"permissions":{"users":["@bob"]},"taggedUserIds":["@fay"]}`, []string{"Ann", "Bob"}, "2: those whom it names", []string{"audience.taggedOutside Fay"}},
			"tagged in permissions": {`{"permissions":{"taggedUsers":["@fay"]},"taggedUserIds":["@fay"]}`, []string{"Ann", "Fay"}, "2: those whom it names", nil},
			"mentioning oneself":    {`{"permissions":{"onlyMe":true},"mention":["@ann"]}`, []string{"Ann"}, "1: the author alone", []string{"audience.onlyYou"}},
			"an owner":              {`{"permissions":{"onlyMe":true},"ownerIds":["@fay"],"mention":["@fay"]}`, []string{"Ann", "Fay"}, "1: the author alone", nil},
			"somebody blocked":      {`{"permissions":{"users":["@gil"]},"mention":["@gil"]}`, []string{"Ann"}, "2: those whom it names", []string{"audience.inactive Gil", "audience.onlyYou"}},
			"an empty group":        {`{"permissions":{"groups":["@nobody","@sales","@blocked"]}}`, []string{"Ann", "Bob"}, "2: those whom it names", []string{"audience.groupEmpty", "audience.groupEmpty"}},
			"an empty place":        {`{"permissions":{"locations":["@nowhere"]}}`, []string{"Ann"}, "2: those whom it names", []string{"audience.locationEmpty", "audience.onlyYou"}},
			"a team of one":         {`{"permissions":{"team":true,"friends":true}}`, []string{"Ann"}, "2: those whom it names", []string{"audience.onlyYou"}},
		} {
			got := s.preview(t, s.author, ids.Replace(c.body), http.StatusOK)
			var warnings []string
			for _, w := range got["warnings"].([]any) {
				w := answer(w.(map[string]any))
				warnings = append(warnings, strings.Join(append([]string{w.str("code")}, w.each("people", "firstName")...), " "))
			}
			if people := got.each("people", "firstName"); !slices.Equal(people, c.people) || int(got["count"].(float64)) != len(c.people) || got.str("rule") != c.rule ||
				!slices.Equal(warnings, c.warnings) {
				t.Errorf("%s: %v people %v, rule %q, warnings %v; want %v, %q, %v", name, got["count"], people, got.str("rule"), warnings, c.people, c.rule, c.warnings)
			}
		}
		got := s.preview(t, s.author, ids.Replace(`{"permissions":{"groups":["@sales"]},"mention":["@mia","@fay"]}`), http.StatusOK)
		warning := answer(got["warnings"].([]any)[0].(map[string]any))
		if warning.str("detail") != "2 mentioned people will not see this." || warning.str("pointer") != "/mention" {
			t.Errorf("warning %v", warning)
		}
		got = s.preview(t, s.author, ids.Replace(`{"permissions":{"groups":["@nobody"],"team":true}}`), http.StatusOK)
		if details := got.each("warnings", "detail"); !slices.Equal(details, []string{"Group Nobody has no active members.", "Nobody but you will see this."}) {
			t.Errorf("warnings %v", details)
		}
	})
}

// What is previewed is what happens: also by default, for people who are careful.
func TestPreviewTakesTheDefaultOfItsAuthor(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.org.Exec(t, `UPDATE users SET default_visibility = 'restricted', reports_to = ? WHERE org_id = ? AND id = ?`, s.reader.UserID, s.org.ID, s.author.UserID)
		got := s.preview(t, s.author, `{}`, http.StatusOK)
		if people := got.each("people", "firstName"); !slices.Equal(people, []string{"Ann", "Bob"}) || got["permissions"].(map[string]any)["team"] != true {
			t.Errorf("people %v, permissions %v", people, got["permissions"])
		}
		id := s.publish(t, `{"postText":"x"}`)
		s.call(t.Context(), t, s.reader, "GET /api/posts/"+id, "", http.StatusOK)
		s.call(t.Context(), t, s.moderator, "GET /api/posts/"+id, "", http.StatusNotFound)
	})
}

func TestPreviewRefusesWhatCreatingRefusesAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		gone := s.org.Person(t, "gil").UserID
		s.org.Exec(t, `UPDATE users SET status = 'ARCHIVE' WHERE org_id = ? AND id = ?`, s.org.ID, gone)
		foreign, there := s.stranger.UserID, s.foreign.Location(t, "There")
		unknown := "019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f"
		many := `["` + strings.Repeat(s.reader.UserID+`","`, 100) + unknown + `"]`
		rows := func() int {
			return s.number(t, `SELECT (SELECT COUNT(*) FROM audiences WHERE org_id = ?1) + (SELECT COUNT(*) FROM audience_clauses WHERE org_id = ?1) + (SELECT COUNT(*) FROM outbox WHERE org_id = ?1)`, s.org.ID)
		}
		before := rows()
		for name, c := range map[string]struct {
			body     string
			pointers []string
		}{
			"a person of another organization":   {`{"permissions":{"users":["` + foreign + `"]}}`, []string{"/permissions/users"}},
			"a group of another organization":    {`{"permissions":{"groups":["` + s.foreign.Members + `"]}}`, []string{"/permissions/groups"}},
			"a location of another organization": {`{"permissions":{"locations":["` + there + `"]}}`, []string{"/permissions/locations"}},
			"an unknown tagged person":           {`{"permissions":{"taggedUsers":["` + unknown + `"]}}`, []string{"/permissions/taggedUsers"}},
			"no id":                              {`{"permissions":{"users":["bob"]}}`, []string{"/permissions/users"}},
			"permissions of another type":        {`{"permissions":7}`, []string{"/permissions"}},
			"a flag of another type":             {`{"permissions":{"team":"perhaps"}}`, []string{"/permissions/team"}},
			"a mention of nobody":                {`{"mention":["` + unknown + `"]}`, []string{"/mention"}},
			"a mention of a former member":       {`{"mention":["` + gone + `"]}`, []string{"/mention"}},
			"a mention of a stranger":            {`{"mention":["` + foreign + `"]}`, []string{"/mention"}},
			"tagging a stranger":                 {`{"taggedUserIds":["` + foreign + `"]}`, []string{"/taggedUserIds"}},
			"a stranger as owner":                {`{"ownerIds":["` + foreign + `"]}`, []string{"/ownerIds"}},
			"no ids of people":                   {`{"mention":"bob","taggedUserIds":["x"],"ownerIds":["y"]}`, []string{"/mention", "/taggedUserIds", "/ownerIds"}},
			"too many mentions":                  {`{"mention":` + many + `}`, []string{"/mention"}},
			"everything at once": {`{"permissions":{"users":["` + unknown + `"],"groups":["` + unknown + `"]},"mention":["` + unknown + `"],"ownerIds":["` + foreign + `"]}`,
				[]string{"/permissions/users", "/permissions/groups", "/mention", "/ownerIds"}},
			"malformed":   {`{"permissions":`, []string{""}},
			"no object":   {`[]`, []string{""}},
			"no body":     {``, nil},
			"a key twice": {`{"mention":[],"mention":[]}`, []string{"/mention"}},
		} {
			got := s.preview(t, s.author, c.body, http.StatusBadRequest)
			for _, p := range c.pointers {
				if !strings.Contains(fmt.Sprint(got["errors"])+" ", "pointer:"+p) {
					t.Errorf("%s: no error points at %q: %v", name, p, got)
				}
			}
			if strings.Contains(c.body, `"permissions":{`) && len(c.pointers) == 1 { // the same answer as creating gives
				made := s.call(t.Context(), t, s.author, "POST /api/posts", `{"postText":"x",`+c.body[1:], http.StatusBadRequest)
				if fmt.Sprint(made["errors"]) != fmt.Sprint(got["errors"]) {
					t.Errorf("%s: %v, creating answers %v", name, got["errors"], made["errors"])
				}
			}
		}
		for range 2 {
			s.preview(t, s.author, `{"permissions":{"users":["`+s.reader.UserID+`"]},"mention":["`+s.moderator.UserID+`"]}`, http.StatusOK)
		}
		if after := rows(); after != before {
			t.Errorf("%d rows of audiences and events, %d before", after, before)
		}
		s.preview(t, s.stranger, `{"permissions":{"users":["`+s.stranger.UserID+`"]}}`, http.StatusOK)
		s.call(t.Context(), t, s.org.Person(t, "not a key"), "POST /api/audience/preview", `{}`, http.StatusUnauthorized)
	})
}

func TestPreviewOfManyTakesTheStatementsOfOne(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		count := func(users, groups []string) int {
			list := func(ids []string) string { return `["` + strings.Join(ids, `","`) + `"]` }
			ctx, n := db.CountQueries(t.Context())
			body := `{"permissions":{"users":` + list(users) + `,"taggedUsers":` + list(users) + `,"groups":` + list(groups) + `,"locations":["` + s.rome + `"]},
				"mention":` + list(users) + `,"taggedUserIds":` + list(users) + `,"ownerIds":` + list(users) + `}`
			s.call(ctx, t, s.author, "POST /api/audience/preview", body, http.StatusOK)
			return n.N()
		}
		one := count([]string{s.reader.UserID}, []string{s.sales})
		var users, groups []string
		for i := range 30 {
			users, groups = append(users, s.org.Person(t, fmt.Sprintf("p%d", i)).UserID), append(groups, s.org.Group(t, fmt.Sprintf("g%d", i)))
		}
		if many := count(users, groups); many != one || many > 12 {
			t.Errorf("%d statements for 30 people and groups, %d for one", many, one)
		}
		got := s.preview(t, s.author, `{}`, http.StatusOK)
		if people := got.each("people", "firstName"); len(people) != 10 || got["count"].(float64) != 33 || !slices.IsSortedFunc(people, strings.Compare) {
			t.Errorf("%v people, beginning with %v", got["count"], people)
		}
	})
}
