package api

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Entrance is a request that is answered outside of the operations, by a protocol with paths,
// media types and errors of its own.
type Entrance struct {
	Key                  string
	Rule                 authz.Rule // its object is the protocol's matter
	Operation, RequestID string     // for the audit log
	ObjectType, ObjectID string     // "" for collections
}

// Visit is a request that was let in, or not: it has to be left in any case.
type Visit struct {
	Who authz.Actor
	// Context is what the request is to be answered in: its first change takes the entry of the
	// audit log along.
	Context context.Context //nolint:containedctx // handed over, not kept

	router   *Router
	before   context.Context //nolint:containedctx // without the entry of the change
	entrance Entrance
	release  func()
}

// Enter lets a request in. The door is that of the operations: load, key, wrong keys, limits of the
// key, the rule, what is overdue, and the audit log.
func (r *Router) Enter(w http.ResponseWriter, req *http.Request, e Entrance) (*Visit, error) {
	v := &Visit{Context: req.Context(), before: req.Context(), router: r, entrance: e, release: func() {}}
	release, err := r.load.enter(req.Context())
	if err != nil {
		return v, err
	}
	v.release = release
	if e.Key == "" {
		return v, fault.New(fault.KindUnauthenticated, "key.missing", "Send an API key.")
	}
	if v.Who, err = r.o.Authenticator.Authenticate(req.Context(), e.Key); err != nil {
		if fault.Is(err, fault.KindUnauthenticated) {
			err = r.limits.failed(req.RemoteAddr, err)
		}
		return v, err
	}
	if err := r.limits.take(v.Who.TokenID, w.Header().Set); err != nil {
		return v, err
	}
	if err := permitted(v.Who, e.Rule); err != nil {
		return v, err
	}
	if v.Who.Restricted {
		if r.o.Restrict == nil {
			return v, fault.Forbidden("user.restricted", "Finish what is overdue first.")
		}
		if err := r.o.Restrict(req.Context(), v.Who, e.Rule, ""); err != nil {
			return v, err
		}
	}
	v.Context, err = r.keep(v.Context, e.Rule, req.Method, v.call)
	return v, err
}

// Leave ends the visit with what came of it. A denial is kept in the audit log.
func (v *Visit) Leave(err error) {
	v.release()
	if f, ok := fault.As(err); ok && f.Kind == fault.KindForbidden && v.Who.OrgID != "" {
		v.router.keepDenial(v.before, v.call(Denied, f.Code))
	}
}

func (v *Visit) call(outcome, code string) Audited {
	e := v.entrance
	return Audited{
		Who: v.Who, Operation: e.Operation, ObjectType: e.ObjectType, ObjectID: e.ObjectID, Outcome: outcome, Code: code, RequestID: e.RequestID,
	}
}
