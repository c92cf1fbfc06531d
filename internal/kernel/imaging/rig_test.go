package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"testing"

	"github.com/bep/imagemeta"
)

// canary is what metadata in the tests says, wherever it stands.
const canary = "48.8577N,2.2950E"

const width, height = 48, 32

// corners is a picture of four colours, upright: red, lime, blue and white.
func corners() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, cornerColours[y/(height/2)][x/(width/2)])
		}
	}
	return img
}

var cornerColours = [2][2]color.NRGBA{{{255, 0, 0, 255}, {0, 255, 0, 255}}, {{0, 0, 255, 255}, {255, 255, 255, 255}}}

// stored is a picture as a camera stores it that writes an orientation, by the words of
// EXIF 2.32, 4.6.5.1: which side the first row and the first column are.
func stored(upright image.Image, orientation int) *image.NRGBA {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewNRGBA(size)
	for row := range size.Dy() {
		for column := range size.Dx() {
			at := [9]image.Point{
				1: {column, row},                 // row 0 top, column 0 left
				2: {w - 1 - column, row},         // top, right
				3: {w - 1 - column, h - 1 - row}, // bottom, right
				4: {column, h - 1 - row},         // bottom, left
				5: {row, column},                 // left, top
				6: {w - 1 - row, column},         // right, top
				7: {w - 1 - row, h - 1 - column}, // right, bottom
				8: {row, h - 1 - column},         // left, bottom
			}[orientation]
			out.Set(column, row, upright.At(at.X, at.Y))
		}
	}
	return out
}

// mustShow fails unless a picture shows the four colours where they belong.
func mustShow(t *testing.T, name string, img image.Image) {
	t.Helper()
	b := img.Bounds()
	for row := range 2 {
		for column := range 2 {
			got := color.NRGBAModel.Convert(img.At(b.Min.X+b.Dx()*(2*column+1)/4, b.Min.Y+b.Dy()*(2*row+1)/4)).(color.NRGBA)
			want := cornerColours[row][column]
			for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
				if d < -40 || d > 40 {
					t.Errorf("%s: row %d, column %d is %v, want %v", name, row, column, got, want)
					break
				}
			}
		}
	}
}

// tiff is EXIF with an orientation and a GPS position, in either byte order.
func tiff(order binary.AppendByteOrder, orientation int) []byte {
	mark := map[bool]string{true: "II", false: "MM"}[order == binary.AppendByteOrder(binary.LittleEndian)]
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	entry := func(tag, kind uint16, count uint32, value []byte) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), count)
		b = append(b, value...)
	}
	const ascii, long = 2, 4
	b = order.AppendUint16(b, 3)
	entry(0x010e, ascii, uint32(len(canary)+1), order.AppendUint32(nil, 100))                   // description
	entry(orientationTag, short, 1, append(order.AppendUint16(nil, uint16(orientation)), 0, 0)) // to be kept in effect
	entry(0x8825, long, 1, order.AppendUint32(nil, 60))                                         // GPS
	b = append(order.AppendUint32(b, 0), make([]byte, 60-len(b)-4)...)
	b = order.AppendUint16(b, 1)
	entry(1, ascii, 2, []byte("N\x00\x00\x00"))
	b = append(order.AppendUint32(b, 0), make([]byte, 100-len(b)-4)...)
	return append(append(b, canary...), 0)
}

func segment(marker byte, data string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2))
	return append(b, data...)
}

// profile is the beginning of an ICC profile, enough to be recognized.
const profile = "ICC_PROFILE\x00\x01\x01 a profile of colours"

