package console

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
)

// channels of notifications, by the API's names.
var channels = []string{"inApp", "email", "sms", "push"}

// kindsOfNotifications are those that people choose channels for, in the order of the page.
var kindsOfNotifications = []string{
	"announcement", "reminder", "acknowledgement", "task", "course", "event", "mention", "reply", "comment", "joinRequest", "joinApproved",
}

// preferences are how somebody is told.
type preferences struct {
	TimeZone   string                     `json:"timeZone"`
	Kinds      map[string]map[string]bool `json:"kinds"`
	QuietHours *struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"quietHours"`
	Digest *struct {
		At string `json:"at"`
	} `json:"digest"`
}

// device is a browser that takes push messages.
type device struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Service   string `json:"service"`
	CreatedAt string `json:"createdAt"`
}

// telling is the page of how somebody is told.
type telling struct {
	preferences
	from, to, at string // of quiet hours and the daily mail, "" for none
	devices      []device
	key          string // that browsers subscribe with, "" when this server pushes nothing
}

func (v *visit) telling() (s telling, err error) {
	if err := v.get("/api/notifications/preferences", nil, &s.preferences); err != nil {
		return s, err
	}
	if q := s.QuietHours; q != nil {
		s.from, s.to = q.From, q.To
	}
	if s.Digest != nil {
		s.at = s.Digest.At
	}
	var key struct {
		PublicKey string `json:"publicKey"`
		Enabled   bool   `json:"enabled"`
	}
	if err := v.get("/api/notifications/push-key", nil, &key); err != nil {
		return s, err
	}
	if key.Enabled {
		s.key = key.PublicKey
	}
	var list struct {
		Devices []device `json:"devices"`
	}
	err = v.get("/api/notifications/devices", nil, &list)
	s.devices = list.Devices
	return s, err
}

func (c *Console) notificationSettings(v *visit) error {
	s, err := v.telling()
	if err != nil {
		return err
	}
	return v.page(notificationSettingsPage(s, nil))
}

func (c *Console) saveNotificationSettings(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	kinds := map[string]map[string]bool{}
	for _, kind := range kindsOfNotifications {
		kinds[kind] = map[string]bool{}
		for _, channel := range channels {
			kinds[kind][channel] = v.form.Has(kind + "." + channel)
		}
	}
	in := map[string]any{"kinds": kinds, "quietHours": nil, "digest": nil}
	if v.text("from")+v.text("to") != "" {
		in["quietHours"] = map[string]any{"from": v.text("from"), "to": v.text("to")}
	}
	if v.text("at") != "" {
		in["digest"] = map[string]any{"at": v.text("at")}
	}
	err := v.call(http.MethodPut, "/api/notifications/preferences", in, nil)
	if err == nil {
		return v.done("/settings/notifications", "The changes are saved.")
	}
	s, listErr := v.telling()
	if listErr != nil {
		return listErr
	}
	s.Kinds, s.from, s.to, s.at = kinds, v.text("from"), v.text("to"), v.text("at")
	return v.formPage(err, func(p *problem) templ.Component { return notificationSettingsPage(s, p) })
}

// addDevice keeps the subscription of a browser, which script has asked for.
func (c *Console) addDevice(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	in := map[string]any{
		"name": browserName(v.r.UserAgent()), "endpoint": v.text("endpoint"), "keys": map[string]string{"p256dh": v.text("p256dh"), "auth": v.text("auth")},
	}
	if err := v.call(http.MethodPost, "/api/notifications/devices", in, nil); err != nil {
		return err
	}
	return v.done("/settings/notifications", "This browser gets push messages.")
}

func (c *Console) removeDevice(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "notifications", "devices", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/settings/notifications", "The browser gets no push messages any more.")
}

func channelText(ctx context.Context, channel string) string {
	return t(ctx, map[string]string{"inApp": "Inbox", "email": "E-mail", "sms": "SMS", "push": "Push"}[channel])
}
