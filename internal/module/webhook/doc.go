// Package webhook tells programs what happens and lets programs write: webhooks, the same events
// for those who ask, and addresses at which a group chat takes messages.
//
// # Who may do what
//
// Whoever has webhooks:manage makes webhooks of their own and sees, stops and deletes everybody's.
// A webhook is told what its owner may see, of nouns that the key covers with which it was made:
// an administrator is no member of every group chat. Where it goes is changed by its owner alone,
// or others could have themselves told what only the owner may see. Everybody asks
// GET /api/changes for what they may see themselves. Admins of a group chat make addresses for
// programs; a program writes as whoever made its address, for as long as they may write there.
//
// # Webhooks
//
// They follow the Standard Webhooks specification: signed with HMAC-SHA256 over id, time and body,
// the id the same for every attempt. What is sent is a kernel/changes.Change: ids, never content,
// so that a delivery that is late tells nothing that its receiver might not read any more.
// Deliveries are made out of the log of the bus in its order, in one transaction with the place
// they go up to, so that each event makes one, whatever node does it and whatever stops. They are
// sent in no order, and perhaps twice: the receiver knows by the id.
//
// A delivery that fails is tried again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24
// hours, each a fifth sooner or later, or when the receiver says. A webhook of which nothing has
// arrived for three days is stopped, one that answers 410 at once; its reason is shown, and
// switching it on again begins with what happens then. Private addresses are refused when the
// connection is made (kernel/egress), redirects are not followed.
//
// The secret is shown once. It is kept sealed (kernel/seal), since every delivery is signed with
// it: the database or a backup alone does not give it away. It can be replaced at any time, and has
// to be where the key that sealed it is missing.
//
// # Changes
//
// GET /api/changes gives what happened behind a cursor, in the order of the log, in which nothing
// appears later: whoever goes on from each cursor misses nothing. Who may see an event is decided
// when it is asked for. A cursor is good for a day (410 afterwards).
//
// # Tables, jobs
//
// Owns webhooks, webhook_place, webhook_deliveries and conversation_hooks. Publishes nothing. Jobs:
// webhook.deliver, webhook.tidy (deliveries are kept for a month).
//
// # What it does not do
//
// No order between deliveries, no batches, no content.
package webhook
