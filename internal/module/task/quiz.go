package task

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// callback is what the address says that a quiz reports to.
type callback struct {
	orgID, taskID, userID string
	expires               int64 // seconds since 1970
	signature             string
}

// callbackParameter is where the link of a quiz carries that address.
const callbackParameter = "workdrive_callback"

// callbackLife is how long a link that was given out can report.
const callbackLife = 30 * 24 * time.Hour

// mac signs an assignment until a time with a key of its task. Each part is preceded by its
// length, so that no two lists of parts are the same bytes.
func (c callback) mac(key string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	for _, part := range []string{c.orgID, c.taskID, c.userID, strconv.FormatInt(c.expires, 10)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// valid reports whether the address was given out for this task and is still good.
func (c callback) valid(key string, now time.Time) bool {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(c.signature)
	return err == nil && hmac.Equal(sent, c.mac(key)) && now.Unix() < c.expires
}

// quizLink is the link of a quiz with the actor's own callback, nil for other tasks.
func (s *Service) quizLink(who authz.Actor, t Task) *string {
	u, err := url.Parse(t.Link)
	if t.Kind != QuizLink || t.Link == "" || err != nil {
		return nil
	}
	c := callback{orgID: who.OrgID, taskID: t.ID, userID: who.UserID, expires: s.Clock.Now().Add(callbackLife).Unix()}
	q := u.Query()
	q.Set(callbackParameter, s.URL+"/api/tasks/"+t.ID+"/quiz-callback?"+url.Values{
		"org": {c.orgID}, "user": {c.userID}, "expires": {strconv.FormatInt(c.expires, 10)},
		"signature": {base64.RawURLEncoding.EncodeToString(c.mac(t.QuizKey))},
	}.Encode())
	u.RawQuery = q.Encode()
	link := u.String()
	return &link
}

// errCallback is the one answer to an address that was not given out, or is too old.
var errCallback = fault.Forbidden("task.callbackInvalid", "This address was not given out by this server, or has expired: open the quiz again from the task.")

// Report completes a task for the assignee to whom the address of a callback was given. Doing so
// again changes nothing.
func (s *Service) Report(ctx context.Context, c callback) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		who := authz.Actor{OrgID: c.orgID, UserID: c.userID}
		t, err := s.toReport(ctx, tx, who, c)
		if err != nil {
			return err
		}
		if t.Mine.State == Completed {
			return nil
		}
		return s.further(ctx, tx, who, t, complete)
	})
}

// toReport gives the task, locked, that a callback may complete. A task that is gone, or is no
// longer theirs, is the same as a signature that is wrong.
func (s *Service) toReport(ctx context.Context, tx db.Tx, who authz.Actor, c callback) (Seen, error) {
	err := s.store.lock(ctx, tx, c.orgID, c.taskID)
	var t Seen
	if err == nil {
		t, err = s.store.find(ctx, tx, who, c.taskID)
	}
	switch {
	case err != nil && !fault.Is(err, fault.KindNotFound):
		return t, err
	case err != nil, t.Mine == nil, t.Kind != QuizLink, !c.valid(t.QuizKey, s.Clock.Now()):
		return t, errCallback
	}
	return t, nil
}
