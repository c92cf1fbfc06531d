package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"
)

func TestMetadataIsTakenOut(t *testing.T) {
	t.Parallel()
	plain := corners()
	for name, c := range map[string]struct {
		file        []byte
		format      Format
		frames      int
		orientation int // what is kept of EXIF
	}{
		"jpeg":                     {photo(t, plain, 1, binary.BigEndian), JPEG, 1, 1},
		"jpeg, turned":             {photo(t, stored(plain, 6), 6, binary.LittleEndian), JPEG, 1, 1},
		"png":                      {drawing(t, plain, 1), PNG, 1, 1},
		"png, turned":              {drawing(t, stored(plain, 8), 8), PNG, 1, 1},
		"gif":                      {cartoon(t, 3), GIF, 3, 1},
		"webp":                     {web(t, "lossless.webp", 1), WebP, 1, 1},
		"webp, turned":             {web(t, "alpha.webp", 3), WebP, 1, 3},
		"webp that shines through": {web(t, "alpha.webp", 1), WebP, 1, 1},
		"webp, animated":           {web(t, "animated.webp", 1), WebP, 3, 1},
	} {
		if !bytes.Contains(c.file, []byte(canary)) {
			t.Fatalf("%s: the test's own file says nothing", name)
		}
		out, info := clean(t, c.file)
		if want := (Info{c.format, width, height, c.orientation, c.frames}); info != want {
			t.Errorf("%s: %+v, want %+v", name, info, want)
		}
		if again, err := Inspect(context.Background(), bytes.NewReader(out), int64(len(out))); err != nil || again != info {
			t.Errorf("%s: what was written is %+v, %v", name, again, err)
		}
		mustTellNothing(t, name, out, c.format, c.orientation)
		if twice, _ := clean(t, out); !bytes.Equal(twice, out) {
			t.Errorf("%s: cleaning twice changes it", name)
		}
	}
}

// TestTheReaderOfMetadataSeesIt keeps the test above honest.
func TestTheReaderOfMetadataSeesIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   []byte
		format imagemeta.ImageFormat
	}{
		"jpeg": {photo(t, corners(), 6, binary.BigEndian), imagemeta.JPEG},
		"png":  {drawing(t, corners(), 6), imagemeta.PNG},
		"webp": {web(t, "alpha.webp", 6), imagemeta.WebP}, // it misses what follows a chunk of odd length, as lossless.webp has
	} {
		if found := metadata(t, c.file, c.format); found["Orientation"] != uint16(6) || found["GPSLatitudeRef"] != "N" || found["ImageDescription"] != canary {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestPixelsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   []byte
		decode func([]byte) (image.Image, error)
	}{
		"jpeg": {photo(t, corners(), 1, binary.BigEndian), func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }},
		"png":  {drawing(t, corners(), 1), func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }},
		"gif":  {cartoon(t, 2), func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) }},
		"webp": {web(t, "lossless.webp", 1), func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }},
	} {
		before, err := c.decode(c.file)
		if err != nil {
			t.Fatal(name, err)
		}
		out, _ := clean(t, c.file)
		after, err := c.decode(out)
		if err != nil {
			t.Fatal(name, err)
		}
		mustBeEqual(t, name, after, before)
		mustShow(t, name, after)
	}
	for name, file := range map[string][]byte{"as it is": photo(t, corners(), 1, binary.BigEndian), "turned": photo(t, corners(), 6, binary.BigEndian)} {
		if out, _ := clean(t, file); !bytes.Contains(out, []byte(profile)) {
			t.Errorf("the profile of a JPEG's colours is lost when it is written %s", name)
		}
	}
	for _, orientation := range []int{1, 6} {
		if out, _ := clean(t, drawing(t, corners(), orientation)); !bytes.Contains(out, []byte("gAMA")) {
			t.Errorf("the gamma of a PNG with orientation %d is lost", orientation)
		}
	}
}

func mustBeEqual(t *testing.T, name string, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Errorf("%s: %v, want %v", name, got.Bounds(), want.Bounds())
		return
	}
	for y := want.Bounds().Min.Y; y < want.Bounds().Max.Y; y++ {
		for x := want.Bounds().Min.X; x < want.Bounds().Max.X; x++ {
			if color.NRGBA64Model.Convert(got.At(x, y)) != color.NRGBA64Model.Convert(want.At(x, y)) {
				t.Errorf("%s: the pixel at %d,%d is %v, want %v", name, x, y, got.At(x, y), want.At(x, y))
				return
			}
		}
	}
}

