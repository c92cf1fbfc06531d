// Package webpush sends notifications to browsers by Web Push: encrypted for the one browser
// that subscribed (RFC 8291, aes128gcm), signed with this server's key (VAPID, RFC 8292) and
// handed to the push service that the browser named (RFC 8030).
//
// The address of a push service comes from a client, so it is reached through kernel/egress
// alone, and redirects are not followed: they would carry the signature elsewhere. It is also a
// secret (who has it and a key can push), so no error or log line has it; errors name its host.
//
// Payloads are padded to one size, so that the service learns nothing from it. The signature is
// valid for 12 hours at the service's origin only.
//
// 404 and 410 mean that the browser has unsubscribed: ErrGone, whoever keeps the subscription
// drops it. 429 and 5xx are temporary, with Retry-After. Other 4xx are permanent: what the
// service refuses, it refuses tomorrow (kernel/delivery). The key of a message becomes its Topic
// when it has none, so a second attempt replaces the first one while that is not yet shown.
package webpush
