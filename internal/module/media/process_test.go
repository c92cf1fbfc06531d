package media_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	encode "image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/person"
)

// photograph is a JPEG that tells where it was taken and by whom.
func photograph(t *testing.T, width, height int) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width {
		img.Set(i, i%height, color.RGBA{200, 100, byte(i), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	// Orientation 6: a viewer turns it by a quarter.
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00canary 48.85N 2.35E"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return string(append(append([]byte{0xff, 0xd8}, segment...), b.Bytes()[2:]...))
}

func TestPicturesTellNothingOfWhereTheyWereMade(t *testing.T) {
	each(t, func(s *scene) {
		id := s.upload(s.owner, "image/jpeg", "a.jpg", photograph(s.T, 800, 500))
		at := "/api/media/" + id
		bytes := s.call(s.owner, http.MethodGet, at+"/content", "", http.StatusOK).Body.String()
		if strings.Contains(bytes, "canary") || strings.Contains(bytes, "Exif") {
			s.Error("the picture still has its metadata")
		}
		f := read[person.File](s, s.call(s.owner, http.MethodGet, at, "", http.StatusOK))
		if *f.Metadata.Width != 500 || *f.Metadata.Height != 800 || f.Size != int64(len(bytes)) || f.Thumbnail != nil {
			s.Errorf("file %+v with %+v", f, f.Metadata)
		}
		s.call(s.owner, http.MethodGet, at+"/thumbnail", "", http.StatusConflict)

		for range 2 { // a job may run again
			if err := s.media.ProcessNow(s.Context(), s.owner.OrgID, id); err != nil {
				s.Fatal(err)
			}
		}
		f = read[person.File](s, s.call(s.owner, http.MethodGet, at, "", http.StatusOK))
		if f.Processing != nil || f.Thumbnail == nil {
			s.Fatalf("after processing: %+v", f)
		}
		rec := s.call(s.owner, http.MethodGet, at+"/thumbnail", "", http.StatusOK)
		small, err := jpeg.Decode(rec.Body)
		if err != nil || small.Bounds().Dx() >= 500 || small.Bounds().Dy() <= small.Bounds().Dx() || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			s.Errorf("thumbnail %v %v %v", small.Bounds(), err, rec.Header())
		}

		// It is for those who may read the file, and an address is for one variant.
		s.call(s.colleague, http.MethodGet, at+"/thumbnail", "", http.StatusNotFound)
		s.call(s.stranger, http.MethodGet, at+"/thumbnail", "", http.StatusNotFound)
		address, err := url.Parse(*f.Thumbnail)
		if err != nil {
			s.Fatal(err)
		}
		s.call(nobody, http.MethodGet, address.RequestURI(), "", http.StatusOK)
		s.call(nobody, http.MethodGet, at+"/content?"+address.RawQuery, "", http.StatusForbidden)
		s.call(nobody, http.MethodGet, at+"/thumbnail?"+strings.TrimPrefix(f.URL, site+at+"/content?"), "", http.StatusForbidden)
		s.publish(s.owner, `{"public":true}`, id)
		s.call(s.colleague, http.MethodGet, at+"/thumbnail", "", http.StatusOK)

		// Nothing is left of a file that is deleted.
		other := s.upload(s.owner, "image/png", "b.png", pngOf(s.T, 40, 40))
		s.call(s.owner, http.MethodGet, "/api/media/"+other, "", http.StatusOK)
		if err := s.media.ProcessNow(s.Context(), s.owner.OrgID, other); err != nil {
			s.Fatal(err)
		}
		s.call(s.owner, http.MethodGet, "/api/media/"+other+"/thumbnail", "", http.StatusOK)
		s.call(s.owner, http.MethodDelete, "/api/media/"+other, "", http.StatusNoContent)
		for _, variant := range []string{"original", "thumbnail"} {
			if _, err := s.blobs.Stat(s.Context(), "org/"+s.owner.OrgID+"/"+other+"/"+variant); err == nil {
				s.Errorf("the %s is still there", variant)
			}
		}
	})
}

func pngOf(t *testing.T, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBombsAreRefused uploads pictures that would take gigabytes.
func TestBombsAreRefused(t *testing.T) {
	each(t, func(s *scene) {
		header := []byte(pngOf(s.T, 1, 1))
		copy(header[16:24], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60}) // 60,000 by 60,000
		for name, bomb := range map[string]string{"wrong checksum": string(header), "cut off": pngOf(s.T, 100, 100)[:60]} {
			id := s.upload(s.owner, "image/png", "bomb.png", bomb)
			f := read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK))
			if f.Processing == nil || *f.Processing != "REFUSED" || f.Metadata.Reason == nil {
				s.Errorf("%s: %+v", name, f)
			}
			s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusConflict)
			if _, err := s.blobs.Stat(s.Context(), f.Path); err == nil {
				s.Errorf("%s: its bytes are kept", name)
			}
		}
	})
}
