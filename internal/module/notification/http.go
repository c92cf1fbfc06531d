package notification

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

type (
	empty      struct{}
	sendInput  struct{ Body Draft }
	sendOutput struct {
		Location string `header:"Location" doc:"Path of its deliveries"`
		Body     SentView
	}
	listInput struct {
		api.Page
		Unread bool `query:"unread" doc:"Only what you have not read"`
	}
	listOutput struct {
		Body struct {
			Notifications []EntryView `json:"notifications" nullable:"false" doc:"The entries of this page, newest first"`
			UnreadCount   int         `json:"unreadCount" doc:"How many you have not read, in all"`
			Meta          api.Meta    `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	unreadOutput struct {
		Body struct {
			UnreadCount int `json:"unreadCount" doc:"How many you have not read"`
		}
	}
	readInput  struct{ Body Reading }
	readOutput struct {
		Body struct {
			Changed     int `json:"changed" doc:"How many were marked read"`
			UnreadCount int `json:"unreadCount" doc:"How many you have not read still"`
		}
	}
	deliveriesInput struct {
		api.Page
		ID string `path:"id" doc:"Id of the notification"`
	}
	deliveriesOutput struct {
		Body struct {
			SentView
			States     StatesView     `json:"states" doc:"How many deliveries there are by state"`
			Deliveries []DeliveryView `json:"deliveries" nullable:"false" doc:"The deliveries of this page"`
			Meta       api.Meta       `json:"meta" doc:"Where the page stands in the whole"`
		}
	}
	preferencesInput  struct{ Body Wishes }
	preferencesOutput struct{ Body PreferencesView }
	keyOutput         struct {
		Body struct {
			PublicKey string `json:"publicKey" doc:"The applicationServerKey for pushManager.subscribe, base64url"`
			Enabled   bool   `json:"enabled" doc:"This server sends push messages"`
		}
	}
	deviceInput  struct{ Body Subscription }
	deviceOutput struct {
		Location string `header:"Location" doc:"Path of the device"`
		Body     DeviceView
	}
	devicesOutput struct {
		Body struct {
			Devices []DeviceView `json:"devices" nullable:"false" doc:"Your browsers, oldest first"`
		}
	}
	deviceIDInput struct {
		ID string `path:"id" doc:"Id of the device"`
	}
)

const (
	tag  = "Notification"
	path = "/api/notifications"

	entryExample = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","kind":"mention","title":"Ada Alpha mentioned you in a post","text":null,` +
		`"link":"https://workdrive.company.example/posts/019b7a2e-5c1f-7d30-9b51-000000000002","subject":{"kind":"post","id":"019b7a2e-5c1f-7d30-9b51-000000000002"},` +
		`"actor":null,"count":1,"isRead":false,"readAt":null,"createdAt":"2026-11-24T09:30:00.000Z"}`
	metaExample     = `"meta":{"perPage":10,"totalPages":1,"totalResults":1,"curPage":1,"nextPage":0}`
	deliveryExample = `{"id":"019b7a2e-5c1f-7d30-9b51-000000000003","medium":"EMAIL","userId":null,"email":"abc@domain.com","deviceId":null,"state":"delivered","code":null,` +
		`"reason":null,"attempts":1,"nextAt":null,"createdAt":"2026-11-24T09:30:00.000Z","updatedAt":"2026-11-24T09:30:01.000Z"}`
	deviceExample = `{"id":"019b7a2e-5c1f-7d30-9b51-000000000004","name":"Laptop","service":"push.example.net","createdAt":"2026-11-24T09:30:00.000Z"}`
	subscribing   = `{"name":"Laptop","endpoint":"https://push.example.net/send/a1b2c3","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`
	choices       = `{"timeZone":"Europe/Berlin","kinds":{"mention":{"inApp":true,"email":false,"sms":false,"push":true}},"quietHours":{"from":"22:00","to":"07:00"},"digest":{"at":"08:00"}}`
)

var (
	mine   = authz.Rule{Scope: "notifications:read", Restricted: true}
	change = authz.Rule{Scope: "notifications:write", Restricted: true}
	sentEx = `{"id":"019b7a2e-5c1f-7d30-9b51-3a9f1c2d4e5f","medium":"EMAIL","accepted":2}`
)

// Register mounts the operations.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	r.Gate(deviceNoun, s.deviceGate)
	r.Handle("unsubscribe", http.MethodGet, unsubscribePath, http.HandlerFunc(s.serveUnsubscribe))
	r.Handle("unsubscribe", http.MethodPost, unsubscribePath, http.HandlerFunc(s.serveUnsubscribe))
	s.registerSending(r)
	s.registerInbox(r)
	s.registerDevices(r)
}

func (s *Service) registerSending(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "sendNotification", Method: http.MethodPost, Path: path + "/send", Tag: tag, Summary: "Send a notification", Status: http.StatusAccepted, MaxBody: maxSend,
		Description: "To people, by one channel, and by mail to any address. It is spread and delivered in the background; what became of it is read from its deliveries. " +
			"People who turned announcements off by this channel do not get it, and nobody gets it twice.",
		Authz:   authz.Rule{Capability: authz.NotificationsSend, Scope: "notifications:write", BodyRefs: map[string]string{"receiverUserIds": "user"}},
		Example: api.Example{Response: sentEx},
	}, s.send202)
	api.Register(r, api.Operation{
		ID: "listNotificationDeliveries", Method: http.MethodGet, Path: path + "/{id}/deliveries", Tag: tag, Summary: "Read what became of a notification",
		Description: "Of one that was sent by this API, for whoever may send.",
		Authz:       authz.Rule{Capability: authz.NotificationsSend, Scope: "notifications:read", Object: &authz.Object{Param: "id", Type: noun}},
		Example: api.Example{Response: sentEx[:len(sentEx)-1] + `,"states":{"queued":0,"sending":0,"delivered":1,"failed":0,"suppressed":0},"deliveries":[` +
			deliveryExample + `],` + metaExample + `}`},
	}, s.listDeliveries)
}

