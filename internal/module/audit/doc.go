// Package audit is the log of what administrators did and of what was denied to whom.
//
// # Who may do what
//
// Whoever has audit:read reads the log of their organization, and leaves a trace of it. Nobody
// changes or deletes entries: there is no operation for it.
//
// # What is in it
//
// Every call of an operation that asks for a capability, and every call that was answered 403
// (kernel/api hands them over): when, who with which key, which operation on which object, and why
// not. Nothing that was sent, and nothing that was answered. A change and its entry are one
// transaction: neither is there without the other. A call that only reads is written down before
// it is answered, a denial right after, when its own transaction has been undone. A call that an
// administrator made and that changed nothing (a missing object, wrong input) leaves no entry.
//
// # The chain
//
// Entries of an organization are numbered without gaps, and each carries a hash of itself and the
// hash before it. Whoever changes, removes or inserts one has to make all later hashes anew, and
// the end, which is kept beside the chain; "workdrive audit verify" checks both and prints the end.
// Somebody who can write to the database can make a whole chain anew: against them helps only an
// end that was kept elsewhere. Adding to a chain locks its end until the transaction commits, so
// that administrators of one organization take turns there; it is the last lock of every
// transaction, and nobody else waits.
//
// # Tables
//
// Owns audit_entries and audit_heads. It publishes nothing and deletes nothing.
package audit
