package api

import (
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Enter lets a request in that is answered outside of the operations, by a protocol with paths,
// media types and errors of its own. The door is the same: load, key, wrong keys, limits of the
// key, and the rule, whose object is the protocol's matter. release is called when the request
// has been answered; it is not nil.
func (r *Router) Enter(w http.ResponseWriter, req *http.Request, key string, rule authz.Rule) (who authz.Actor, release func(), err error) {
	release, err = r.load.enter(req.Context())
	if err != nil {
		return who, func() {}, err
	}
	if key == "" {
		return who, release, fault.New(fault.KindUnauthenticated, "key.missing", "Send an API key.")
	}
	who, err = r.o.Authenticator.Authenticate(req.Context(), key)
	if err != nil {
		if fault.Is(err, fault.KindUnauthenticated) {
			err = r.limits.failed(req.RemoteAddr, err)
		}
		return who, release, err
	}
	if err := r.limits.take(who.TokenID, w.Header().Set); err != nil {
		return who, release, err
	}
	if err := permitted(who, rule); err != nil || !who.Restricted {
		return who, release, err
	}
	if r.o.Restrict != nil {
		return who, release, r.o.Restrict(req.Context(), who, rule, "")
	}
	return who, release, fault.Forbidden("user.restricted", "Finish what is overdue first.")
}
