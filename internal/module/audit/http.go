package audit

import (
	"context"
	"math"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// filter says which entries are wanted.
type filter struct {
	before                     int64
	userID, operation, outcome string
	limit                      int
}

// Register mounts the module's operation.
func (s *Service) Register(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listAudit", Method: http.MethodGet, Path: "/api/audit", Tag: "Audit", Summary: "Read the audit log",
		Description: "What administrators did and what was denied, newest first. Entries are never changed or deleted; each hash covers the one before it (`workdrive audit verify`).",
		Authz:       authz.Rule{Scope: "audit:read", Capability: authz.AuditRead},
		Example: api.Example{Response: `{"entries":[{"seq":42,"at":"2026-11-24T09:30:00.000Z","userId":"019b7a2e-5c1f-7d30-9b51-000000000001",` +
			`"tokenId":"019b7a2e-5c1f-7d30-9b51-000000000002","operation":"deleteUser","objectType":"user","objectId":"019b7a2e-5c1f-7d30-9b51-000000000003",` +
			`"outcome":"DENIED","code":"role.missing","requestId":"019b7a2e-5c1f-7d30-9b51-000000000004",` +
			`"hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}`},
	}, s.list)
}

type listInput struct {
	Before    int64  `query:"before" minimum:"0" doc:"Only entries before this number, to go on: the seq of the last one; 0 begins with the newest"`
	UserID    string `query:"userId" maxLength:"100" doc:"Only calls of this person"`
	Operation string `query:"operation" maxLength:"100" doc:"Only calls of this operation"`
	Outcome   string `query:"outcome" enum:"DONE,DENIED" doc:"Only these"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many"`
}

// View is an entry as clients read it.
type View struct {
	Seq        int64    `json:"seq" doc:"Number in the organization's log, from 1 without gaps"`
	At         api.Time `json:"at" doc:"When"`
	UserID     string   `json:"userId" doc:"Who"`
	TokenID    string   `json:"tokenId" doc:"With which key"`
	Operation  string   `json:"operation" doc:"What was called: the operation's id"`
	ObjectType string   `json:"objectType" doc:"Of what kind the object was; empty without one"`
	ObjectID   string   `json:"objectId" doc:"On which object; empty without one"`
	Outcome    string   `json:"outcome" enum:"DONE,DENIED" doc:"How it ended"`
	Code       string   `json:"code" doc:"Why it was denied"`
	RequestID  string   `json:"requestId" doc:"Id of the request, as in the server's log"`
	Hash       string   `json:"hash" doc:"SHA-256 over the entry and the hash before it"`
}

type listOutput struct {
	Body struct {
		Entries []View `json:"entries" nullable:"false" doc:"Newest first"`
	}
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	f := filter{before: in.Before, userID: in.UserID, operation: in.Operation, outcome: in.Outcome, limit: in.Limit}
	if f.before == 0 {
		f.before = math.MaxInt64
	}
	list, err := s.store.before(ctx, s.db.Reader(ctx), who.OrgID, f)
	out := &listOutput{}
	out.Body.Entries = make([]View, len(list))
	for i, e := range list {
		out.Body.Entries[i] = View{e.Seq, api.At(e.At), e.UserID, e.TokenID, e.Operation, e.ObjectType, e.ObjectID, e.Outcome, e.Code, e.RequestID, e.Hash}
	}
	return out, err
}
