package notification

import (
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// SubjectView is what a notification is about.
type SubjectView struct {
	Kind string `json:"kind" doc:"Kind of the item: post, task, conversation …"`
	ID   string `json:"id" doc:"Id of the item"`
}

// EntryView is an entry of an inbox as clients read it.
type EntryView struct {
	ID        string       `json:"id" doc:"Id of the entry"`
	Kind      string       `json:"kind" enum:"announcement,reminder,acknowledgement,task,course,event,mention,reply,comment,joinRequest,joinApproved" doc:"What it tells"`
	Title     string       `json:"title" doc:"What it says, in your language unless somebody wrote it"`
	Text      *string      `json:"text" doc:"More of it, or null"`
	Link      *string      `json:"link" doc:"Where it leads, or null"`
	Subject   *SubjectView `json:"subject" doc:"What it is about, or null"`
	Actor     *person.Card `json:"actor" doc:"Whose act it was, of several the latest; or null"`
	Count     int64        `json:"count" doc:"How many of the same it stands for"`
	IsRead    bool         `json:"isRead" doc:"You have read it"`
	ReadAt    *api.Time    `json:"readAt" doc:"When you did, or null"`
	CreatedAt api.Time     `json:"createdAt" doc:"When it happened, of several the latest"`
}

func (s *Service) entryView(e Entry) EntryView {
	words, _ := wordsIn(e.language)
	v := EntryView{
		ID: e.EntryID, Kind: e.Kind, Title: words.title(e.Notification, nameOf(e.actor), e.Number), Text: optional(e.Text), Link: optional(e.Link),
		Count: e.Number, IsRead: e.ReadAt != nil, ReadAt: api.AtPtr(e.ReadAt), CreatedAt: api.At(e.At),
	}
	if e.Subject.Kind != "" {
		v.Subject = &SubjectView{e.Subject.Kind, e.Subject.ID}
		if v.Link == nil {
			v.Link = optional(s.Page(e.Subject))
		}
	}
	if e.actor.ID != "" {
		v.Actor = &e.actor
	}
	return v
}

// DeliveryView is what became of a notification for one receiver.
type DeliveryView struct {
	ID        string    `json:"id" doc:"Id, by which gateways know it"`
	Medium    string    `json:"medium" enum:"EMAIL,SMS,PUSH,INAPP" doc:"Channel"`
	UserID    *string   `json:"userId" doc:"The person, null for an address of somebody outside"`
	Email     *string   `json:"email" doc:"The address of somebody outside, or null"`
	DeviceID  *string   `json:"deviceId" doc:"The browser of a push message, or null"`
	State     string    `json:"state" enum:"queued,sending,delivered,failed,suppressed" doc:"delivered means that the other side has taken it over"`
	Code      *string   `json:"code" doc:"Why it is not delivered, or waits; stable"`
	Reason    *string   `json:"reason" doc:"The same as a sentence"`
	Attempts  int64     `json:"attempts" doc:"How often it was tried"`
	NextAt    *api.Time `json:"nextAt" doc:"When it is tried next, null when it is over"`
	CreatedAt api.Time  `json:"createdAt" doc:"When it was queued"`
	UpdatedAt api.Time  `json:"updatedAt" doc:"When its state changed last"`
}

func deliveryView(d delivered) DeliveryView {
	return DeliveryView{
		ID: d.ID, Medium: string(d.Channel), UserID: optional(d.UserID), Email: optional(d.Address), DeviceID: optional(d.DeviceID), State: d.State, Code: optional(d.Code),
		Reason: optional(d.Reason), Attempts: max(d.Attempts, 0), NextAt: api.AtPtr(d.DueAt), CreatedAt: api.At(d.CreatedAt), UpdatedAt: api.At(d.UpdatedAt),
	}
}

// SentView is the answer to sending.
type SentView struct {
	ID       string `json:"id" doc:"Id of the notification, for its deliveries"`
	Medium   string `json:"medium" enum:"EMAIL,SMS,PUSH,INAPP" doc:"Channel"`
	Accepted int    `json:"accepted" doc:"How many people and addresses it is sent to"`
}

func sentView(n Notification) SentView { return SentView{n.ID, joined(n.Channels), n.Accepted} }

// StatesView counts deliveries by state.
type StatesView struct {
	Queued     int `json:"queued" doc:"Waiting to be sent"`
	Sending    int `json:"sending" doc:"Being sent"`
	Delivered  int `json:"delivered" doc:"Taken over by the other side"`
	Failed     int `json:"failed" doc:"Given up"`
	Suppressed int `json:"suppressed" doc:"Not to be sent"`
}

// DeviceView is a browser as its owner reads it: nothing with which somebody could push to it.
type DeviceView struct {
	ID        string   `json:"id" doc:"Id"`
	Name      string   `json:"name" doc:"What you call it"`
	Service   string   `json:"service" doc:"Host of its push service"`
	CreatedAt api.Time `json:"createdAt" doc:"Since when it is registered"`
}

func deviceView(d device) DeviceView {
	return DeviceView{d.id, d.name, d.service(), api.At(d.createdAt)}
}

// ChosenView is by which channels somebody hears of a kind.
type ChosenView struct {
	InApp bool `json:"inApp" doc:"In the inbox"`
	Email bool `json:"email" doc:"By mail, each by itself"`
	SMS   bool `json:"sms" doc:"By short message"`
	Push  bool `json:"push" doc:"By push message to your browsers"`
}

// PreferencesView is how somebody is told, with what they have not changed.
type PreferencesView struct {
	TimeZone   string                `json:"timeZone" doc:"Yours, as in your profile: quiet hours and the daily mail follow it"`
	Kinds      map[string]ChosenView `json:"kinds" doc:"By kind of notification"`
	QuietHours *QuietHours           `json:"quietHours" doc:"When mail, short messages and pushes wait, or null"`
	Digest     *Summary              `json:"digest" doc:"The daily mail of what is unread, or null"`
}

func preferencesView(p Preferences, zone *string) PreferencesView {
	v := PreferencesView{TimeZone: zoneOf(zone).String(), Kinds: map[string]ChosenView{}, QuietHours: p.QuietHours, Digest: p.Digest}
	for _, kind := range Kinds {
		v.Kinds[kind] = ChosenView{p.wants(kind, InApp), p.wants(kind, Email), p.wants(kind, SMS), p.wants(kind, Push)}
	}
	return v
}
