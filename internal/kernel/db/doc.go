// Package db is the database: SQLite in a file, or PostgreSQL, behind one interface.
//
// SQL is written once. ? is the next argument, ?N the Nth, and a few {fragments} stand
// where the engines differ. Reads go through Reader, writes through Write, which returns
// when the change is durable.
//
// On SQLite (WAL, synchronous=FULL) write transactions share fsyncs: group commit. On
// PostgreSQL a Write is a transaction of its own, repeated when it loses a race. Constraint
// violations, a full disk, overload and a lost connection come back as faults.
//
// Migrations are numbered files, one text for both engines, applied under a lock.
package db
