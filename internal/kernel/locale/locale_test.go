package locale_test

import (
	"testing"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/locale"
)

func TestMomentsAreWrittenForTheirReaders(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 3, 22, 59, 0, 0, time.UTC)
	for _, c := range []struct{ tag, zone, moment, short, long string }{
		{"", "", "3 December 2026, 22:59 (UTC)", "Thursday, 3 December 2026, 22:59 – 23:29 (UTC)", "Thursday, 3 December 2026, 22:59 – Saturday, 5 December 2026, 22:59 (UTC)"},
		{
			"de-AT", "Europe/Vienna", "3. Dezember 2026, 23:59 Uhr (Europe/Vienna)", "Donnerstag, 3. Dezember 2026, 23:59 Uhr – Freitag, 4. Dezember 2026, 00:29 Uhr (Europe/Vienna)",
			"Donnerstag, 3. Dezember 2026, 23:59 Uhr – Samstag, 5. Dezember 2026, 23:59 Uhr (Europe/Vienna)",
		},
		{
			"ar", "Asia/Dubai", "4 ديسمبر 2026، 02:59 (Asia/Dubai)", "الجمعة، 4 ديسمبر 2026، 02:59 – 03:29 (Asia/Dubai)",
			"الجمعة، 4 ديسمبر 2026، 02:59 – الأحد، 6 ديسمبر 2026، 02:59 (Asia/Dubai)",
		},
		{"fr", "Nowhere/Land", "3 December 2026, 22:59 (UTC)", "Thursday, 3 December 2026, 22:59 – 23:29 (UTC)", "Thursday, 3 December 2026, 22:59 – Saturday, 5 December 2026, 22:59 (UTC)"},
	} {
		l := locale.Of(c.tag, c.zone)
		for want, got := range map[string]string{
			c.moment: l.Moment(at), c.short: l.Span(at, at.Add(30*time.Minute)), c.long: l.Span(at, at.Add(48*time.Hour)),
		} {
			if got != want {
				t.Errorf("%q %q: %q, want %q", c.tag, c.zone, got, want)
			}
		}
	}
	if got := (locale.Locale{}).Moment(at); got != "3 December 2026, 22:59 (UTC)" {
		t.Errorf("the zero value: %q", got)
	}
}

func TestTextsAreInTheLanguageOfTheirReaders(t *testing.T) {
	t.Parallel()
	words := locale.Words{"en": "Hello {name}", "de": "Guten Tag {name}", "ar": "مرحبًا {name}"}
	days := locale.Counted{
		"en": {"one": "{n} day", "other": "{n} days"}, "de": {"one": "{n} Tag", "other": "{n} Tagen"},
		"ar": {"one": "يوم", "two": "يومين", "few": "{n} أيام", "many": "{n} يومًا", "other": "{n} يوم"},
	}
	for _, c := range []struct {
		tag  string
		n    int64
		want string
	}{
		{"en-GB", 1, "Hello Ann 1 day"}, {"en", 0, "Hello Ann 0 days"}, {"de", 2, "Guten Tag Ann 2 Tagen"}, {"DE-de", 1, "Guten Tag Ann 1 Tag"}, {"pt", 5, "Hello Ann 5 days"},
		{"ar", 1, "مرحبًا Ann يوم"}, {"ar-EG", 2, "مرحبًا Ann يومين"}, {"ar", 5, "مرحبًا Ann 5 أيام"}, {"ar", 11, "مرحبًا Ann 11 يومًا"}, {"ar", 100, "مرحبًا Ann 100 يوم"},
	} {
		l := locale.Of(c.tag, "")
		if got := words.In(l, "{name}", "Ann") + " " + days.In(l, c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.tag, c.n, got, c.want)
		}
	}
}

func TestPeopleAreGroupedByHowTheyRead(t *testing.T) {
	t.Parallel()
	berlin := locale.Of("de", "Europe/Berlin")
	ways, readers := locale.Groups([]string{"a", "b", "c", "d"}, map[string]locale.Locale{"b": berlin, "c": locale.Of("", ""), "d": berlin})
	if len(ways) != 2 || len(readers[locale.Of("en", "")]) != 2 || len(readers[berlin]) != 2 || readers[berlin][1] != "d" || ways[1] != berlin {
		t.Errorf("%v %v", ways, readers)
	}
}
