package console

import (
	"net/http"
	"net/url"

	"github.com/workdrive/workdrive/internal/kernel/api"
)

// told are the types of events that pages listen to.
const told = "message.*,notification.*"

// live is the stream of what happens, as GET /api/stream has it, for the person of the session: the
// API itself takes no cookie. A browser that comes back says what it heard last. What a page of
// another site opens is refused, although its browser would not let it read the answer.
func (c *Console) live(v *visit) error {
	if site := v.r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return &problem{Status: http.StatusForbidden, Detail: refusals[http.StatusForbidden]}
	}
	r, err := http.NewRequestWithContext(v.ctx(), http.MethodGet, "/api/stream?"+url.Values{"types": {told}}.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	r.RemoteAddr = v.r.RemoteAddr
	if last := v.r.Header.Get("Last-Event-ID"); last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	c.d.API.ServeHTTP(v.w, api.As(r, v.who))
	return nil
}
