package enforcement

import (
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/locale"
)

// stale is how late a reminder may be sent and still say how long there is until the deadline.
const stale = 5 * time.Minute

// The words of reminders.
var (
	subjectWords = locale.Words{locale.English: "Reminder: {title}", locale.German: "Erinnerung: {title}", locale.Arabic: "تذكير: {title}"}
	dueWords     = locale.Words{
		locale.English: "“{title}” is due {in}: by {when}.", locale.German: "„{title}“ ist {in} fällig: bis {when}.",
		locale.Arabic: "«{title}» مستحق {in}: في موعد أقصاه {when}.",
	}
	lateWords = locale.Words{
		locale.English: "“{title}” is due by {when}.", locale.German: "„{title}“ ist fällig bis {when}.", locale.Arabic: "«{title}» مستحق في موعد أقصاه {when}.",
	}
	nowWords = locale.Words{locale.English: "now", locale.German: "jetzt", locale.Arabic: "الآن"}
)

// inWords say how long there is, by unit.
var inWords = map[string]locale.Counted{
	"minutes": {
		locale.English: {"one": "in {n} minute", "other": "in {n} minutes"}, locale.German: {"one": "in {n} Minute", "other": "in {n} Minuten"},
		locale.Arabic: {"one": "خلال دقيقة", "two": "خلال دقيقتين", "few": "خلال {n} دقائق", "other": "خلال {n} دقيقة"},
	},
	"hours": {
		locale.English: {"one": "in {n} hour", "other": "in {n} hours"}, locale.German: {"one": "in {n} Stunde", "other": "in {n} Stunden"},
		locale.Arabic: {"one": "خلال ساعة", "two": "خلال ساعتين", "few": "خلال {n} ساعات", "other": "خلال {n} ساعة"},
	},
	"days": {
		locale.English: {"one": "in {n} day", "other": "in {n} days"}, locale.German: {"one": "in {n} Tag", "other": "in {n} Tagen"},
		locale.Arabic: {"one": "خلال يوم", "two": "خلال يومين", "few": "خلال {n} أيام", "many": "خلال {n} يومًا", "other": "خلال {n} يوم"},
	},
	"week": {
		locale.English: {"one": "in {n} week", "other": "in {n} weeks"}, locale.German: {"one": "in {n} Woche", "other": "in {n} Wochen"},
		locale.Arabic: {"one": "خلال أسبوع", "two": "خلال أسبوعين", "few": "خلال {n} أسابيع", "many": "خلال {n} أسبوعًا", "other": "خلال {n} أسبوع"},
	},
}

// before says how long before the deadline a reminder is sent.
func (r Reminder) before(l locale.Locale) string {
	if r.Amount == 0 {
		return nowWords.In(l)
	}
	return inWords[r.Unit].In(l, r.Amount)
}

// words are what a reminder that was due at a time (ms) says to a reader now: one that comes late
// does not say how long there is.
func (r Reminder) words(l locale.Locale, o obligation, title string, now int64) (subject, text string) {
	when := l.Moment(clock.FromMillis(o.DueAt))
	subject = subjectWords.In(l, "{title}", title)
	if now-(o.DueAt+r.offset()) > stale.Milliseconds() {
		return subject, lateWords.In(l, "{title}", title, "{when}", when)
	}
	return subject, dueWords.In(l, "{title}", title, "{in}", r.before(l), "{when}", when)
}
