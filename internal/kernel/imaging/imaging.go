// Package imaging makes pictures that strangers upload fit to be shown: it says how large they
// are, takes out what they tell about where, when and by whom they were made, turns them
// upright and makes thumbnails. It reads JPEG, PNG, GIF and WebP; TIFF, PSD, HEIC and the rest
// are files like any other, and never decoded.
//
// A picture is judged by its headers before a pixel is decoded: more than MaxPixels or
// MaxFrames, in any of its frames, is refused. What decoding would need is computed too and
// held to maxDecoded bytes, so that a caller who runs n at a time needs n times that.
//
// Metadata is taken out by copying the parts of the file that make the picture, which are
// listed, and leaving everything else behind: EXIF with its GPS position, XMP, IPTC, comments,
// embedded thumbnails, and whatever follows the picture's end. Pixels stay bit for bit as they
// were, with one exception: a JPEG or PNG that EXIF would have a viewer turn is turned, since
// EXIF goes. The JPEG is encoded again for that (quality 95). WebP, for which there is no
// encoder in Go, and animated PNG keep EXIF's orientation and nothing else of it.
//
// It owns no tables and emits no events.
package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"
)

// What a picture may have.
const (
	MaxPixels     = 40_000_000 // in one frame
	MaxFrames     = 1_000
	ThumbnailSide = 512 // pixels of a thumbnail's longer side, at most

	maxDecoded = 256 << 20 // bytes
)

var (
	// ErrFormat says that a file is not a JPEG, PNG, GIF or WebP.
	ErrFormat = errors.New("the file is not a picture that can be processed (JPEG, PNG, GIF or WebP)")
	// ErrTooLarge says that a picture has too many pixels or frames.
	ErrTooLarge = errors.New("the picture has too many pixels or frames to be processed")
	// ErrDamaged says that a picture is cut off, damaged, or of a variant nobody reads.
	ErrDamaged = errors.New("the picture cannot be read: it is damaged, cut off or of an unusual variant")
)

// Format is how a picture is stored.
type Format string

// The formats that are read.
const (
	JPEG Format = "image/jpeg"
	PNG  Format = "image/png"
	GIF  Format = "image/gif"
	WebP Format = "image/webp"
)

// Info is what a picture's headers say.
type Info struct {
	Format      Format
	Width       int // as shown: after Orientation
	Height      int
	Orientation int // EXIF's, 1 to 8: how a viewer turns what is stored; 1 is as it is
	Frames      int // 1 unless it is animated
}

// Inspect reads a picture's headers and refuses what is too large. It decodes nothing.
func Inspect(ctx context.Context, r io.ReaderAt, size int64) (Info, error) {
	f, err := parse(&source{ctx: ctx, r: r, size: size})
	if err != nil {
		return Info{}, err
	}
	return f.shown(), nil
}

// Clean writes a picture without its metadata, upright, in its own format, and says what it
// wrote. When it fails, what was written is of no use.
func Clean(ctx context.Context, w io.Writer, r io.ReaderAt, size int64) (Info, error) {
	s := &source{ctx: ctx, r: r, size: size}
	f, err := parse(s)
	if err != nil {
		return Info{}, err
	}
	if f.Orientation == 1 || !f.canTurn() {
		_, err := io.Copy(w, s.open(f.clean))
		return f.shown(), err
	}
	return f.writeUpright(w, s)
}

// Thumbnail writes a small upright picture of a picture's first frame, without metadata: a
// JPEG, or a PNG where something shines through. It says what it wrote.
func Thumbnail(ctx context.Context, w io.Writer, r io.ReaderAt, size int64) (Info, error) {
	s := &source{ctx: ctx, r: r, size: size}
	f, err := parse(s)
	if err != nil {
		return Info{}, err
	}
	img, err := f.decode(s)
	if err != nil {
		return Info{}, err
	}
	small, err := shrink(ctx, img, ThumbnailSide)
	if err != nil {
		return Info{}, err
	}
	upright := turn(small, f.Orientation)
	made := Info{Format: PNG, Width: upright.Bounds().Dx(), Height: upright.Bounds().Dy(), Orientation: 1, Frames: 1}
	if !opaque(upright) {
		return made, png.Encode(w, upright)
	}
	made.Format = JPEG
	var b bytes.Buffer
	if err := jpeg.Encode(&b, upright, &jpeg.Options{Quality: 82}); err != nil {
		return Info{}, err
	}
	return made, f.writeColours(w, b.Bytes(), JPEG)
}

// shown is what the headers say, as a viewer shows it.
func (f *file) shown() Info {
	i := f.Info
	if i.Orientation >= 5 {
		i.Width, i.Height = i.Height, i.Width
	}
	return i
}

// canTurn reports whether the picture can be written in its own format, with all its frames.
func (f *file) canTurn() bool { return f.Format == JPEG || f.Format == PNG && f.Frames == 1 }

func (f *file) writeUpright(w io.Writer, s *source) (Info, error) {
	img, err := f.decode(s)
	if err != nil {
		return Info{}, err
	}
	img = turn(img, f.Orientation)
	if err := s.ctx.Err(); err != nil {
		return Info{}, err
	}
	var b bytes.Buffer
	if f.Format == JPEG {
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 95})
	} else {
		err = png.Encode(&b, img)
	}
	if err != nil {
		return Info{}, err
	}
	made := f.shown()
	made.Orientation = 1
	return made, f.writeColours(w, b.Bytes(), f.Format)
}

// writeColours writes an encoded picture with what its original says about the meaning of its
// colours, if both are of one format: without it pictures of modern telephones fade.
func (f *file) writeColours(w io.Writer, encoded []byte, format Format) error {
	after := map[Format]int{JPEG: 2, PNG: 8 + 25}[format] // behind the mark of a JPEG, behind the IHDR of a PNG
	if format != f.Format {
		f.colours = nil
	}
	for _, part := range [][]byte{encoded[:after], f.colours, encoded[after:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// damaged is ErrDamaged with its cause, which may be that the context has ended.
func damaged(cause error) error {
	if errors.Is(cause, ErrTooLarge) || errors.Is(cause, ErrDamaged) {
		return cause
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, cause)
}
