// Package stream is what happens, as it happens: one stream of server-sent events for everything
// a person may see, who is typing, and who is online.
//
// # Who may do what
//
// Everybody has streams of their own, at most MaxPerPerson on a node. A stream tells of what its
// person may see at the moment of the telling (kernel/changes decides), of nouns that its key
// covers. Members who may write in a conversation tell the others that they are typing. Everybody
// of an organization may know who of it is online.
//
// # What is never lost, and never told twice
//
// Every event has an id, which is its place in the log of the bus (bus.Log): an order in which
// nothing appears later, kept for a day. A stream that is opened with Last-Event-ID goes on right
// behind it: it reads the log up to the place where the node's tail stands, and takes what the
// tail brings from there on. The tail puts a stream among its listeners between two steps, and
// tells it the place, so that nothing lies between the two and nothing is in both. Events are
// compared by place once more before they are written.
//
// An id that is too old, or of another log, is answered by the event "reset": the client reads
// everything anew, and the stream goes on from there. Presence and typing are the exceptions:
// typing has no id and is gone when nobody hears it; presence is told again by every card.
//
// On PostgreSQL numbers of events become visible out of order. Why the log's order is safe all
// the same, and what it costs, is told at bus.Log. Why memberships may be remembered between
// events is told in kernel/changes; what has to be done for it, handing over every stretch that
// was read, with the events whose place is not final, is done in step.
//
// # When a stream ends
//
//   - The key was revoked, or its owner archived, blocked, or the organization suspended: at once
//     on the node where it was done, on others as soon as they hear of it; nothing later in the
//     log is told. Every few seconds all keys are looked at again, for those that expire.
//   - The client does not take what it is sent: when its queue is full, or a write takes ten
//     seconds. Others are not held up. It comes back with its last id and misses nothing.
//   - The server stops: with a "retry" of a few seconds, different for each, so that not all
//     clients come back in the same moment.
//
// # Cost
//
// A node reads the log once for all its streams, when it hears of an event or once a second. Who
// may see an event is asked once per object and audience, for all listeners together. An idle
// stream costs its connection, a queue and a heartbeat every twenty seconds, which carries the
// place reached, so that a client that saw nothing for a day need not begin anew.
//
// # Tables, events, tasks
//
// Owns presence. Publishes presence.changed (the subject is the person; data has online), and
// whispers typing.started, which no log keeps: with several nodes it needs NATS (docs/adr/0018).
// Run is the tail.
//
// # What it does not do
//
// It sends no content: an event names what changed, and the client reads it, seeing what it may
// see then. It has no WebSockets.
package stream
