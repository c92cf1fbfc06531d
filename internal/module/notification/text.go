package notification

import (
	"strconv"
	"strings"
)

// wording is how kinds are worded in a language. {actor} is a name, {item} the noun of what it is
// about.
type wording struct {
	kinds   map[string]string
	items   map[string]string // by kind of subject; "" is anything else
	nobody  string            // whose act it was, when nobody's name is known
	more    string            // {text} and {n} more
	open    string            // label of a button
	why     string            // footer of a mail: why somebody gets it
	digest  string            // subject of the daily summary, {n}
	unread  string            // its first line
	stop    string            // label of what ends the summaries
	stopped string            // what the page says then
	asks    string            // what the page asks before
}

// words are the languages. English is what everybody else reads.
var words = map[string]wording{
	"en": {
		kinds: map[string]string{
			Mention: "{actor} mentioned you in {item}", Comment: "{actor} commented on {item} of yours", Reply: "{actor} replied to you in {item}",
			Task: "{actor} assigned a task to you", Course: "{actor} assigned a course to you", Event: "{actor} invited you to an event",
			JoinRequest: "{actor} asks to join a group chat", JoinApproved: "{actor} let you into a group chat",
			Acknowledgement: "{actor} asks you to confirm that you have read {item}", Reminder: "Something is due", Announcement: "An announcement",
		},
		items: map[string]string{
			"post": "a post", "news": "a news item", "photo": "a photo", "video": "a video", "document": "a document", "faq": "an FAQ", "event": "an event",
			"message": "a conversation", "conversation": "a group chat", "task": "a task", "course": "a course", "": "something",
		},
		nobody: "Somebody", more: "{text} ({n} times)", open: "Open", why: "You get this mail because of your notification settings in WorkDrive.",
		digest: "{n} unread notifications", unread: "This is waiting in your inbox:",
		asks: "Do you want no more daily summaries?", stop: "Stop the daily summary", stopped: "You get no more daily summaries. You can turn them on again in your notification settings.",
	},
	"de": {
		kinds: map[string]string{
			Mention: "{actor} hat Sie in {item} erwähnt", Comment: "{actor} hat einen Beitrag von Ihnen kommentiert", Reply: "{actor} hat Ihnen in {item} geantwortet",
			Task: "{actor} hat Ihnen eine Aufgabe zugewiesen", Course: "{actor} hat Ihnen einen Kurs zugewiesen", Event: "{actor} lädt Sie zu einem Termin ein",
			JoinRequest: "{actor} möchte einem Gruppenchat beitreten", JoinApproved: "{actor} hat Sie in einen Gruppenchat aufgenommen",
			Acknowledgement: "{actor} bittet um eine Lesebestätigung", Reminder: "Etwas ist fällig", Announcement: "Eine Mitteilung",
		},
		items: map[string]string{"": "einem Beitrag"},
		more:  "{text} ({n}-mal)", nobody: "Jemand", open: "Öffnen", why: "Sie erhalten diese E-Mail wegen Ihrer Benachrichtigungseinstellungen in WorkDrive.",
		digest: "{n} ungelesene Benachrichtigungen", unread: "Das wartet in Ihrem Posteingang:",
		asks: "Möchten Sie keine täglichen Zusammenfassungen mehr?", stop: "Tägliche Zusammenfassung beenden",
		stopped: "Sie erhalten keine täglichen Zusammenfassungen mehr. In Ihren Benachrichtigungseinstellungen können Sie sie wieder einschalten.",
	},
	"ar": {
		kinds: map[string]string{
			Mention: "أشار إليك {actor} في {item}", Comment: "علّق {actor} على {item} لك", Reply: "ردّ عليك {actor} في {item}",
			Task: "أسند إليك {actor} مهمة", Course: "أسند إليك {actor} دورة تدريبية", Event: "يدعوك {actor} إلى حدث",
			JoinRequest: "يطلب {actor} الانضمام إلى محادثة جماعية", JoinApproved: "قبل {actor} انضمامك إلى محادثة جماعية",
			Acknowledgement: "يطلب {actor} منك تأكيد قراءة {item}", Reminder: "هناك أمر مستحق", Announcement: "إعلان",
		},
		items: map[string]string{
			"post": "منشور", "news": "خبر", "photo": "صورة", "video": "فيديو", "document": "مستند", "faq": "سؤال شائع", "event": "حدث",
			"message": "محادثة", "conversation": "محادثة جماعية", "task": "مهمة", "course": "دورة تدريبية", "": "شيء",
		},
		nobody: "شخص ما", more: "{text} ({n} مرات)", open: "فتح", why: "تصلك هذه الرسالة بسبب إعدادات الإشعارات لديك في WorkDrive.",
		digest: "إشعارات غير مقروءة: {n}", unread: "هذا ما ينتظرك في صندوق الوارد:",
		asks: "هل تريد إيقاف الملخصات اليومية؟", stop: "إيقاف الملخص اليومي", stopped: "لن تصلك ملخصات يومية بعد الآن. يمكنك تشغيلها من جديد في إعدادات الإشعارات.",
	},
}

// wordsIn gives the wording of a language (BCP 47), and which language that is.
func wordsIn(language *string) (wording, string) {
	if language != nil {
		primary, _, _ := strings.Cut(strings.ToLower(*language), "-")
		if w, ok := words[primary]; ok {
			return w, *language
		}
	}
	return words["en"], "en"
}

// title words a notification.
func (w wording) title(n Notification, actor string, number int64) string {
	if n.Title != "" {
		return n.Title
	}
	item, ok := w.items[n.Subject.Kind]
	if !ok {
		item = w.items[""]
	}
	if actor == "" {
		actor = w.nobody
	}
	text := strings.NewReplacer("{actor}", actor, "{item}", item).Replace(w.kinds[n.Kind])
	if number > 1 {
		text = strings.NewReplacer("{text}", text, "{n}", strconv.FormatInt(number, 10)).Replace(w.more)
	}
	return text
}