func (s *Service) registerInbox(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "listNotifications", Method: http.MethodGet, Path: path, Tag: tag, Summary: "Read your inbox",
		Description: "Newest first. What is about something that you may not see any more is not there.", Authz: mine,
		Example: api.Example{Response: `{"notifications":[` + entryExample + `],"unreadCount":1,` + metaExample + `}`},
	}, s.list)
	api.Register(r, api.Operation{
		ID: "countUnreadNotifications", Method: http.MethodGet, Path: path + "/unread", Tag: tag, Summary: "Count what you have not read", Authz: mine,
		Example: api.Example{Response: `{"unreadCount":3}`},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*unreadOutput, error) {
		var out unreadOutput
		var err error
		out.Body.UnreadCount, err = s.unread(ctx, who)
		return &out, err
	})
	api.Register(r, api.Operation{
		ID: "markNotificationsRead", Method: http.MethodPut, Path: path + "/read", Tag: tag, Summary: "Mark notifications read",
		Description: "Some by their ids, or everything up to a moment.", Authz: change,
		Example: api.Example{Request: `{"until":"2026-11-24T09:30:00.000Z"}`, Response: `{"changed":3,"unreadCount":0}`},
	}, func(ctx context.Context, who authz.Actor, in *readInput) (*readOutput, error) {
		var out readOutput
		var err error
		out.Body.Changed, out.Body.UnreadCount, err = s.MarkRead(ctx, who, in.Body)
		return &out, err
	})
	api.Register(r, api.Operation{
		ID: "getNotificationPreferences", Method: http.MethodGet, Path: path + "/preferences", Tag: tag, Summary: "Read how you are told", Authz: mine,
		Example: api.Example{Response: choices},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*preferencesOutput, error) {
		p, zone, err := s.Preferences(ctx, who)
		return &preferencesOutput{preferencesView(p, zone)}, err
	})
	api.Register(r, api.Operation{
		ID: "setNotificationPreferences", Method: http.MethodPut, Path: path + "/preferences", Tag: tag, Summary: "Replace how you are told",
		Description: "Kinds and channels that are left out have their defaults. The inbox does not wait for the end of quiet hours; the time zone is that of your profile.", Authz: change,
		Example: api.Example{Request: `{"kinds":{"mention":{"email":true}},"quietHours":{"from":"22:00","to":"07:00"},"digest":{"at":"08:00"}}`, Response: choices},
	}, func(ctx context.Context, who authz.Actor, in *preferencesInput) (*preferencesOutput, error) {
		p := in.Body.preferences()
		zone, err := s.SetPreferences(ctx, who, p)
		return &preferencesOutput{preferencesView(p, zone)}, err
	})
}

