package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// hook is a webhook: a program that is told what happens.
type hook struct {
	ID           string   `json:"id"`
	OwnerID      string   `json:"ownerId"`
	Name         string   `json:"name"`
	URL          string   `json:"url"`
	Types        []string `json:"types"`
	Active       bool     `json:"active"`
	Reason       string   `json:"reason"`
	FailingSince string   `json:"failingSince"`
	CreatedAt    string   `json:"createdAt"`
	Secret       string   `json:"secret"` // when it was made, just now
}

// hookDelivery is something that a webhook was sent.
type hookDelivery struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	State     string `json:"state"`
	Attempts  int    `json:"attempts"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Body      string `json:"body"`
	CreatedAt string `json:"createdAt"`
	NextAt    string `json:"nextAt"`
}

// hooks is the list of webhooks.
type hooks struct {
	Webhooks []hook `json:"webhooks"`

	tried hook // that could not be made
}

// hookDetails is a webhook with what it was sent.
type hookDetails struct {
	hook
	deliveries []hookDelivery
}

func (v *visit) hooks() (h hooks, err error) {
	err = v.get("/api/webhooks", nil, &h)
	return h, err
}

func (c *Console) webhooks(v *visit) error {
	if err := v.needs(authz.WebhooksManage); err != nil {
		return err
	}
	h, err := v.hooks()
	if err != nil {
		return err
	}
	return v.page(webhooksPage(h, nil))
}

// createWebhook makes a webhook and shows its secret: this answer is the only place where it can be
// read.
func (c *Console) createWebhook(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	tried := hook{Name: v.text("name"), URL: v.text("url"), Types: strings.Fields(v.text("types"))}
	in := map[string]any{"name": tried.Name, "url": tried.URL}
	if len(tried.Types) > 0 {
		in["types"] = tried.Types
	}
	var made hook
	err := v.call(http.MethodPost, "/api/webhooks", in, &made)
	if err == nil {
		return v.page(webhookPage(hookDetails{hook: made}, nil))
	}
	h, listErr := v.hooks()
	if listErr != nil {
		return listErr
	}
	h.tried = tried
	return v.formPage(err, func(p *problem) templ.Component { return webhooksPage(h, p) })
}

func (v *visit) hookDetails(id string) (d hookDetails, err error) {
	h, err := v.hooks()
	if err != nil {
		return d, err
	}
	for _, one := range h.Webhooks {
		if one.ID == id {
			d.hook = one
		}
	}
	if d.ID == "" {
		return d, errNoPage
	}
	var out struct {
		Deliveries []hookDelivery `json:"deliveries"`
	}
	err = v.get(at("api", "webhooks", id, "deliveries"), nil, &out)
	d.deliveries = out.Deliveries
	return d, err
}

func (c *Console) webhook(v *visit) error {
	if err := v.needs(authz.WebhooksManage); err != nil {
		return err
	}
	d, err := v.hookDetails(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.page(webhookPage(d, nil))
}

// saveWebhook changes a webhook; what is not its owner's to change the API refuses.
func (c *Console) saveWebhook(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	in := map[string]any{}
	if v.form.Has("active") {
		in["active"] = v.text("active") == "true"
	} else {
		in["name"], in["url"], in["types"] = v.text("name"), v.text("url"), strings.Fields(v.text("types"))
	}
	err := v.call(http.MethodPatch, at("api", "webhooks", id), in, nil)
	if err == nil {
		return v.done(at("manage", "webhooks", id), "The changes are saved.")
	}
	d, readErr := v.hookDetails(id)
	if readErr != nil {
		return readErr
	}
	return v.formPage(err, func(p *problem) templ.Component { return webhookPage(d, p) })
}

// rotateWebhook gives a webhook another secret and shows it, once.
func (c *Console) rotateWebhook(v *visit) error {
	id := v.r.PathValue("id")
	var made hook
	if err := v.call(http.MethodPost, at("api", "webhooks", id, "secret"), nil, &made); err != nil {
		return err
	}
	d, err := v.hookDetails(id)
	if err != nil {
		return err
	}
	d.Secret = made.Secret
	return v.page(webhookPage(d, nil))
}

func (c *Console) redeliver(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(http.MethodPost, at("api", "webhooks", id, "redeliver"), map[string]any{"deliveryId": v.text("deliveryId")}, nil); err != nil {
		return err
	}
	return v.done(at("manage", "webhooks", id), "It is sent again in a moment.")
}

func (c *Console) deleteWebhook(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "webhooks", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/manage/webhooks", "It is deleted.")
}

func deliveryState(ctx context.Context, state string) string {
	return t(ctx, map[string]string{"PENDING": "Waiting", "DELIVERED": "Arrived", "FAILED": "Given up"}[state])
}

func deliveryClass(state string) string {
	return map[string]string{"PENDING": "warn", "DELIVERED": "good", "FAILED": "bad"}[state]
}
