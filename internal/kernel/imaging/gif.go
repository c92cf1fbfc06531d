package imaging

import (
	"encoding/binary"
	"errors"
	"slices"
)

// walkGIF goes along the blocks of a GIF (GIF89a, appendix A) up to its trailer.
func (f *file) walkGIF(s *source) error {
	const head = 13
	b, err := s.at(0, head)
	if err != nil {
		return err
	}
	at := head + paletteSize(b[10])
	if at > s.size {
		return errors.New("it is cut off")
	}
	f.clean.copy(0, at)
	var control piece // how the next frame is shown
	for frames := 0; ; {
		if err := s.step(); err != nil {
			return err
		}
		if b, err = s.at(at, 1); err != nil {
			return err
		}
		start := at
		switch b[0] {
		case 0x3b: // the end
			if frames == 0 {
				return errors.New("it ends before its picture")
			}
			f.clean.copy(at, 1)
			f.still.data(0x3b)
			return nil
		case 0x2c: // a frame
			frames++
			if at, err = f.gifFrame(s, at, frames); err != nil {
				return err
			}
			f.clean.copy(control.at, control.n)
			f.clean.copy(start, at-start)
			if frames == 1 {
				f.still = slices.Clone(f.clean)
			}
			control = piece{}
		case 0x21: // an extension
			var kept bool
			if at, kept, err = s.gifExtension(at, &control); err != nil {
				return err
			}
			if kept {
				f.clean.copy(start, at-start)
			}
		default:
			return errors.New("a block that cannot be")
		}
	}
}

// gifFrame checks a frame and gives its end.
func (f *file) gifFrame(s *source, at int64, n int) (int64, error) {
	const head = 10
	b, err := s.at(at, head)
	if err != nil {
		return 0, err
	}
	if err := f.frame(n); err != nil {
		return 0, err
	}
	if err := f.fits(int(binary.LittleEndian.Uint16(b[5:])), int(binary.LittleEndian.Uint16(b[7:]))); err != nil {
		return 0, err
	}
	return s.subBlocksEnd(at + head + paletteSize(b[9]) + 1) // after the size of a code
}

// gifExtension gives the end of an extension and whether it is part of the picture: how often
// an animation repeats. How a frame is shown is remembered for that frame.
func (s *source) gifExtension(at int64, control *piece) (end int64, kept bool, err error) {
	const graphicControl, application, nameLength = 0xf9, 0xff, 11
	b, err := s.at(at, 3)
	if err != nil {
		return 0, false, err
	}
	label, first := b[1], int(b[2])
	if label == application && first == nameLength {
		if b, err = s.at(at+3, nameLength); err != nil {
			return 0, false, err
		}
		kept = string(b) == "NETSCAPE2.0" || string(b) == "ANIMEXTS1.0"
	}
	if end, err = s.subBlocksEnd(at + 2); err != nil {
		return 0, false, err
	}
	if *control = (piece{}); label == graphicControl {
		*control = piece{at: at, n: end - at}
	}
	if kept && end-at > 64 { // the two hold three bytes; more would be somebody's message
		kept = false
	}
	return end, kept, nil
}

// subBlocksEnd skips blocks that each begin with their length, up to an empty one.
func (s *source) subBlocksEnd(at int64) (int64, error) {
	for {
		b, err := s.at(at, 1)
		if err != nil {
			return 0, err
		}
		at += 1 + int64(b[0])
		if b[0] == 0 {
			return at, nil
		}
	}
}

// paletteSize is how many bytes the palette has that a block announces.
func paletteSize(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}
