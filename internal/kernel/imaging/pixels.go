package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	scale "golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// bytesPerPixel is what decoding needs for each pixel, by what headers say of colours.
func bytesPerPixel(m color.Model) float64 {
	switch m {
	case color.NRGBA64Model, color.RGBA64Model:
		return 8
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// decode gives the pixels of a picture's first frame.
func (f *file) decode(s *source) (img image.Image, err error) {
	if float64(f.Width)*float64(f.Height)*f.perPixel > maxDecoded {
		return nil, ErrTooLarge
	}
	defer func() {
		if p := recover(); p != nil { // a decoder's mistake about a stranger's bytes
			img, err = nil, fmt.Errorf("%w (decoding: %v)", ErrDamaged, p)
		}
	}()
	decoder := map[Format]func(io.Reader) (image.Image, error){JPEG: jpeg.Decode, PNG: png.Decode, GIF: gif.Decode, WebP: webp.Decode}[f.Format]
	if img, err = decoder(s.open(f.still)); err != nil {
		return nil, damaged(err)
	}
	if canvas := image.Rect(0, 0, f.Width, f.Height); f.Format == GIF && img.Bounds() != canvas {
		whole := image.NewNRGBA(canvas) // the first frame need not fill it
		draw.Draw(whole, img.Bounds(), img, img.Bounds().Min, draw.Src)
		img = whole
	}
	return img, s.ctx.Err()
}

// shrink makes a picture whose longer side has at most so many pixels; smaller ones stay.
func shrink(ctx context.Context, img image.Image, side int) (image.Image, error) {
	b := img.Bounds()
	longer := max(b.Dx(), b.Dy())
	// Averaging whole pixels first keeps the good filter, which works in floating point, small.
	if n := longer / (2 * side); n > 1 {
		small, err := average(ctx, img, n)
		if err != nil {
			return nil, err
		}
		img = small
	}
	width, height := b.Dx(), b.Dy()
	if longer > side {
		width, height = max(1, width*side/longer), max(1, height*side/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	scale.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out, ctx.Err()
}

// average makes a picture of which each pixel is the mean of n×n.
func average(ctx context.Context, img image.Image, n int) (*image.RGBA, error) {
	source, ok := img.(image.RGBA64Image) // all that decoders give are
	if !ok {
		return nil, fmt.Errorf("%w (pixels of type %T)", ErrDamaged, img)
	}
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, (b.Dx()+n-1)/n, (b.Dy()+n-1)/n))
	for y := range out.Rect.Dy() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := range out.Rect.Dx() {
			block := image.Rect(x*n, y*n, x*n+n, y*n+n).Add(b.Min).Intersect(b)
			var red, green, blue, alpha uint64
			for sy := block.Min.Y; sy < block.Max.Y; sy++ {
				for sx := block.Min.X; sx < block.Max.X; sx++ {
					c := source.RGBA64At(sx, sy)
					red, green, blue, alpha = red+uint64(c.R), green+uint64(c.G), blue+uint64(c.B), alpha+uint64(c.A)
				}
			}
			count := uint64(block.Dx()*block.Dy()) * 257 // 16 bits to 8
			copy(out.Pix[out.PixOffset(x, y):], []uint8{uint8(red / count), uint8(green / count), uint8(blue / count), uint8(alpha / count)})
		}
	}
	return out, nil
}

func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// turn gives a picture as EXIF's orientation has a viewer show it.
func turn(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	b := img.Bounds()
	shown := image.Rect(0, 0, b.Dx(), b.Dy())
	if orientation >= 5 {
		shown = image.Rect(0, 0, b.Dy(), b.Dx())
	}
	plane := func(pix []uint8, stride, bytes int) []uint8 {
		return turnPlane(pix, stride, b.Dx(), b.Dy(), bytes, orientation)
	}
	switch m := img.(type) {
	case *image.YCbCr:
		if turned := turnYCbCr(m, shown, orientation); turned != nil {
			return turned
		}
	case *image.Gray:
		return &image.Gray{Pix: plane(m.Pix, m.Stride, 1), Stride: shown.Dx(), Rect: shown}
	case *image.Gray16:
		return &image.Gray16{Pix: plane(m.Pix, m.Stride, 2), Stride: 2 * shown.Dx(), Rect: shown}
	case *image.Paletted:
		return &image.Paletted{Pix: plane(m.Pix, m.Stride, 1), Stride: shown.Dx(), Rect: shown, Palette: m.Palette}
	case *image.RGBA:
		return &image.RGBA{Pix: plane(m.Pix, m.Stride, 4), Stride: 4 * shown.Dx(), Rect: shown}
	case *image.NRGBA:
		return &image.NRGBA{Pix: plane(m.Pix, m.Stride, 4), Stride: 4 * shown.Dx(), Rect: shown}
	case *image.RGBA64:
		return &image.RGBA64{Pix: plane(m.Pix, m.Stride, 8), Stride: 8 * shown.Dx(), Rect: shown}
	case *image.NRGBA64:
		return &image.NRGBA64{Pix: plane(m.Pix, m.Stride, 8), Stride: 8 * shown.Dx(), Rect: shown}
	}
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Rect, img, b.Min, draw.Src)
	return turn(flat, orientation)
}

