package notification

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/mail"
)

// Channel is a way to reach somebody.
type Channel string

// The channels, as the reference calls them.
const (
	Email Channel = "EMAIL"
	SMS   Channel = "SMS"
	Push  Channel = "PUSH"
	InApp Channel = "INAPP"
)

// The kinds of notifications, which people have preferences for.
const (
	Announcement    = "announcement" // sent by the API
	Mention         = "mention"
	Comment         = "comment" // on one's item
	Reply           = "reply"
	Task            = "task"   // was assigned
	Course          = "course" // was assigned
	Event           = "event"  // an invitation
	JoinRequest     = "joinRequest"
	JoinApproved    = "joinApproved"
	Acknowledgement = "acknowledgement" // is asked for
	Reminder        = "reminder"

	digest = "digest" // the daily summary, which has a setting of its own
)

// Kinds are the kinds that people have preferences for, in the order they are shown.
var Kinds = []string{Announcement, Reminder, Acknowledgement, Task, Course, Event, Mention, Reply, Comment, JoinRequest, JoinApproved}

// The states of a delivery.
const (
	Queued     = "queued"
	Sending    = "sending"
	Delivered  = "delivered"
	Failed     = "failed"
	Suppressed = "suppressed"
)

// Limits. The length of texts is counted in characters.
const (
	maxTitle      = mail.MaxSubject
	maxText       = 10_000
	maxReceivers  = 100_000
	maxAddresses  = 10_000
	maxSend       = 8 << 20 // bytes of a body
	maxNamed      = 100     // wrong receivers that an answer lists
	maxDevices    = 20      // of a person; a further one replaces the oldest
	maxDeviceName = 100
	maxRead       = 1000 // ids in one call
	maxTold       = 100  // people an event names
	maxKey        = 200

	// batch is how many people one transaction tells.
	batch = 1000
	// burst is how long more of the same about the same thing is not pushed again while the
	// entry in the inbox is unread.
	burst = 10 * time.Minute
)

// Subject is what a notification is about. Whoever may not see it is not told.
type Subject struct {
	Kind, ID string
}

// Notice is something to tell people, as other modules and the events of the platform have it.
type Notice struct {
	OrgID   string
	UserIDs []string
	// Audience, when it is not 0, is everybody in it instead of UserIDs.
	Audience int64
	// ActorID is whose act it was: they are not told. "" is nobody's.
	ActorID string
	Kind    string
	// Title and Text are shown as they are. Without a title the kind is worded in the language
	// of whoever reads.
	Title, Text string
	// Link leads to it; "" is the page of the subject.
	Link    string
	Subject Subject
	// Key tells the same person nothing twice: a second notice with it is left out for those who
	// were told. "" tells everybody.
	Key string
	// Channels are used instead of those that people prefer for the kind, unless they turned
	// them off.
	Channels []Channel
	// Urgent does not wait for the end of quiet hours.
	Urgent bool
}

// Notification is what is told, as stored.
type Notification struct {
	OrgID, ID, Kind   string
	Title, Text, Link string
	ActorID           string
	Subject           Subject
	Channels          []Channel
	Urgent            bool
	SentBy            string
	Accepted          int
	CreatedAt         int64
}

// bundle is what more of the same is collapsed into: what names nothing stands alone.
func (n Notification) bundle() string {
	if n.Subject.Kind == "" || n.Title != "" {
		return n.ID
	}
	return n.Kind + ":" + n.Subject.Kind + ":" + n.Subject.ID
}

// asks reports whether the notification was to be sent by a channel whatever its receivers prefer
// for its kind.
func (n Notification) asks(c Channel) bool { return slices.Contains(n.Channels, c) }

