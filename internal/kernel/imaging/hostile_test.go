package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"runtime"
	"testing"
)

// pngOf is a PNG whose header says a size, and whose pixels are never looked at.
func pngOf(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 6, 0, 0, 0))...)
	out = append(out, chunk("IDAT", make([]byte, 48<<10))...)
	return append(out, chunk("IEND", nil)...)
}

func jpegOf(width, height uint16) []byte {
	frame := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, height), width)
	frame = append(frame, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0)
	out := append([]byte{0xff, 0xd8}, segment(sof0, string(frame))...)
	return append(append(out, segment(sos, "\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00")...), 0, 0xff, 0xd9)
}

func gifOf(width, height uint16) []byte {
	head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte("GIF89a"), width), height)
	return append(head, "\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x00\x00\x3b"...)
}

// webpOf is a WebP whose header says 1×1, and whose pixels say more.
func webpOf(width, height uint32) []byte {
	bits := binary.LittleEndian.AppendUint32([]byte{0x2f}, (width-1)|(height-1)<<14)
	body := append(riff("VP8X", 10), make([]byte, 10)...)
	body = append(append(body, riff("VP8L", 10)...), append(bits, 0, 0, 0, 0, 0)...)
	return append(append(riff("RIFF", 4+len(body)), "WEBP"...), body...)
}

func bombs(t testing.TB) map[string][]byte {
	animated := cartoon(t, 1)
	frame := "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
	end := len(animated) - len(canary) - 1
	animated = append(append(animated[:end:end], bytes.Repeat([]byte(frame), 10_000)...), 0x3b)
	return map[string][]byte{
		"png of 400 million pixels":       pngOf(20_000, 20_000),
		"png of more pixels than numbers": pngOf(1<<31-1, 1<<31-1),
		"png one column too wide":         pngOf(MaxPixels/1000+1, 1000),
		"jpeg":                            jpegOf(65_500, 65_500),
		"gif":                             gifOf(65_535, 65_535),
		"gif of 10,000 frames":            animated,
		"webp that lies":                  webpOf(16_384, 16_384),
	}
}

// TestBombsAreRefusedByTheirHeaders measures what the whole program allocates, so it runs alone.
func TestBombsAreRefusedByTheirHeaders(t *testing.T) {
	const most = 1 << 20
	ctx := context.Background()
	for name, file := range bombs(t) {
		for verb, call := range map[string]func() error{
			"inspect": func() error { _, err := Inspect(ctx, bytes.NewReader(file), int64(len(file))); return err },
			"clean":   func() error { _, err := Clean(ctx, io.Discard, bytes.NewReader(file), int64(len(file))); return err },
			"thumbnail": func() error {
				_, err := Thumbnail(ctx, io.Discard, bytes.NewReader(file), int64(len(file)))
				return err
			},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call()
			runtime.ReadMemStats(&after)
			if name == "png of more pixels than numbers" && errors.Is(err, ErrDamaged) {
				err = ErrTooLarge // the standard library refuses it first, as damaged
			}
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, %s: %v", verb, name, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("%s, %s: %d bytes allocated, more than %d", verb, name, used, most)
			}
		}
	}
}

func TestTheLargestPictureIsNotRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{"png": pngOf(MaxPixels/1000, 1000), "jpeg": jpegOf(40_000, 1000)} {
		if info, err := Inspect(context.Background(), bytes.NewReader(file), int64(len(file))); err != nil || info.Width*info.Height != MaxPixels {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

// TestDecodingIsHeldToItsMemory has a JPEG whose coefficients would all be kept.
func TestDecodingIsHeldToItsMemory(t *testing.T) {
	t.Parallel()
	file := jpegOf(8000, 5000)
	file[3] = sof2
	if _, err := Inspect(context.Background(), bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if _, err := Thumbnail(context.Background(), io.Discard, bytes.NewReader(file), int64(len(file))); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestDamagedPicturesAreRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	whole := map[string][]byte{
		"jpeg": photo(t, corners(), 6, binary.BigEndian), "png": drawing(t, corners(), 6), "gif": cartoon(t, 2),
		"webp": web(t, "alpha.webp", 1), "webp, animated": web(t, "animated.webp", 1),
	}
	for name, file := range whole {
		end := len(file) - len(canary)
		if name == "jpeg" {
			end = bytes.LastIndex(file, []byte{0xff, 0xd9}) + 2
		}
		for cut := 0; cut < end; cut++ {
			b := file[:cut]
			_, err := Clean(ctx, io.Discard, bytes.NewReader(b), int64(cut))
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrFormat) {
				t.Fatalf("%s cut off at %d of %d: %v", name, cut, end, err)
			}
		}
		// The size is what the caller says; a file that has become shorter is cut off as well.
		if _, err := Clean(ctx, io.Discard, bytes.NewReader(file[:end/2]), int64(len(file))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s shorter than it was said to be: %v", name, err)
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := Clean(cancelled, io.Discard, bytes.NewReader(file), int64(len(file))); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the end of the context: %v", name, err)
		}
	}
	broken := drawing(t, image.NewNRGBA(image.Rect(0, 0, 9, 9)), 1)
	broken[bytes.Index(broken, []byte("IDAT"))+8] ^= 0xff
	if _, err := Thumbnail(ctx, io.Discard, bytes.NewReader(broken), int64(len(broken))); !errors.Is(err, ErrDamaged) {
		t.Errorf("broken pixels: %v", err)
	}
	for name, file := range map[string]string{
		"tiff": "II*\x00\x08\x00\x00\x00", "photoshop": "8BPS\x00\x01", "svg": "<svg/>", "page": "<!DOCTYPE html>", "nothing": "", "riff that is no webp": "RIFF\x04\x00\x00\x00WAVE",
	} {
		if _, err := Inspect(ctx, bytes.NewReader([]byte(file)), int64(len(file))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzImageHeader: whatever the bytes, an accepted picture is within the limits, and cleaning
// it gives one that is accepted as the same and that cleaning leaves alone.
func FuzzImageHeader(f *testing.F) {
	for _, file := range bombs(f) {
		if len(file) < 64<<10 {
			f.Add(file)
		}
	}
	for orientation := 1; orientation <= 8; orientation++ {
		f.Add(photo(f, corners(), orientation, binary.BigEndian))
		f.Add(drawing(f, corners(), orientation))
		f.Add(web(f, "alpha.webp", orientation))
	}
	f.Add(cartoon(f, 3))
	f.Add(web(f, "lossless.webp", 1))
	f.Add(web(f, "animated.webp", 5))
	f.Add(jpegOf(40_000, 1000))
	f.Fuzz(func(t *testing.T, file []byte) {
		ctx := context.Background()
		info, err := Inspect(ctx, bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		if info.Width <= 0 || info.Height <= 0 || info.Width > MaxPixels/info.Height || info.Frames < 1 || info.Frames > MaxFrames || info.Orientation < 1 || info.Orientation > 8 {
			t.Fatalf("accepted %+v", info)
		}
		const small = 1 << 16 // pixels: larger ones are not decoded here, for speed
		if info.Width*info.Height > small && info.Orientation != 1 {
			return
		}
		var once, twice bytes.Buffer
		made, err := Clean(ctx, &once, bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return // its pixels are damaged
		}
		if made.Width != info.Width || made.Height != info.Height || made.Frames != info.Frames {
			t.Fatalf("%+v became %+v", info, made)
		}
		again, err := Clean(ctx, &twice, bytes.NewReader(once.Bytes()), int64(once.Len()))
		if err != nil || again != made || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("what was cleaned, %+v, is cleaned to %+v, %v", made, again, err)
		}
		if info.Width*info.Height <= small {
			_, err := Thumbnail(ctx, io.Discard, bytes.NewReader(file), int64(len(file)))
			if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
		}
	})
}
