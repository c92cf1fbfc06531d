// Package token is API keys: the opaque secrets that X-API-KEY carries.
//
// A key is "wd_" and 40 characters: 160 random bits and a checksum, so that most typing
// errors are refused without a look at the database. It is shown once; only its SHA-256 is
// stored, with the first characters to recognise it by. A key belongs to a person, may have a
// name, an expiry and scopes ("posts:read", "posts:*", "*:read"), and can do nothing its
// person cannot do.
//
// Who may do what: everybody makes, lists and revokes their own keys; holders of
// tokens:manage those of everybody in their organization, except that nobody makes a key for
// a person who holds capabilities they lack; revoking one is open to them, since it gives
// nothing away. A key never makes a key with wider scopes or a later end than its own, and a
// scope names what some operation asks for. POST /api/token/generate-access makes the key named
// "API Access" and revokes the earlier one of that name, as the reference's Regenerate does.
//
// A key works while its person is ACTIVE and their organization is not suspended. What was
// found out about a key is kept in memory for at most a second, and dropped at once on this
// node when a key, a person, a group, an organization or a restriction changes: every node
// notices within a second. From when an overdue obligation restricts the person is read with the
// key, ahead of time. When a key was last used is written in the background, to the half minute.
//
// Table: tokens. Events: token.created, token.revoked.
package token