// Draft is a notification to send, as clients have it.
type Draft struct {
	Title           string      `json:"title" required:"true" doc:"Subject, 1 to 200 characters"`
	Description     string      `json:"description,omitempty" doc:"Text, at most 10,000 characters"`
	Medium          Channel     `json:"medium" required:"true" enum:"EMAIL,SMS,PUSH,INAPP" doc:"Channel"`
	Emails          api.Strings `json:"emails,omitempty" nullable:"true" doc:"Addresses, also of people who are no members; with EMAIL only, at most 10,000"`
	ReceiverUserIDs api.Strings `json:"receiverUserIds,omitempty" nullable:"true" doc:"Ids of the receiving people, at most 100,000; needed with everything but EMAIL"`
	Link            string      `json:"link,omitempty" doc:"Address (http or https) where there is more"`
	Urgent          bool        `json:"urgent,omitempty" doc:"Do not wait for the end of people's quiet hours"`
}

// clean validates a draft and gives the receivers and addresses without repetitions.
func (d *Draft) clean(bad *fault.Fields) (people, addresses []string) {
	d.Title, d.Description, d.Link = strings.TrimSpace(d.Title), strings.TrimSpace(d.Description), strings.TrimSpace(d.Link)
	if d.Title == "" {
		bad.Add("/title", "notification.titleRequired", "A title is required.")
	}
	checkText(bad, "/title", d.Title, maxTitle)
	checkText(bad, "/description", d.Description, maxText)
	if u, err := url.Parse(d.Link); d.Link != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(d.Link) > mail.MaxLink) {
		bad.Addf("/link", "notification.linkInvalid", "A link begins with http:// or https:// and has at most %d bytes.", mail.MaxLink)
	}
	seen := map[string]bool{}
	for i, id := range d.ReceiverUserIDs {
		if id = strings.ToLower(strings.TrimSpace(id)); !ids.Valid(id) {
			report(bad, "/receiverUserIds", i, "user.unknown", "There is no member with this id.")
		} else if !seen[id] {
			seen[id] = true
			people = append(people, id)
		}
	}
	for i, address := range d.Emails {
		address = strings.TrimSpace(address)
		if err := (mail.Address{Email: address}).Check(); err != nil {
			report(bad, "/emails", i, "notification.emailInvalid", "This is no mail address.")
		} else if key := strings.ToLower(address); !seen[key] {
			seen[key] = true
			addresses = append(addresses, key)
		}
	}
	d.checkReceivers(bad)
	return people, addresses
}

func (d *Draft) checkReceivers(bad *fault.Fields) {
	if len(d.ReceiverUserIDs) > maxReceivers {
		bad.Addf("/receiverUserIds", "notification.tooManyReceivers", "At most %d people are told at once.", maxReceivers)
	}
	if len(d.Emails) > maxAddresses {
		bad.Addf("/emails", "notification.tooManyReceivers", "At most %d addresses are written to at once.", maxAddresses)
	}
	switch {
	case d.Medium != Email && len(d.Emails) > 0:
		bad.Add("/emails", "notification.emailsNeedEmail", "Addresses are for the medium EMAIL. Name people in receiverUserIds.")
	case d.Medium != Email && len(d.ReceiverUserIDs) == 0:
		bad.Add("/receiverUserIds", "notification.receiversRequired", "Name at least one person.")
	case d.Medium == Email && len(d.Emails)+len(d.ReceiverUserIDs) == 0:
		bad.Add("/emails", "notification.receiversRequired", "Name at least one address, or a person in receiverUserIds.")
	}
}

// report adds what is wrong with one entry of a list, up to so many.
func report(bad *fault.Fields, list string, i int, code, detail string) {
	if len(bad.List()) < maxNamed {
		bad.Add(nth(list, i), code, detail)
	}
}

func checkText(bad *fault.Fields, pointer, text string, limit int) {
	switch {
	case utf8.RuneCountInString(text) > limit:
		bad.Addf(pointer, "field.tooLong", "At most %d characters are allowed.", limit)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		bad.Add(pointer, "field.invalid", "Control characters are not allowed.")
	}
}
