package egress

import "io"

// body gives at most left bytes, then ErrTooLarge if there would be more.
type body struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return b.end(p)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
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
	return 0, err
}
