package app

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/config"
	"github.com/workdrive/workdrive/internal/testkit/cast"
	"github.com/workdrive/workdrive/internal/testkit/dbtest"
)

// natsServer runs a NATS server on a port; 0 is any.
func natsServer(t *testing.T, port int) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(s.Shutdown)
	return s
}

// liveNodes gives several nodes on one PostgreSQL database that are connected to NATS, if any.
func liveNodes(t *testing.T, n int, address, natsURL string) []*live {
	t.Helper()
	var list []*live
	for range n {
		s := site{clock: clock.NewManual(time.UnixMilli(cast.At))}
		var err error
		s.app, err = New(Options{Version: Release, Server: config.Server{MaxInFlight: 64}, DB: dbtest.Open(t, address, constraints()...), Clock: s.clock, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if natsURL != "" {
			disconnect, err := s.app.bus.Connect(natsURL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(disconnect)
		}
		list = append(list, serveLive(t, s))
	}
	return list
}

// TestAMessageReachesStreamsOfEveryNode writes on one node and listens on three, while NATS goes
// and comes back: nothing is lost, nothing comes twice, and typing is heard as long as it is there.
func TestAMessageReachesStreamsOfEveryNode(t *testing.T) {
	t.Parallel()
	address := dbtest.Postgres(t)
	wire := natsServer(t, 0)
	nodes := liveNodes(t, 3, address, wire.ClientURL())
	o := cast.NewOrg(t, nodes[0].app.o.DB)
	ann, bob := o.Person(t, "ann"), o.Person(t, "bob")
	annKey, bobKey := nodes[0].key(t, ann), nodes[0].key(t, bob)
	group := nodes[0].must(t, annKey, "POST", "/api/group-chats", map[string]any{"title": "G", "members": []any{map[string]any{"id": bob.UserID}}})["id"].(string)
	var ears []*ear
	for _, n := range nodes {
		e := n.listen(t, bobKey, "", "?types=message.*,typing.*")
		e.until("ready", "")
		ears = append(ears, e)
	}
	var want []string
	var mu sync.Mutex
	var took []time.Duration
	say := func(n int) {
		t.Helper()
		for range n {
			began := time.Now()
			id := nodes[0].must(t, annKey, "POST", "/api/"+group+"/messages", map[string]any{"message": "m"})["id"].(string)
			want = append(want, "message.sent "+id)
			for _, e := range ears {
				e.until("message.sent", id)
				e.got = append(e.got, told{Event: "message.sent"})
				e.got[len(e.got)-1].Data.ID = id
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		}
	}
	say(40)
	slices.Sort(took)
	t.Logf("with NATS: median %v, p99 %v", took[len(took)/2], took[len(took)*99/100])
	nodes[0].must(t, annKey, "POST", "/api/group-chats/"+group+"/typing", nil)
	for _, e := range ears {
		e.until("typing.started", "")
	}
	port := wire.Addr().String()
	wire.Shutdown()
	wire.WaitForShutdown()
	took = nil
	say(5)
	slices.Sort(took)
	t.Logf("without: median %v, longest %v", took[len(took)/2], took[len(took)-1])
	natsServer(t, portOf(t, port))
	say(20)
	for i, e := range ears {
		var got []string
		for _, n := range e.got {
			got = append(got, n.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("node %d told %d messages, want %d:\n%v\n%v", i, len(got), len(want), got, want)
		}
	}
}

// TestAStreamGoesOnOnAnotherNode resumes on each node in turn behind the id of the one before, while
// both write at the same time.
func TestAStreamGoesOnOnAnotherNode(t *testing.T) {
	t.Parallel()
	nodes := liveNodes(t, 2, dbtest.Postgres(t), "")
	o := cast.NewOrg(t, nodes[0].app.o.DB)
	key := nodes[0].key(t, o.Person(t, "ann"))
	var want, got []string
	last := ""
	first := nodes[0].listen(t, key, "", "?types=post.*")
	first.until("ready", "")
	last = first.last
	first.hangUp()
	for i := range 12 {
		var running sync.WaitGroup
		ids := make([]string, 4)
		for k := range ids { // at the same time, so that numbers and commits are not in one order
			running.Go(func() {
				_, made := nodes[k%2].call(context.Background(), key, "POST", "/api/posts", map[string]any{"postText": "p"})
				ids[k], _ = made["id"].(string)
			})
		}
		running.Wait()
		e := nodes[i%2].listen(t, key, last, "?types=post.*")
		for range ids {
			now, open := e.next()
			for open && now.Event == "ready" {
				now, open = e.next()
			}
			got = append(got, now.Data.ID)
		}
		last = e.last
		e.hangUp()
		want = append(want, ids...)
		slices.Sort(want)
		sorted := slices.Sorted(slices.Values(got))
		if !slices.Equal(sorted, want) {
			t.Fatalf("after %d rounds told %v, want %v", i+1, sorted, want)
		}
	}
}

// portOf gives the port of an address.
func portOf(t *testing.T, address string) int {
	t.Helper()
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return int(a.Port())
}
