package egress

import (
	"errors"
	"fmt"
	"io"
)

// body gives at most left bytes, then ErrTooLarge if there would be more.
type body struct {
	io.ReadCloser
	left int64
	over func() error // says why the request is over, nil while it is not
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return b.end(p)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, b.why(err)
}

// why tells what ended a reading: when the time is over the connection is closed, and a read may
// hear of that first.
func (b *body) why(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if over := b.over(); over != nil && !errors.Is(err, over) {
		return fmt.Errorf("%w: %w", over, err)
	}
	return err
}

// end tells a body that fits exactly from one that goes on.
func (b *body) end(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var one [1]byte
	n, err := b.ReadCloser.Read(one[:])
	if n > 0 {
		return 0, ErrTooLarge
	}
	return 0, b.why(err)
}
