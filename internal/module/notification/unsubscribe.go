package notification

import (
	"crypto/hmac"
	"html/template"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// page asks whether to end the daily summaries, and says that they have ended. It loads nothing.
var page = template.Must(template.New("unsubscribe").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="auto"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>WorkDrive</title></head>
<body><main>{{if .Done}}<p>{{.Text}}</p>{{else}}<p>{{.Text}}</p><form method="post"><button>{{.Button}}</button></form>{{end}}</main></body></html>
`))

// serveUnsubscribe answers the address in the header and the footer of daily summaries. A GET, which
// mail programs send to look, changes nothing and shows a form; its POST, and that of a mail program
// (RFC 8058), ends the summaries. Whoever has the address may.
func (s *Service) serveUnsubscribe(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	who := authz.Actor{OrgID: q.Get("org"), UserID: q.Get("user")}
	want, err := s.sign(r.Context(), who)
	if err == nil && !hmac.Equal([]byte(want), []byte(q.Get("signature"))) {
		err = fault.Forbidden("notification.linkInvalid", "This address was not given out by this server: copy the whole of it.")
	}
	if err == nil && r.Method == http.MethodPost {
		err = s.unsubscribe(r.Context(), who)
	}
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	people, err := s.store.receivers(r.Context(), s.DB.Reader(r.Context()), who.OrgID, []string{who.UserID})
	if err != nil {
		api.WriteProblem(w, err)
		return
	}
	words, language := wordsIn(people[who.UserID].language)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	text := words.asks
	if r.Method == http.MethodPost {
		text = words.stopped
	}
	_ = page.Execute(w, map[string]any{"Language": language, "Text": text, "Button": words.stop, "Done": r.Method == http.MethodPost}) // a client that has gone
}
