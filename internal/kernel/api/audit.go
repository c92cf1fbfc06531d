package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Outcomes of audited calls.
const (
	Done   = "DONE"
	Denied = "DENIED"
)

// Audited is a call that is kept in the audit log: who called what on which object and how that
// ended. It has nothing that was sent.
type Audited struct {
	Who                  authz.Actor
	Operation            string
	ObjectType, ObjectID string // "" for collections
	Outcome              string
	Code                 string // why it was denied
	RequestID            string
}

// Auditor keeps calls: those of operations that ask for a capability, and those that were denied.
type Auditor interface {
	Audit(ctx context.Context, tx db.Tx, call Audited) error
}

func (s *state) call(outcome, code string) Audited {
	c := Audited{Who: s.who, Operation: s.op.ID, Outcome: outcome, Code: code, RequestID: s.id}
	if o := s.op.Authz.Object; o != nil {
		c.ObjectType, c.ObjectID = o.Type, s.pathID(o.Param)
	}
	return c
}

// audited lets an operation leave its trace.
func (r *Router) audited(ctx huma.Context, s *state) (huma.Context, error) {
	kept, err := r.keep(ctx.Context(), s.op.Authz, s.op.Method, s.call)
	if err != nil || kept == ctx.Context() {
		return ctx, err
	}
	return huma.WithContext(ctx, kept), nil
}

// auditDenial keeps an operation's call that was denied.
func (r *Router) auditDenial(s *state) {
	if s.denied != "" && s.who.OrgID != "" && s.op != nil {
		r.keepDenial(s.Context, s.call(Denied, s.denied))
	}
}

// keep lets a call that asks for a capability leave its trace: in the transaction of its change,
// which is one of the context's, or before its answer when it only reads. A call that changed
// nothing leaves none.
func (r *Router) keep(ctx context.Context, rule authz.Rule, method string, call func(outcome, code string) Audited) (context.Context, error) {
	if r.o.Auditor == nil || rule.Capability == "" {
		return ctx, nil
	}
	if method == http.MethodGet {
		return ctx, r.o.DB.Write(ctx, func(tctx context.Context, tx db.Tx) error {
			return r.o.Auditor.Audit(tctx, tx, call(Done, ""))
		})
	}
	kept := false // a call may have several transactions
	return db.Accompany(ctx, func(tctx context.Context, tx db.Tx) error {
		if kept {
			return nil
		}
		tx.OnCommit(func() { kept = true })
		return r.o.Auditor.Audit(tctx, tx, call(Done, ""))
	}), nil
}

// keepDenial keeps a call that was denied, after its transaction, if there was one, has been
// undone.
func (r *Router) keepDenial(of context.Context, call Audited) {
	if r.o.Auditor == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(of), defaultTimeout) // whoever is denied may hang up
	defer cancel()
	err := r.o.DB.Write(ctx, func(tctx context.Context, tx db.Tx) error { return r.o.Auditor.Audit(tctx, tx, call) })
	if err != nil {
		r.o.Log.ErrorContext(ctx, "a denied call could not be kept in the audit log", "requestId", call.RequestID, "operation", call.Operation, "user", call.Who.UserID, "error", err)
	}
}
