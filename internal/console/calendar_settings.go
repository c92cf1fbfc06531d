package console

import (
	"net/http"

	"github.com/a-h/templ"
)

// feed is the secret address of the reader's calendar.
type feed struct {
	CreatedAt string `json:"createdAt"`
	URL       string `json:"url"`
}

// subscription is a calendar elsewhere that the reader subscribes to.
type subscription struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Name      string `json:"name"`
	FetchedAt string `json:"fetchedAt"`
	Problem   string `json:"problem"`
}

// calendarLinks are how the reader's calendar and those of others meet.
type calendarLinks struct {
	feed          feed
	subscriptions []subscription
	name, url     string // that were tried
}

func (v *visit) calendarLinks() (l calendarLinks, err error) {
	if err := v.get("/api/calendar/feed", nil, &l.feed); err != nil {
		return l, err
	}
	var out struct {
		Subscriptions []subscription `json:"subscriptions"`
	}
	err = v.get("/api/calendar/subscriptions", nil, &out)
	l.subscriptions = out.Subscriptions
	return l, err
}

func (c *Console) calendarSettings(v *visit) error {
	l, err := v.calendarLinks()
	if err != nil {
		return err
	}
	return v.page(calendarSettingsPage(l, nil))
}

// makeFeed gives the calendar an address: this answer is the only place where it can be read.
func (c *Console) makeFeed(v *visit) error {
	var made feed
	if err := v.call(http.MethodPost, "/api/calendar/feed", nil, &made); err != nil {
		return err
	}
	l, err := v.calendarLinks()
	if err != nil {
		return err
	}
	l.feed.URL = made.URL
	return v.page(calendarSettingsPage(l, nil))
}

func (c *Console) revokeFeed(v *visit) error {
	if err := v.call(http.MethodDelete, "/api/calendar/feed", nil, nil); err != nil {
		return err
	}
	return v.done("/settings/calendar", "The address does not work any more.")
}

func (c *Console) subscribe(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	in := map[string]any{"url": v.text("url")}
	if name := v.text("name"); name != "" {
		in["name"] = name
	}
	err := v.call(http.MethodPost, "/api/calendar/subscriptions", in, nil)
	if err == nil {
		return v.done("/settings/calendar", "The calendar is fetched in a moment.")
	}
	l, listErr := v.calendarLinks()
	if listErr != nil {
		return listErr
	}
	l.name, l.url = v.text("name"), v.text("url")
	return v.formPage(err, func(p *problem) templ.Component { return calendarSettingsPage(l, p) })
}

func (c *Console) renameSubscription(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	if err := v.call(http.MethodPatch, at("api", "calendar", "subscriptions", v.r.PathValue("id")), map[string]any{"name": v.text("name")}, nil); err != nil {
		return err
	}
	return v.done("/settings/calendar", "The changes are saved.")
}

func (c *Console) unsubscribe(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "calendar", "subscriptions", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/settings/calendar", "You do not subscribe to the calendar any more.")
}