func (s *Service) registerDevices(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "getPushKey", Method: http.MethodGet, Path: path + "/push-key", Tag: tag, Summary: "Read the key that browsers subscribe with", Authz: mine,
		Example: api.Example{Response: `{"publicKey":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","enabled":true}`},
	}, func(ctx context.Context, _ authz.Actor, _ *empty) (*keyOutput, error) {
		keys, err := s.vapid(ctx)
		var out keyOutput
		out.Body.PublicKey, out.Body.Enabled = keys.Public(), s.Push != nil
		return &out, err
	})
	api.Register(r, api.Operation{
		ID: "listDevices", Method: http.MethodGet, Path: path + "/devices", Tag: tag, Summary: "List your browsers that take push messages", Authz: mine,
		Example: api.Example{Response: `{"devices":[` + deviceExample + `]}`},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*devicesOutput, error) {
		list, err := s.store.mine(ctx, s.DB.Reader(ctx), who)
		var out devicesOutput
		out.Body.Devices = make([]DeviceView, len(list))
		for i, d := range list {
			out.Body.Devices[i] = deviceView(d)
		}
		return &out, err
	})
	api.Register(r, api.Operation{
		ID: "registerDevice", Method: http.MethodPost, Path: path + "/devices", Tag: tag, Summary: "Register a browser for push messages", Status: http.StatusCreated,
		Description: "With what pushManager.subscribe gave. Registering a subscription again keeps its id; its address and keys are never shown again. You have at most 20: a further one replaces the oldest.",
		Authz:       change, Example: api.Example{Request: subscribing, Response: deviceExample},
	}, func(ctx context.Context, who authz.Actor, in *deviceInput) (*deviceOutput, error) {
		d, err := s.addDevice(ctx, who, in.Body)
		return &deviceOutput{Location: path + "/devices/" + d.id, Body: deviceView(d)}, err
	})
	api.Register(r, api.Operation{
		ID: "removeDevice", Method: http.MethodDelete, Path: path + "/devices/{id}", Tag: tag, Summary: "Forget a browser", Status: http.StatusNoContent,
		Authz: authz.Rule{Scope: "notifications:write", Restricted: true, Object: &authz.Object{Param: "id", Type: deviceNoun}},
	}, func(ctx context.Context, who authz.Actor, in *deviceIDInput) (*empty, error) {
		return &empty{}, s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error { return s.store.removeDevice(ctx, tx, who, in.ID) })
	})
}

// send202 sends a notification.
func (s *Service) send202(ctx context.Context, who authz.Actor, in *sendInput) (*sendOutput, error) {
	n, err := s.Send(ctx, who, in.Body)
	return &sendOutput{Location: path + "/" + n.ID + "/deliveries", Body: sentView(n)}, err
}

func (s *Service) list(ctx context.Context, who authz.Actor, in *listInput) (*listOutput, error) {
	entries, meta, sum, err := s.inbox(ctx, who, in.Unread, in.Page)
	var out listOutput
	out.Body.Notifications, out.Body.UnreadCount, out.Body.Meta = make([]EntryView, len(entries)), sum.unread, meta
	for i, e := range entries {
		out.Body.Notifications[i] = s.entryView(e)
	}
	return &out, err
}

func (s *Service) listDeliveries(ctx context.Context, who authz.Actor, in *deliveriesInput) (*deliveriesOutput, error) {
	list, n, states, meta, err := s.report(ctx, who, in.ID, in.Page)
	var out deliveriesOutput
	out.Body.SentView, out.Body.Meta = sentView(n), meta
	out.Body.States = StatesView{states[Queued], states[Sending], states[Delivered], states[Failed], states[Suppressed]}
	out.Body.Deliveries = make([]DeliveryView, len(list))
	for i, d := range list {
		out.Body.Deliveries[i] = deliveryView(d)
	}
	return &out, err
}
