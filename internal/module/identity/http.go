package identity

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// LogoutHandler answers the provider's back-channel logout, which is no operation of the API: it
// has no key and no JSON (OpenID Connect Back-Channel Logout 1.0, section 2.5).
func (s *Service) LogoutHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodPost {
			h.Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 2*maxLogoutToken)
		err := error(errLogout)
		if r.ParseForm() == nil {
			err = s.Logout(r.Context(), r.PostForm.Get("logout_token"), r.RemoteAddr)
		}
		if err == nil {
			w.WriteHeader(http.StatusOK)
			return
		}
		s.answer(w, r, err)
	})
}

// answer says why a logout was not done, in the form of OAuth 2.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, err error) {
	status, body := http.StatusInternalServerError, map[string]string{"error": "server_error"}
	if f, ok := fault.As(err); ok {
		switch f.Kind {
		case fault.KindInvalid, fault.KindForbidden:
			status, body = http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": f.Detail}
		case fault.KindTooMany:
			status, body = http.StatusTooManyRequests, map[string]string{"error": "temporarily_unavailable"}
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
		case fault.KindUnavailable:
			status, body = http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"}
		}
	}
	if status == http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "a logout failed", "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the provider may have gone
}
