package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

const (
	idempotencyHeader = "Idempotency-Key"
	maxKeyLength      = 255
	// AnswersKept is how long answers to requests with an Idempotency-Key can be repeated.
	AnswersKept = 24 * time.Hour
)

// once runs a request in one transaction together with the record of its answer, or gives
// the recorded answer again.
func (r *Router) once(ctx huma.Context, s *state, key string, next func(huma.Context)) {
	if s.op.Secret {
		r.refuse(ctx, s, fault.New(fault.KindInvalid, "idempotency.secret",
			"The answer to this request holds a secret, which is not stored and cannot be repeated: send no Idempotency-Key."))
		return
	}
	if len(key) > maxKeyLength || !isPlain(key) {
		r.respond(ctx, s.rejected(ctx.Context(), fault.Invalid(fault.Field{
			Pointer: idempotencyHeader, Code: "field.format", Detail: "The key must be at most 255 printable ASCII characters.",
		})))
		return
	}
	var out *buffered
	err := r.o.DB.Write(ctx.Context(), func(tctx context.Context, tx db.Tx) error {
		k := storedKey{s.who.OrgID, s.who.UserID, key, s.hash(ctx)}
		var err error
		if out, err = k.claim(tctx, tx, r.o.Clock.Now().UnixMilli()); err != nil || out != nil {
			return err
		}
		out = &buffered{embedded: huma.WithContext(ctx, tctx), header: http.Header{}}
		r.decode(out, s, next)
		if out.status >= http.StatusMultipleChoices {
			return errNotStored // rolls back whatever the operation did
		}
		return k.keep(tctx, tx, out)
	})
	if err != nil && !errors.Is(err, errNotStored) {
		r.refuse(ctx, s, err)
		return
	}
	out.flush(ctx)
}

func isPlain(key string) bool {
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

var errNotStored = errors.New("api: not a success, not stored")

// hash identifies the request that a key was sent with.
func (s *state) hash(ctx huma.Context) string {
	u, h := ctx.URL(), sha256.New()
	for _, part := range []string{ctx.Method(), u.Path, u.RawQuery} {
		_, _ = io.WriteString(h, part+"\n") // a hash does not fail
	}
	_, _ = h.Write(s.body)
	return hex.EncodeToString(h.Sum(nil))
}

// storedKey is one row of idempotency_keys.
type storedKey struct{ orgID, userID, key, hash string }

// claim takes the key for this request, or gives the answer it got before. Another request
// with the same key waits here for the first one's transaction.
func (k storedKey) claim(ctx context.Context, tx db.Tx, now int64) (*buffered, error) {
	n, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (org_id, user_id, key, request_hash, status, headers, body, created_at)
		VALUES (?, ?, ?, ?, 0, '{}', '', ?) ON CONFLICT (org_id, user_id, key) DO NOTHING`, k.orgID, k.userID, k.key, k.hash, now)
	if err != nil || n == 1 {
		return nil, err
	}
	var hash, headers, body string
	out := &buffered{header: http.Header{}}
	err = tx.QueryRow(ctx, `SELECT request_hash, status, headers, body FROM idempotency_keys WHERE org_id = ? AND user_id = ? AND key = ?`,
		k.orgID, k.userID, k.key).Scan(&hash, &out.status, &headers, &body)
	if err != nil {
		return nil, err
	}
	if hash != k.hash {
		return nil, fault.Conflict("idempotency.mismatch", "This Idempotency-Key was used for another request.")
	}
	if err := json.Unmarshal([]byte(headers), &out.header); err != nil {
		return nil, err
	}
	out.header.Set("Idempotent-Replay", "true")
	out.body.WriteString(body)
	return out, nil
}

func (k storedKey) keep(ctx context.Context, tx db.Tx, out *buffered) error {
	headers, err := json.Marshal(out.header)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE idempotency_keys SET status = ?, headers = ?, body = ? WHERE org_id = ? AND user_id = ? AND key = ?`,
		out.status, string(headers), out.body.String(), k.orgID, k.userID, k.key)
	return err
}

// ForgetAnswers deletes the answers that are older than AnswersKept.
func (r *Router) ForgetAnswers(ctx context.Context) error {
	before := r.o.Clock.Now().Add(-AnswersKept).UnixMilli()
	return r.o.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < ?`, before)
		return err
	})
}

// buffered is an answer that is sent after its transaction is durable.
type buffered struct {
	embedded
	status int
	header http.Header
	body   bytes.Buffer
}

// SetStatus implements huma.Context.
func (b *buffered) SetStatus(code int) { b.status = code }

// Status implements huma.Context.
func (b *buffered) Status() int { return b.status }

// SetHeader implements huma.Context.
func (b *buffered) SetHeader(name, value string) { b.header.Set(name, value) }

// AppendHeader implements huma.Context.
func (b *buffered) AppendHeader(name, value string) { b.header.Add(name, value) }

// BodyWriter implements huma.Context.
func (b *buffered) BodyWriter() io.Writer { return &b.body }

func (b *buffered) flush(to huma.Context) {
	for name, values := range b.header {
		for i, v := range values {
			if i == 0 {
				to.SetHeader(name, v)
			} else {
				to.AppendHeader(name, v)
			}
		}
	}
	to.SetStatus(b.status)
	_, _ = to.BodyWriter().Write(b.body.Bytes()) // the client may have gone
}
