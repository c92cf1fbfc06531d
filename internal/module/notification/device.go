package notification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/webpush"
)

// device is a browser that takes push messages.
type device struct {
	orgID, id, userID, name string
	endpoint, p256dh, auth  string
	createdAt               int64
}

// service is the host of the push service, which is all of the endpoint that is shown.
func (d device) service() string {
	u, err := url.Parse(d.endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Subscription is what a browser's PushSubscription.toJSON gives.
type Subscription struct {
	Name     string `json:"name,omitempty" maxLength:"100" doc:"What you call the device"`
	Endpoint string `json:"endpoint" required:"true" maxLength:"2048" doc:"Address at the push service"`
	Keys     struct {
		P256dh string `json:"p256dh" required:"true" maxLength:"200" doc:"The browser's public key, base64url"`
		Auth   string `json:"auth" required:"true" maxLength:"100" doc:"The shared secret, base64url"`
	} `json:"keys" required:"true" doc:"Keys of the subscription"`
}

// vapid gives this server's keys, which are made once.
func (s *Service) vapid(ctx context.Context) (webpush.Keys, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys != nil {
		return *s.keys, nil
	}
	private, err := s.store.key(ctx, s.DB, "vapid", s.now(), func() (string, error) {
		made, err := webpush.NewKeys()
		return made.Private(), err
	})
	if err != nil {
		return webpush.Keys{}, err
	}
	keys, err := webpush.ParseKeys(private)
	if err == nil {
		s.keys = &keys
	}
	return keys, err
}

// sender gives what sends push messages.
func (s *Service) sender(ctx context.Context) (Pusher, error) {
	keys, err := s.vapid(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pusher == nil {
		s.pusher, err = s.Push(keys)
	}
	return s.pusher, err
}

// addDevice registers a browser of the actor's. Registering it again keeps its id; one that was
// somebody else's is the actor's from now on.
func (s *Service) addDevice(ctx context.Context, who authz.Actor, in Subscription) (device, error) {
	sub := webpush.Subscription{Endpoint: in.Endpoint, P256dh: in.Keys.P256dh, Auth: in.Keys.Auth}
	var bad fault.Fields
	if f, ok := fault.As(sub.Check()); ok {
		for _, field := range f.Fields {
			bad.Add(field.Pointer, field.Code, field.Detail)
		}
	} else if f, ok := fault.As(s.Egress.Check(in.Endpoint)); ok {
		bad.Add("/endpoint", f.Code, f.Detail)
	}
	name := strings.TrimSpace(in.Name)
	checkText(&bad, "/name", name, maxDeviceName)
	if err := bad.Err(); err != nil {
		return device{}, err
	}
	d := device{orgID: who.OrgID, id: ids.New(), userID: who.UserID, name: name, endpoint: in.Endpoint, p256dh: in.Keys.P256dh, auth: in.Keys.Auth, createdAt: s.now()}
	hash := sha256.Sum256([]byte(in.Endpoint))
	err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if d.id, d.createdAt, err = s.store.putDevice(ctx, tx, d, hex.EncodeToString(hash[:])); err != nil {
			return err
		}
		return s.store.trimDevices(ctx, tx, who, maxDevices)
	})
	return d, err
}
