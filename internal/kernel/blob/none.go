package blob

import (
	"context"
	"iter"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// None is the store of a process that has none, such as a command that only looks at the
// database: everything is unavailable.
type None struct{}

var _ Store = None{}

func none() error {
	return fault.New(fault.KindUnavailable, "storage.none", "This process has no file store.")
}

// Presign implements Store.
func (None) Presign(context.Context, Upload) (SignedPost, error) { return SignedPost{}, none() }

// Put implements Store.
func (None) Put(context.Context, string, Content) (Info, error) { return Info{}, none() }

// Stat implements Store.
func (None) Stat(context.Context, string) (Info, error) { return Info{}, none() }

// Open implements Store.
func (None) Open(context.Context, string) (*Object, error) { return nil, none() }

// Delete implements Store.
func (None) Delete(context.Context, string) error { return none() }

// List implements Store.
func (None) List(context.Context, string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) { yield(Info{}, none()) }
}
