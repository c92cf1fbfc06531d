package imaging

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// source is the file that is read, until its context ends.
type source struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	buf    []byte // a window on the file, for walking along its headers
	start  int64
	steps  int
	buffer [windowSize]byte
}

const (
	windowSize = 128 << 10 // more than the largest segment of a JPEG
	// maxSteps is how many parts a file is made of at most: far more than any has, and few enough
	// to be walked along at once.
	maxSteps = 100_000
)

// ReadAt reads the file unless the context has ended.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if at >= s.size {
		return 0, io.EOF
	}
	short := at+int64(len(p)) > s.size
	if short {
		p = p[:s.size-at]
	}
	n, err := s.r.ReadAt(p, at)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// at gives n bytes of the file (no more than windowSize), good until the next call.
func (s *source) at(at int64, n int) ([]byte, error) {
	if at < 0 || at+int64(n) > s.size {
		return nil, io.ErrUnexpectedEOF
	}
	if at < s.start || at+int64(n) > s.start+int64(len(s.buf)) {
		got, err := s.ReadAt(s.buffer[:], at)
		s.buf, s.start = s.buffer[:got], at
		if got < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	from := at - s.start
	return s.buf[from : from+int64(n)], nil
}

// step counts the parts of a file.
func (s *source) step() error {
	if s.steps++; s.steps > maxSteps {
		return errors.New("it is made of too many parts")
	}
	return nil
}

// piece is a part of a file that is made of another: bytes of its own, or n bytes of the other.
type piece struct {
	data  []byte
	at, n int64
}

// pieces are a file in the making.
type pieces []piece

func (p *pieces) data(b ...byte) { *p = append(*p, piece{data: b, n: int64(len(b))}) }

// copy takes bytes from the source; what follows what was taken last becomes one piece with it.
func (p *pieces) copy(at, n int64) {
	if n == 0 {
		return
	}
	if last := len(*p) - 1; last >= 0 && (*p)[last].data == nil && (*p)[last].at+(*p)[last].n == at {
		(*p)[last].n += n
		return
	}
	*p = append(*p, piece{at: at, n: n})
}

func (p pieces) size() (n int64) {
	for _, x := range p {
		n += x.n
	}
	return n
}

// open reads pieces one after the other.
func (s *source) open(list pieces) io.Reader {
	readers := make([]io.Reader, len(list))
	for i, p := range list {
		if p.data != nil {
			readers[i] = bytes.NewReader(p.data)
		} else {
			readers[i] = io.NewSectionReader(s, p.at, p.n)
		}
	}
	return io.MultiReader(readers...)
}

// file is what is known of a picture from its headers. Width and Height are as stored.
type file struct {
	Info
	clean    pieces  // the file without metadata
	still    pieces  // a file of its first frame alone, for decoding
	colours  []byte  // the parts of a JPEG or PNG that say what its colours mean, when they are RGB
	perPixel float64 // bytes that decoding needs for each pixel
}

// parse reads the headers of a file.
func parse(s *source) (*file, error) {
	head, err := s.at(0, int(min(s.size, 12)))
	if err != nil {
		return nil, damaged(err)
	}
	is := func(at int, mark string) bool {
		return len(head) >= at+len(mark) && string(head[at:at+len(mark)]) == mark
	}
	f := &file{Info: Info{Orientation: 1, Frames: 1}}
	var config func(io.Reader) (image.Config, error)
	var walk func(*source) error
	switch {
	case is(0, "\xff\xd8\xff"):
		f.Format, config, walk = JPEG, jpeg.DecodeConfig, f.walkJPEG
	case is(0, "\x89PNG\r\n\x1a\n"):
		f.Format, config, walk = PNG, png.DecodeConfig, f.walkPNG
	case is(0, "GIF87a"), is(0, "GIF89a"):
		f.Format, config, walk = GIF, gif.DecodeConfig, f.walkGIF
	case is(0, "RIFF") && is(8, "WEBP"):
		f.Format, config, walk = WebP, webp.DecodeConfig, f.walkWebP
	default:
		return nil, ErrFormat
	}
	c, err := config(io.NewSectionReader(s, 0, s.size))
	if err != nil {
		return nil, damaged(err)
	}
	if err := f.fits(c.Width, c.Height); err != nil {
		return nil, err
	}
	f.Width, f.Height = c.Width, c.Height
	f.perPixel = bytesPerPixel(c.ColorModel)
	if err := walk(s); err != nil {
		return nil, damaged(err)
	}
	return f, nil
}

// fits refuses a frame with too many pixels, and one with none.
func (f *file) fits(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return ErrDamaged
	case width > MaxPixels/height:
		return ErrTooLarge
	}
	return nil
}

// frame counts one more frame.
func (f *file) frame(n int) error {
	if n > MaxFrames {
		return ErrTooLarge
	}
	f.Frames = max(n, 1)
	return nil
}
