package bus

import (
	"context"
	"encoding/json"
	"time"

	nats "github.com/nats-io/nats.go"
)

// The subjects on NATS. Nodes of other installations on the same servers only look once more than
// they had to, and hear of organizations they do not have.
const (
	wakeSubject    = "workdrive.wake"
	whisperSubject = "workdrive.whisper"
)

// whispered is a Whisper on its way to other nodes: ids, never content.
type whispered struct {
	OrgID   string          `json:"orgId"`
	Name    string          `json:"name"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data"`
}

// Connect has the nodes of an installation wake each other through NATS: who has committed an
// event says so, and the others look at the outbox at once. Nothing depends on it. A message that
// is lost, and servers that are away, cost time only: every node looks by itself all PollInterval.
// Connect does not wait for servers that are not there yet.
func (b *Bus) Connect(servers string) (closeConnection func(), err error) {
	conn, err := nats.Connect(servers, nats.Name("workdrive"), nats.NoEcho(),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond), nats.ReconnectBufSize(-1), // what could not be said is not said later
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("NATS is away; other nodes are looked at four times a second", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			b.log.Info("NATS is back")
			b.look()
		}))
	if err != nil {
		return nil, err
	}
	if _, err = conn.Subscribe(wakeSubject, func(*nats.Msg) { b.look() }); err == nil {
		_, err = conn.Subscribe(whisperSubject, func(m *nats.Msg) {
			var w whispered
			if json.Unmarshal(m.Data, &w) == nil {
				b.deliver(Delivered{OrgID: w.OrgID, Name: w.Name, Subject: w.Subject, Data: w.Data, At: b.clock.Now()})
			}
		})
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	b.wire.Store(conn)
	return func() {
		b.wire.Store(nil)
		conn.Close()
	}, nil
}

// look has Run look at the outbox.
func (b *Bus) look() {
	select {
	case b.wake <- struct{}{}:
	default: // it will
	}
}

// say publishes to other nodes, if they are reached at this moment.
func (b *Bus) say(subject string, data []byte) {
	if conn := b.wire.Load(); conn != nil {
		_ = conn.Publish(subject, data) // see Connect
	}
}

// Whisper delivers an event that nothing keeps and nobody has to hear: to the subscribers of this
// node, and to those of others that are reached at this moment.
func (b *Bus) Whisper(_ context.Context, e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	message, err := json.Marshal(whispered{e.OrgID, e.Name, e.Subject, data})
	if err != nil {
		return err
	}
	b.say(whisperSubject, message)
	b.deliver(Delivered{OrgID: e.OrgID, Name: e.Name, Subject: e.Subject, Data: data, At: b.clock.Now()})
	return nil
}