// photo is a JPEG as a telephone writes it, with everything that has a place in one.
func photo(t testing.TB, img image.Image, orientation int, order binary.AppendByteOrder) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	out := []byte{0xff, 0xd8}
	out = append(out, segment(app0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01"+canary)...) // with a "thumbnail"
	out = append(out, segment(app1, "Exif\x00\x00"+string(tiff(order, orientation)))...)
	out = append(out, segment(app1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+canary+"</x:xmpmeta>")...)
	out = append(out, segment(app2, profile)...)
	out = append(out, segment(app2, "MPF\x00"+canary)...)
	out = append(out, segment(0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x10"+canary)...)
	out = append(out, segment(0xfe, "taken at "+canary)...)
	out = append(out, b.Bytes()[2:]...)
	return append(out, "a film of where it was taken: "+canary...)
}

// drawing is a PNG with everything that has a place in one.
func drawing(t testing.TB, img image.Image, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	const head = 8 + 25
	out := append([]byte(nil), b.Bytes()[:head]...)
	out = append(out, chunk("gAMA", []byte{0, 0, 0xb1, 0x8f})...)
	out = append(out, chunk("tEXt", []byte("Comment\x00"+canary))...)
	out = append(out, chunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+canary))...)
	out = append(out, chunk("eXIf", tiff(binary.BigEndian, orientation))...)
	out = append(out, chunk("tIME", []byte{7, 0xea, 1, 1, 1, 1, 1})...)
	out = append(out, chunk("prVt", []byte(canary))...)
	out = append(out, b.Bytes()[head:]...)
	return append(out, canary...)
}

// cartoon is an animated GIF with everything that has a place in one.
func cartoon(t testing.TB, frames int) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette.Plan9)
	draw.Draw(img, img.Rect, corners(), image.Point{}, draw.Src)
	g := &gif.GIF{}
	for i := range frames {
		frame := img
		if i > 0 {
			frame = image.NewPaletted(image.Rect(0, 0, 1, 1), palette.Plan9[:2])
		}
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	out := b.Bytes()[:b.Len()-1]
	out = append(out, "\x21\xfe\x10"+canary+"\x00"...)
	out = append(out, "\x21\xff\x0bXMP DataXMP<x>"+canary+"</x>"...)
	out = append(out, 1) // the trailer by which XMP passes for blocks: each byte leads to the end
	for i := 255; i >= 0; i-- {
		out = append(out, byte(i))
	}
	out = append(out, 0, 0x3b)
	return append(out, canary...)
}

// web is a WebP of testdata with metadata.
func web(t testing.TB, name string, orientation int) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	chunks := b[webpStart:]
	if string(chunks[:4]) != "VP8X" {
		head := append(riff("VP8X", 10), 0, 0, 0, 0, width-1, 0, 0, height-1, 0, 0)
		chunks = append(head, chunks...)
	}
	chunks[riffHead] |= flagEXIF | flagXMP
	part := func(name string, data []byte) {
		chunks = append(append(chunks, riff(name, len(data))...), data...)
		chunks = append(chunks, make([]byte, len(data)%2)...)
	}
	part("EXIF", tiff(binary.LittleEndian, orientation))
	part("XMP ", []byte(canary))
	part("blah", []byte(canary))
	return append(append(append(riff("RIFF", 4+len(chunks)), "WEBP"...), chunks...), canary...)
}

func clean(t testing.TB, b []byte) ([]byte, Info) {
	t.Helper()
	var out bytes.Buffer
	info, err := Clean(context.Background(), &out, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), info
}

// mustTellNothing looks for metadata with a reader of its own, and for the canary everywhere.
func mustTellNothing(t testing.TB, name string, b []byte, format Format, orientation int) {
	t.Helper()
	for _, mark := range []string{canary, "Exif\x00\x00", "xmp", "XMP", "8BIM", "MPF\x00"} {
		if bytes.Contains(b, []byte(mark)) {
			t.Errorf("%s: still holds %q", name, mark)
		}
	}
	formats := map[Format]imagemeta.ImageFormat{JPEG: imagemeta.JPEG, PNG: imagemeta.PNG, WebP: imagemeta.WebP}
	if formats[format] == 0 {
		return // GIF, which it does not read
	}
	for tag, value := range metadata(t, b, formats[format]) {
		if tag != "Orientation" || value != uint16(orientation) || orientation == 1 {
			t.Errorf("%s: still says %s %v", name, tag, value)
		}
	}
}

func metadata(t testing.TB, b []byte, format imagemeta.ImageFormat) map[string]any {
	t.Helper()
	found := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: io.ReadSeeker(bytes.NewReader(b)), ImageFormat: format, Sources: imagemeta.EXIF | imagemeta.IPTC | imagemeta.XMP,
		HandleTag: func(tag imagemeta.TagInfo) error { found[tag.Tag] = tag.Value; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
