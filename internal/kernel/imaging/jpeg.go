package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The markers of a JPEG (ITU-T T.81, table B.1) that matter here.
const (
	sof0, sof2, sof15  = 0xc0, 0xc2, 0xcf
	dht, jpg, dac      = 0xc4, 0xc8, 0xcc // between the start-of-frame markers, and none
	soi, eoi, sos      = 0xd8, 0xd9, 0xda
	dqt, dnl, dri, exp = 0xdb, 0xdc, 0xdd, 0xdf
	app0, app1, app2   = 0xe0, 0xe1, 0xe2
	app14              = 0xee
)

// walkJPEG goes along the segments of a JPEG, up to its end. What follows the end, such as the
// film of a moving picture, is not taken.
func (f *file) walkJPEG(s *source) error {
	f.clean.copy(0, 2)
	frames, scans, rgb := 0, 0, true
	for at := int64(2); ; {
		if err := s.step(); err != nil {
			return err
		}
		b, err := s.at(at, 2)
		if err != nil {
			return err
		}
		marker := b[1]
		switch {
		case b[0] != 0xff:
			return errors.New("no segment where there should be one")
		case marker == 0xff: // fill
			at++
			continue
		case marker == eoi:
			if frames != 1 || scans == 0 {
				return errors.New("it ends before its picture")
			}
			f.clean.copy(at, 2)
			f.still = f.clean
			if !rgb {
				f.colours = nil
			}
			return nil
		}
		if b, err = s.at(at, 4); err != nil {
			return err
		}
		length := int64(binary.BigEndian.Uint16(b[2:]))
		if length < 2 || marker < sof0 || marker >= 0xd0 && marker <= eoi {
			return errors.New("a segment that cannot be")
		}
		segment, err := s.at(at, int(2+length))
		if err != nil {
			return err
		}
		next := at + 2 + length
		switch {
		case marker >= sof0 && marker <= sof15 && marker != dht && marker != jpg && marker != dac:
			frames++
			rgb = f.jpegFrame(marker, segment)
			f.clean.copy(at, 2+length)
		case marker == sos:
			scans++
			if next, err = s.entropyEnd(next); err != nil {
				return err
			}
			f.clean.copy(at, next-at)
		case marker == dht, marker == dac, marker >= dqt && marker <= exp:
			f.clean.copy(at, 2+length)
		case marker == app1 && bytes.HasPrefix(segment[4:], exifMark):
			if f.Orientation == 1 {
				f.Orientation = orientation(segment[4:])
			}
		case marker == app0 || marker == app2 || marker == app14:
			f.keepApplication(marker, segment, at)
		} // all else is metadata: APPn, comments, and what nobody has defined
		at = next
	}
}

// jpegFrame notes what decoding will need, and reports whether the picture is in colours that
// decoding leaves alone.
func (f *file) jpegFrame(marker byte, segment []byte) (rgb bool) {
	const head = 10
	if len(segment) < head {
		return false
	}
	components := segment[head:]
	n := min(int(segment[head-1]), len(components)/3)
	var samples, h, v int
	for i := range n {
		ch, cv := int(components[3*i+1]>>4), int(components[3*i+1]&15)
		samples, h, v = samples+ch*cv, max(h, ch), max(v, cv)
	}
	f.perPixel = float64(samples) / float64(max(h*v, 1))
	if marker == sof2 {
		f.perPixel *= 1 + 4 // the coefficients of the whole picture are kept, four bytes each
	}
	return n == 3
}

// keepApplication takes from the segments of applications what a picture needs to look right.
func (f *file) keepApplication(marker byte, segment []byte, at int64) {
	const jfif, adobe = 18, 16 // bytes of what is kept, marker included
	is := func(name string, least int) bool {
		return len(segment) >= least && bytes.HasPrefix(segment[4:], []byte(name))
	}
	switch {
	case marker == app0 && is("JFIF\x00", jfif):
		kept := bytes.Clone(segment[:jfif])
		kept[2], kept[3] = 0, jfif-2
		kept[16], kept[17] = 0, 0 // no thumbnail
		f.clean.data(kept...)
	case marker == app14 && is("Adobe", adobe): // how the colours are stored
		kept := bytes.Clone(segment[:adobe])
		kept[2], kept[3] = 0, adobe-2
		f.clean.data(kept...)
	case marker == app2 && is("ICC_PROFILE\x00", 0): // what they mean
		f.clean.copy(at, int64(len(segment)))
		f.colours = append(f.colours, segment...)
	}
}

// entropyEnd finds the first marker after the data of a scan.
func (s *source) entropyEnd(at int64) (int64, error) {
	for {
		n := int(min(windowSize, s.size-at))
		b, err := s.at(at, n)
		if err != nil {
			return 0, err
		}
		i := bytes.IndexByte(b, 0xff)
		switch {
		case n < 2:
			return 0, errors.New("it is cut off")
		case i < 0:
			at += int64(n)
		case i == n-1:
			at += int64(i) // what follows is in the next window
		case b[i+1] == 0 || b[i+1] >= 0xd0 && b[i+1] <= 0xd7:
			at += int64(i) + 2
		case b[i+1] == 0xff:
			at += int64(i) + 1
		default:
			return at + int64(i), nil
		}
	}
}