func TestEveryOrientationIsTurnedUpright(t *testing.T) {
	t.Parallel()
	for orientation := 1; orientation <= 8; orientation++ {
		img := stored(corners(), orientation)
		gray := image.NewGray(img.Rect)
		draw.Draw(gray, gray.Rect, img, image.Point{}, draw.Src)
		for name, file := range map[string][]byte{
			"jpeg, Motorola": photo(t, img, orientation, binary.BigEndian),
			"jpeg, Intel":    photo(t, img, orientation, binary.LittleEndian),
			"jpeg, gray":     photo(t, gray, orientation, binary.LittleEndian),
			"png":            drawing(t, img, orientation),
		} {
			name := fmt.Sprintf("%s, orientation %d", name, orientation)
			out, info := clean(t, file)
			if info.Width != width || info.Height != height || info.Orientation != 1 {
				t.Errorf("%s: %+v", name, info)
			}
			if name == fmt.Sprintf("jpeg, gray, orientation %d", orientation) {
				continue // whose colours are checked with turn, below
			}
			got, _, err := image.Decode(bytes.NewReader(out))
			if err != nil {
				t.Fatal(name, err)
			}
			mustShow(t, name, got)
			mustShow(t, name+", thumbnail", thumbnail(t, file))
		}
		// A WebP keeps its pixels and says how they are turned; its thumbnail is upright.
		small := thumbnail(t, web(t, "lossless.webp", orientation))
		mustShow(t, fmt.Sprintf("webp, orientation %d", orientation), stored(small, orientation))
	}
}

func thumbnail(t testing.TB, file []byte) image.Image {
	t.Helper()
	img, _ := mustThumbnail(t, file)
	return img
}

func mustThumbnail(t testing.TB, file []byte) (image.Image, Info) {
	t.Helper()
	var out bytes.Buffer
	info, err := Thumbnail(context.Background(), &out, bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(out.Bytes()))
	if err != nil || "image/"+format != string(info.Format) || img.Bounds().Dx() != info.Width || img.Bounds().Dy() != info.Height {
		t.Fatalf("a %s of %v is called %+v (%v)", format, img.Bounds(), info, err)
	}
	mustTellNothing(t, "thumbnail", out.Bytes(), info.Format, 1)
	return img, info
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	large := image.NewNRGBA(image.Rect(0, 0, 3000, 1999))
	draw.Draw(large, large.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	glass := image.NewNRGBA(image.Rect(0, 0, 600, 1200))
	line := image.NewGray(image.Rect(0, 0, 5000, 1))
	for name, c := range map[string]struct {
		file []byte
		want Info
	}{
		"large":                        {photo(t, large, 1, binary.BigEndian), Info{JPEG, 512, 341, 1, 1}},
		"large and turned":             {photo(t, large, 6, binary.BigEndian), Info{JPEG, 341, 512, 1, 1}},
		"small ones are not enlarged":  {photo(t, corners(), 1, binary.BigEndian), Info{JPEG, width, height, 1, 1}},
		"what shines through":          {drawing(t, glass, 1), Info{PNG, 256, 512, 1, 1}},
		"nothing shines through a PNG": {drawing(t, corners(), 1), Info{JPEG, width, height, 1, 1}},
		"a line":                       {drawing(t, line, 1), Info{JPEG, 512, 1, 1, 1}},
		"the first of many frames":     {cartoon(t, 3), Info{JPEG, width, height, 1, 1}},
		"webp":                         {web(t, "lossless.webp", 1), Info{JPEG, width, height, 1, 1}},
		"webp that shines through":     {web(t, "alpha.webp", 1), Info{PNG, width, height, 1, 1}},
		"webp, animated":               {web(t, "animated.webp", 1), Info{JPEG, width, height, 1, 1}},
	} {
		img, got := mustThumbnail(t, c.file)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if got.Width == width {
			mustShow(t, name, img)
		}
	}
}

// TestTurn compares each way pixels are stored with turning them one by one.
func TestTurn(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{8, 4}, {7, 5}, {1, 3}} {
		upright := image.NewNRGBA(image.Rectangle{Max: size})
		for i := range upright.Pix {
			upright.Pix[i] = uint8(i * 37)
		}
		for orientation := 1; orientation <= 8; orientation++ {
			from := stored(upright, orientation)
			mustBeEqual(t, fmt.Sprint("NRGBA ", orientation), turn(from, orientation), upright)
			for _, to := range []draw.Image{
				image.NewGray(from.Rect), image.NewGray16(from.Rect), image.NewRGBA(from.Rect), image.NewRGBA64(from.Rect), image.NewNRGBA64(from.Rect),
				image.NewPaletted(from.Rect, palette.Plan9), image.NewCMYK(from.Rect),
			} {
				draw.Draw(to, to.Bounds(), from, image.Point{}, draw.Src)
				turned := turn(to, orientation)
				mustBeEqual(t, fmt.Sprintf("%T %d", to, orientation), stored(turned, orientation), stored(stored8(to), 1))
			}
			for _, ratio := range []image.YCbCrSubsampleRatio{
				image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio420,
				image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
			} {
				img := image.NewYCbCr(from.Rect, ratio)
				for i, p := range [][]uint8{img.Y, img.Cb, img.Cr} {
					for j := range p {
						p[j] = uint8(40 + 50*i + 11*j)
					}
				}
				mustBeEqual(t, fmt.Sprintf("%v %v %d", ratio, size, orientation), stored8(turn(img, orientation)), stored8(turn(stored8(img), orientation)))
			}
		}
	}
}

// stored8 is a picture in 8 bits for each colour.
func stored8(img image.Image) *image.NRGBA { return stored(img, 1) }
