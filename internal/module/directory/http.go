package directory

import (
	"context"
	"net/http"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

type (
	syncInput  struct{ Body Options }
	syncOutput struct{ Body Report }
)

// requestTimeout is how long a synchronization may take that somebody waits for.
const requestTimeout = 25 * time.Second

// Register mounts the operation.
func (s *Service) Register(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "syncDirectory", Method: http.MethodPost, Path: "/api/directory/sync", Tag: "Directory", Summary: "Synchronize people with the LDAP directory",
		Description: "Creates, changes and archives people as the operator's LDAP directory has them. One that takes longer than 25 seconds stops with a 503; what it has done stays, and the next one, or the periodic one, goes on.",
		Status:      http.StatusOK, Authz: authz.Rule{Capability: authz.UsersManage, Scope: "users:write"}, Timeout: requestTimeout,
		Statuses: []int{http.StatusConflict, http.StatusServiceUnavailable},
		Example: api.Example{
			Request:  `{"dryRun":true}`,
			Response: `{"dryRun":true,"entries":412,"created":3,"updated":1,"unchanged":407,"archived":2,"archiveRefused":0,"errors":[{"entry":"uid=kim,ou=people,dc=lumen,dc=example","detail":"Another entry has this e-mail address."}]}`,
		},
	}, func(ctx context.Context, who authz.Actor, in *syncInput) (*syncOutput, error) {
		report, err := s.Sync(ctx, who, in.Body)
		if err != nil {
			return nil, err
		}
		return &syncOutput{report}, nil
	})
}
