package app

import (
	"net/http"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/authz"
)

// TestTwoAdministratorsLeaveAtOnceByEveryPath takes the last two administrators away at the
// same moment, each by another operation: one of them has to stay.
func TestTwoAdministratorsLeaveAtOnceByEveryPath(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var administrators string
		for _, g := range h.call(t, h.admin, http.MethodGet, "/api/security_groups", "", http.StatusOK)["groups"].([]any) {
			if g := g.(map[string]any); text(g, "builtin") == "administrators" {
				administrators = text(g, "id")
			}
		}
		members := "/api/security_groups/" + administrators + "/members"
		ids := func(id string) string { return `{"ids":["` + id + `"]}` }
		type request struct{ method, target, body string }
		paths := map[string]func(id string) request{
			"deleteUser":      func(id string) request { return request{"DELETE", "/api/users/" + id + "?bulk=true", ""} },
			"bulkDeleteUsers": func(id string) request { return request{"DELETE", "/api/users/bulk-delete", ids(id)} },
			"block":           func(id string) request { return request{"PATCH", "/api/users/" + id, `{"status":"BLOCKED"}`} },
			"archive":         func(id string) request { return request{"PATCH", "/api/users/" + id, `{"status":"ARCHIVE"}`} },
			"remove":          func(id string) request { return request{"DELETE", members, ids(id)} },
		}
		// Somebody who may do all that without being an administrator.
		capabilities := ""
		for _, c := range authz.Capabilities {
			capabilities += `,"` + string(c) + `"`
		}
		group := text(h.call(t, h.admin, http.MethodPost, "/api/security_groups", `{"name":"Deputies","capabilities":[`+capabilities[1:]+`]}`, http.StatusCreated), "id")
		deputy, key := h.person(t, "deputy")
		h.call(t, h.admin, http.MethodPost, "/api/security_groups/"+group+"/members", ids(deputy), http.StatusOK)
		second, _ := h.person(t, "second")
		pair := [2]string{h.root.UserID, second}
		for _, names := range [][2]string{
			{"deleteUser", "remove"}, {"bulkDeleteUsers", "remove"}, {"block", "remove"}, {"archive", "remove"}, {"remove", "remove"},
			{"deleteUser", "block"}, {"deleteUser", "bulkDeleteUsers"}, {"archive", "bulkDeleteUsers"},
		} {
			for _, id := range pair {
				h.call(t, key, http.MethodPatch, "/api/users/"+id, `{"status":"ACTIVE"}`, http.StatusOK)
				h.call(t, key, http.MethodPost, members, ids(id), http.StatusOK)
			}
			var got [2]int
			var all sync.WaitGroup
			for i, name := range names {
				all.Go(func() {
					r := paths[name](pair[i])
					got[i] = h.status(key, r.method, r.target, r.body)
				})
			}
			all.Wait()
			if (got[0] == http.StatusConflict) == (got[1] == http.StatusConflict) || min(got[0], got[1]) >= 300 {
				t.Errorf("%v answer %v", names, got)
			}
			var left int
			err := h.o.DB.Reader(t.Context()).QueryRow(t.Context(), `SELECT COUNT(*) FROM security_group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
				WHERE m.org_id = ? AND m.group_id = ? AND u.status = 'ACTIVE'`, h.root.Organization.ID, administrators).Scan(&left)
			if err != nil || left != 1 {
				t.Errorf("%v leave %d administrators, %v", names, left, err)
			}
		}
	})
}
