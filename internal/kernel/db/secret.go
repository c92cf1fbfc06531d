package db

import (
	"context"
	"crypto/rand"
	"errors"
)

// Secret gives a secret of this installation by its name, the same on every node: 260 random
// bits as text, made the first time it is asked for.
func (d *DB) Secret(ctx context.Context, name string) (value string, err error) {
	read := func(q Queryer) error {
		return q.QueryRow(ctx, `SELECT value FROM server_secrets WHERE name = ?`, name).Scan(&value)
	}
	if err = read(d.Reader(ctx)); !errors.Is(err, ErrNoRows) {
		return value, err
	}
	err = d.Write(ctx, func(ctx context.Context, tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO server_secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, rand.Text()+rand.Text())
		return err
	})
	if err == nil {
		err = read(d.Reader(ctx)) // another node may have been faster
	}
	return value, err
}
