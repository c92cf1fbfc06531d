package imaging

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// pngPicture are the chunks of a PNG that make its picture (PNG 3rd edition, 11). Those that
// say what colours mean are marked.
var pngPicture = map[string]bool{
	"IHDR": false, "PLTE": false, "IDAT": false, "IEND": false, "tRNS": false, "sBIT": false, "bKGD": false, "hIST": false, "pHYs": false,
	"acTL": false, "fcTL": false, "fdAT": false, // animation
	"gAMA": true, "cHRM": true, "sRGB": true, "iCCP": true, "cICP": true, "mDCV": true, "cLLI": true,
}

// walkPNG goes along the chunks of a PNG up to the last one, IEND.
func (f *file) walkPNG(s *source) error {
	const mark, head, sum = 8, 8, 4
	f.clean.copy(0, mark)
	var exif pieces
	frames, seen := 0, map[string]int{}
	for at := int64(mark); ; {
		if err := s.step(); err != nil {
			return err
		}
		b, err := s.at(at, head)
		if err != nil {
			return err
		}
		length, name := int64(binary.BigEndian.Uint32(b)), string(b[4:])
		all := head + length + sum
		if length > math.MaxInt32 || at+all > s.size {
			return errors.New("it is cut off")
		}
		colours, kept := pngPicture[name]
		if _, known := seen[name]; kept || known {
			seen[name]++
		}
		switch {
		case (at == mark) != (name == "IHDR"):
			return errors.New("its header is not where it should be")
		case name == "fcTL":
			frames++
			if err := f.frame(frames); err != nil {
				return err
			}
		case name == "eXIf" && length < windowSize-head && f.Orientation == 1:
			if b, err = s.at(at+head, int(length)); err != nil {
				return err
			}
			f.Orientation = orientation(b)
			exif.data(chunk("eXIf", exifOf(f.Orientation))...)
		case colours && all <= windowSize && seen[name] == 1:
			if b, err = s.at(at, int(all)); err != nil {
				return err
			}
			f.colours = append(f.colours, b...)
		case name == "IDAT" && seen[name] == 1 && f.Orientation != 1 && seen["acTL"] > 0:
			f.clean = append(f.clean, exif...) // an animation is not turned
		case name == "IEND":
			if seen["IDAT"] == 0 {
				return errors.New("it ends before its picture")
			}
			f.clean.copy(at, all)
			f.still = f.clean
			return nil
		}
		if kept {
			f.clean.copy(at, all)
		}
		at += all
	}
}

// chunk is a chunk of a PNG.
func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
