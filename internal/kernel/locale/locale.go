// Package locale is how people read what this server writes to them: in which language, and on
// which clock. A text that names a moment is written once for everybody who reads it alike.
//
// The languages are those of the console and of notifications: English, German and Arabic. Whoever
// reads another one gets English, as everywhere. Moments are on the clock of the reader's time zone,
// whose name stands behind them; the words of texts are their modules'.
//
// It reads and writes nothing.
package locale

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// The languages.
const (
	English = "en"
	German  = "de"
	Arabic  = "ar"
)

// Locale is how somebody reads. The zero value is English on the clock of UTC.
type Locale struct {
	Language string // one of the languages
	Zone     string // IANA name
}

// Locales tell how people read.
type Locales interface {
	// Locale gives how people read; those who are not in the answer read the zero value.
	Locale(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]Locale, error)
}

// Of gives the locale of a language (BCP 47) and a time zone, "" for neither.
func Of(tag, zone string) Locale {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if _, known := calendars[primary]; !known {
		primary = English
	}
	return Locale{primary, zone}
}

// calendar is how a language names and orders days.
type calendar struct {
	days   [7]string // from Sunday
	months [12]string
	date   string // {day}, {month}, {year}
	moment string // {date}, {time}
}

var calendars = map[string]calendar{
	English: {
		days:   [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		date:   "{day} {month} {year}", moment: "{date}, {time}",
	},
	German: {
		days:   [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		date:   "{day}. {month} {year}", moment: "{date}, {time} Uhr",
	},
	Arabic: {
		days:   [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		months: [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		date:   "{day} {month} {year}", moment: "{date}، {time}",
	},
}

func (l Locale) language() string {
	if l.Language == "" {
		return English
	}
	return l.Language
}

// Location is the clock of the reader; that of a zone nobody knows any more is UTC.
func (l Locale) Location() *time.Location {
	if zone, err := recurrence.Zone(l.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// Date writes a day, as in 3 December 2026.
func (l Locale) Date(year int, month time.Month, day int) string {
	c := calendars[l.language()]
	return strings.NewReplacer("{day}", fmt.Sprint(day), "{month}", c.months[month-1], "{year}", fmt.Sprint(year)).Replace(c.date)
}

// Moment writes a moment on the reader's clock, as in 3 December 2026, 22:59 (Europe/Berlin).
func (l Locale) Moment(at time.Time) string {
	at = at.In(l.Location())
	return l.moment(l.Date(at.Date()), at.Format("15:04")) + l.zone()
}

// Span writes from when to when something is, as in Monday, 4 January 2027, 09:00 – 09:30 (UTC).
func (l Locale) Span(from, to time.Time) string {
	from, to = from.In(l.Location()), to.In(l.Location())
	till := to.Format("15:04")
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		till = l.onDay(to, till)
	}
	return l.onDay(from, from.Format("15:04")) + " – " + till + l.zone()
}

func (l Locale) onDay(at time.Time, clock string) string {
	comma := ", "
	if l.language() == Arabic {
		comma = "، "
	}
	return l.moment(calendars[l.language()].days[at.Weekday()]+comma+l.Date(at.Date()), clock)
}

func (l Locale) moment(date, clock string) string {
	return strings.NewReplacer("{date}", date, "{time}", clock).Replace(calendars[l.language()].moment)
}

func (l Locale) zone() string { return " (" + l.Location().String() + ")" }

// Words are a text in all languages.
type Words map[string]string

// In gives the text for a reader, with its fields, such as {title}, filled in: names and values in
// turn.
func (w Words) In(l Locale, fields ...string) string {
	return strings.NewReplacer(fields...).Replace(w[l.language()])
}

// Counted is a text about a number, {n}, in all languages by their plural forms: zero, one, two,
// few, many and other (Unicode CLDR).
type Counted map[string]map[string]string

// In gives the text about n for a reader.
func (c Counted) In(l Locale, n int64) string {
	tag := l.language()
	form := plural.Cardinal.MatchPlural(language.MustParse(tag), int(n), 0, 0, 0, 0)
	name := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}[form]
	text, there := c[tag][name]
	if !there {
		text = c[tag]["other"]
	}
	return strings.ReplaceAll(text, "{n}", fmt.Sprint(n))
}

// Groups sorts people by how they read, in the order in which each way was met first.
func Groups(people []string, by map[string]Locale) (ways []Locale, readers map[Locale][]string) {
	readers = map[Locale][]string{}
	for _, id := range people {
		l := by[id]
		l.Language = l.language()
		if readers[l] == nil {
			ways = append(ways, l)
		}
		readers[l] = append(readers[l], id)
	}
	return ways, readers
}
