package imaging

import (
	"encoding/binary"
	"errors"
)

const (
	riffHead  = 8 // name and length
	webpStart = riffHead + 4

	flagEXIF, flagXMP, flagAnimation, flagAlpha = 0x08, 0x04, 0x02, 0x10 // of VP8X
)

// walkWebP goes along the chunks of a WebP (RFC 9649, 2).
func (f *file) walkWebP(s *source) error {
	b, err := s.at(0, webpStart)
	if err != nil {
		return err
	}
	end := riffHead + int64(binary.LittleEndian.Uint32(b[4:]))
	if end > s.size {
		return errors.New("it is cut off")
	}
	var extended []byte // VP8X, once it was seen
	var parts pieces
	frames, pictures := 0, 0
	for at := int64(webpStart); at < end; {
		c, err := s.riffChunk(at, end)
		if err != nil {
			return err
		}
		switch c.name {
		case "VP8X":
			if b, err = s.at(at, riffHead+10); err != nil || c.length != 10 {
				return errors.New("its header is cut off")
			}
			extended = append([]byte(nil), b...)
			extended[riffHead] &^= flagEXIF | flagXMP
			parts.data(extended...) // which is changed once the rest is known
		case "VP8 ", "VP8L":
			pictures++
			if err := f.webpFrame(s, c); err != nil {
				return err
			}
			parts.copy(at, c.all)
		case "ALPH", "ANIM", "ICCP":
			parts.copy(at, c.all)
		case "ANMF":
			frames++
			if err := f.frame(frames); err != nil {
				return err
			}
			if err := f.webpAnimation(s, c, &parts); err != nil {
				return err
			}
		case "EXIF":
			if b, err = s.at(at+riffHead, int(min(c.length, windowSize-riffHead))); err != nil {
				return err
			}
			f.Orientation = orientation(b)
		}
		at += c.all
	}
	if pictures+frames == 0 {
		return errors.New("it ends before its picture")
	}
	if f.Orientation != 1 && extended != nil {
		extended[riffHead] |= flagEXIF
		exif := exifOf(f.Orientation)
		parts.data(append(riff("EXIF", len(exif)), exif...)...)
	} else {
		f.Orientation = 1
	}
	f.clean = container(parts)
	if frames == 0 {
		f.still = f.clean
	}
	return nil
}

// riffChunk is where a chunk is.
type riffChunk struct {
	name            string
	at, length, all int64 // all is with its head, and padded to an even number
}

func (s *source) riffChunk(at, end int64) (riffChunk, error) {
	if err := s.step(); err != nil {
		return riffChunk{}, err
	}
	b, err := s.at(at, riffHead)
	if err != nil {
		return riffChunk{}, err
	}
	c := riffChunk{name: string(b[:4]), at: at, length: int64(binary.LittleEndian.Uint32(b[4:]))}
	c.all = riffHead + c.length + c.length%2
	if at+c.all > end {
		return c, errors.New("it is cut off")
	}
	return c, nil
}

// webpFrame checks the size that encoded pixels have, which the file's header need not tell.
func (f *file) webpFrame(s *source, c riffChunk) error {
	b, err := s.at(c.at+riffHead, 10)
	if err != nil {
		return err
	}
	if c.name == "VP8 " {
		return f.fits(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
	}
	bits := binary.LittleEndian.Uint32(b[1:])
	return f.fits(int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1)
}

// webpAnimation takes one frame of an animation without what it may hold besides. The first
// becomes a still picture.
func (f *file) webpAnimation(s *source, c riffChunk, parts *pieces) error {
	const head = 16
	b, err := s.at(c.at+riffHead, head)
	if err != nil || c.length < head {
		return errors.New("a frame is cut off")
	}
	frame := append([]byte(nil), b...)
	var inner pieces
	alpha := false
	for at, end := c.at+riffHead+head, c.at+riffHead+c.length; at < end; {
		part, err := s.riffChunk(at, end)
		if err != nil {
			return err
		}
		switch part.name {
		case "VP8 ", "VP8L":
			if err := f.webpFrame(s, part); err != nil {
				return err
			}
			inner.copy(at, part.all)
		case "ALPH":
			alpha = true
			inner.copy(at, part.all)
		}
		at += part.all
	}
	parts.data(append(riff("ANMF", head+int(inner.size())), frame...)...)
	*parts = append(*parts, inner...)
	if f.still == nil {
		still := inner
		if alpha {
			header := append(riff("VP8X", 10), flagAlpha, 0, 0, 0)
			still = append(pieces{{data: append(header, frame[6:12]...), n: riffHead + 10}}, inner...)
		}
		f.still = container(still)
	}
	return nil
}

// riff is the head of a chunk.
func riff(name string, length int) []byte {
	return binary.LittleEndian.AppendUint32([]byte(name), uint32(length))
}

// container puts chunks into a WebP file.
func container(parts pieces) pieces {
	head := append(riff("RIFF", len("WEBP")+int(parts.size())), "WEBP"...)
	return append(pieces{{data: head, n: webpStart}}, parts...)
}