// turnYCbCr turns a JPEG's pixels as they are stored, which neither loses colours nor needs
// more memory. It gives nil where colours of a few pixels in common would end up between
// others: with odd sides, or with a layout of which there is no turned one.
func turnYCbCr(m *image.YCbCr, shown image.Rectangle, orientation int) image.Image {
	b := m.Rect
	ratio, h, v := m.SubsampleRatio, 1, 1
	switch ratio {
	case image.YCbCrSubsampleRatio420:
		h, v = 2, 2
	case image.YCbCrSubsampleRatio422:
		h = 2
	case image.YCbCrSubsampleRatio440:
		v = 2
	case image.YCbCrSubsampleRatio444:
	default:
		return nil
	}
	if b.Dx()%h != 0 || b.Dy()%v != 0 || b.Min != (image.Point{}) {
		return nil
	}
	if orientation >= 5 {
		switch ratio {
		case image.YCbCrSubsampleRatio422:
			ratio = image.YCbCrSubsampleRatio440
		case image.YCbCrSubsampleRatio440:
			ratio = image.YCbCrSubsampleRatio422
		}
	}
	chroma := shown.Dx() / h
	if orientation >= 5 {
		chroma = shown.Dx() / v
	}
	colours := func(pix []uint8) []uint8 { return turnPlane(pix, m.CStride, b.Dx()/h, b.Dy()/v, 1, orientation) }
	return &image.YCbCr{
		Y: turnPlane(m.Y, m.YStride, b.Dx(), b.Dy(), 1, orientation), Cb: colours(m.Cb), Cr: colours(m.Cr),
		YStride: shown.Dx(), CStride: chroma, SubsampleRatio: ratio, Rect: shown,
	}
}

// turnPlane turns width×height elements of some bytes each. An orientation is where its first
// element is in what is stored, and the way from there along its rows and columns.
func turnPlane(pix []uint8, stride, width, height, bytes, orientation int) []uint8 {
	right, down := bytes, stride
	lastColumn, lastRow := (width-1)*right, (height-1)*down
	way := [9]struct{ first, x, y int }{
		2: {lastColumn, -right, down}, 3: {lastColumn + lastRow, -right, -down}, 4: {lastRow, right, -down},
		5: {0, down, right}, 6: {lastRow, -down, right}, 7: {lastColumn + lastRow, -down, -right}, 8: {lastColumn, down, -right},
	}[orientation]
	if orientation >= 5 {
		width, height = height, width
	}
	out := make([]uint8, 0, width*height*bytes)
	for y := range height {
		for x, from := 0, way.first+y*way.y; x < width; x, from = x+1, from+way.x {
			out = append(out, pix[from:from+bytes]...)
		}
	}
	return out
}
