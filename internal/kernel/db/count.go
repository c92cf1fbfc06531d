package db

import (
	"context"
	"sync/atomic"
)

// Counter counts the statements issued under a context.
type Counter struct{ n atomic.Int64 }

// N is the number of statements so far.
func (c *Counter) N() int { return int(c.n.Load()) }

type counterKey struct{}

// CountQueries gives a context whose statements are counted; for tests that assert that a
// list issues the same number of statements whatever its length.
func CountQueries(ctx context.Context) (context.Context, *Counter) {
	c := new(Counter)
	return context.WithValue(ctx, counterKey{}, c), c
}

func count(ctx context.Context) {
	if c, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.n.Add(1)
	}
}
