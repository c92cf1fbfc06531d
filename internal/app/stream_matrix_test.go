package app

import (
	"maps"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/module/webhook"
)

// What the isolation matrix needs to know of streams, webhooks and the audit log.
func init() { //nolint:gochecknoinits // the maps are read by tests that run at the same time
	maps.Copy(bodies, map[string]string{
		"createWebhook": `{"name":"%N","url":"https://receiver.example/%N"}`,
		"updateWebhook": `{"name":"%N"}`,
		"redeliver":     `{"deliveryId":"` + ids.New() + `"}`,
		"createHook":    `{"name":"%N"}`,
		"writeAtHook":   `{"text":"%N"}`,
	})
	maps.Copy(queries, map[string]string{
		"openStream": "?once=true", // the matrix would listen for ever
	})
	maps.Copy(exceptions, map[string]func(c cell) int{
		"startTyping": ownOnly, "listHooks": ownOnly, "createHook": ownOnly,
		"updateWebhook": ownOnly, "rotateWebhookSecret": ownOnly,
		"redeliver": func(c cell) int { // nothing was delivered
			return when(c.relation == own, http.StatusBadRequest) + ownOnly(c)
		},
		"writeAtHook": func(cell) int { return http.StatusForbidden }, // nobody has the signature
	})
}

// webhook makes one of somebody's who need not have the capability.
func (w *world) webhook(owner authz.Actor, name string) string {
	w.t.Helper()
	made, err := w.app.Webhooks.Create(w.t.Context(), owner, webhook.Draft{Name: name, URL: "https://receiver.example/"})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}
