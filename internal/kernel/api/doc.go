// Package api is HTTP: how an operation is declared, and everything that happens to a
// request before its handler and to an answer after it.
//
// # Order
//
// Every request passes, in this order: request id, panic isolation, overload gate, route,
// authentication, account state, key scope, capability, rate limit, deadline, body (size,
// media type), idempotency, decoding and validation, handler. Input is never judged before
// it is clear that the caller may know the object of the path: when decoding fails, the
// object's gate runs first and its 404 wins.
//
// # Input
//
// Strict at the edges: duplicate keys, more than 64 levels, too many keys, invalid UTF-8 and
// numbers that do not fit are refused; keys match exactly (encoding/json does not mind case).
// Tolerant inside, as the operation's own schema says: a scalar where a list is meant, a
// number or boolean written as a string. Unknown fields are ignored.
//
// # Errors
//
// Problem details (RFC 9457) with a stable code, every wrong field at once with its JSON
// pointer, and the request id. A 500 never shows its cause; the log does, under the same id.
//
// # Idempotency
//
// A POST with Idempotency-Key runs in one database transaction that also keeps its answer
// for a day: a retry gets the same answer with Idempotent-Replay: true, the same key with
// another request is 409. Only successes are kept. Operations that answer with a secret
// refuse the header, since an answer that must not be stored cannot be repeated.
//
// huma turns typed operations into routes and OpenAPI 3.1; chi routes (docs/adr/0005).
package api
