package imaging

import (
	"bytes"
	"encoding/binary"
)

// orientationTag is EXIF's Orientation (EXIF 2.32, 4.6.5.1), a SHORT in the first directory.
const orientationTag, short = 0x0112, 3

// exifMark precedes EXIF in a JPEG, and wrongly in some files of other formats.
var exifMark = []byte("Exif\x00\x00")

// orientation finds EXIF's orientation in a TIFF structure; 1 when it says none that exists.
func orientation(tiff []byte) int {
	tiff = bytes.TrimPrefix(tiff, exifMark)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	const entrySize = 12
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entrySize {
			return 1
		}
		if order.Uint16(entries) == orientationTag {
			if o := int(order.Uint16(entries[8:])); order.Uint16(entries[2:]) == short && o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[entrySize:]
	}
	return 1
}

// exifOf is a TIFF structure that says an orientation and nothing else.
func exifOf(orientation int) []byte {
	return []byte{
		'M', 'M', 0, '*', 0, 0, 0, 8, // the first directory begins at 8
		0, 1, // one entry
		orientationTag >> 8, orientationTag & 0xff, 0, short, 0, 0, 0, 1, 0, byte(orientation), 0, 0,
		0, 0, 0, 0, // no other directory
	}
}
