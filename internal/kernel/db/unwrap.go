package db

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The job queue is a library that brings its own drivers: it gets the engine's own handles
// here, and nobody else does.

// SQLite gives the writer connection and true on SQLite.
func (d *DB) SQLite() (*sql.DB, bool) {
	s, ok := d.backend.(*sqliteDB)
	if !ok {
		return nil, false
	}
	return s.writer, true
}

// Postgres gives the pool and true on PostgreSQL.
func (d *DB) Postgres() (*pgxpool.Pool, bool) {
	p, ok := d.backend.(*pgDB)
	if !ok {
		return nil, false
	}
	return p.pool, true
}

// SQLiteTx gives the database/sql transaction behind tx; nil on PostgreSQL.
func SQLiteTx(tx Tx) *sql.Tx {
	if t, ok := tx.(*sqliteTx); ok {
		return t.raw
	}
	return nil
}

// PostgresTx gives the pgx transaction behind tx; nil on SQLite.
func PostgresTx(tx Tx) pgx.Tx {
	if t, ok := tx.(*pgTx); ok {
		return t.raw
	}
	return nil
}
