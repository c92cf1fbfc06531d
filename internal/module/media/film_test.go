package media_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// filmOf makes a film of two seconds with ffmpeg; args say how it is encoded.
func filmOf(t *testing.T, name string, args ...string) string {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ffmpeg is missing")
		}
		t.Skip("ffmpeg is missing")
	}
	path := filepath.Join(t.TempDir(), name)
	args = slices.Concat([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=2", "-f", "lavfi", "-i", "sine=duration=2"}, args, []string{path})
	if out, err := exec.CommandContext(t.Context(), ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (s *scene) file(id string) person.File {
	s.Helper()
	return read[person.File](s, s.call(s.owner, http.MethodGet, "/api/media/"+id, "", http.StatusOK))
}

func uri(s *scene, address string) *url.URL {
	s.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, site+"/") {
		s.Fatalf("%q is no address of this server", address)
	}
	return u
}

func TestFilmsPlay(t *testing.T) {
	recording := filmOf(t, "a.webm", "-c:v", "libvpx", "-c:a", "libvorbis")
	each(t, func(s *scene) {
		id := s.upload(s.owner, "video/webm", "a.webm", recording)
		at := "/api/media/" + id
		f := s.file(id)
		if *f.Processing != "PROCESSING" || len(f.MP4URLs) != 0 || f.HLSURL != nil || f.Thumbnail != nil {
			s.Fatalf("before processing: %+v", f)
		}
		s.call(s.owner, http.MethodGet, at+"/film/film.mp4", "", http.StatusConflict)
		for range 2 { // a job may run again
			if err := s.media.ProcessFilmNow(s.Context(), s.owner.OrgID, id); err != nil {
				s.Fatal(err)
			}
		}
		f = s.file(id)
		if f.Processing != nil || len(f.MP4URLs) != 1 || f.HLSURL == nil || f.Thumbnail == nil || *f.Metadata.Width != 320 || *f.Metadata.Duration < 1.9 || *f.Metadata.Duration > 2.5 {
			s.Fatalf("after processing: %+v with %+v", f, f.Metadata)
		}
		if left, err := os.ReadDir(s.media.Scratch()); err != nil || len(left) > 0 {
			s.Errorf("left behind: %v %v", left, err)
		}

		// The MP4, with a range as players ask for it, by key and at its address.
		mp4 := uri(s, f.MP4URLs[0])
		rec := s.call(nobody, http.MethodGet, mp4.RequestURI(), "", http.StatusPartialContent, "Range", "bytes=4-7")
		if rec.Body.String() != "ftyp" || rec.Header().Get("Content-Type") != "video/mp4" {
			s.Errorf("mp4: %q %v", rec.Body, rec.Header())
		}
		s.call(s.owner, http.MethodGet, mp4.Path, "", http.StatusOK)

		// The stream down to a segment, without a key: what a playlist names can be read.
		at1 := uri(s, *f.HLSURL)
		for _, suffix := range []string{".m3u8", ".ts"} {
			text := s.call(nobody, http.MethodGet, at1.RequestURI(), "", http.StatusOK).Body.String()
			i := slices.IndexFunc(strings.Split(text, "\n"), func(l string) bool { return l != "" && l[0] != '#' })
			if i < 0 {
				s.Fatalf("a playlist without parts: %s", text)
			}
			next, err := at1.Parse(strings.Split(text, "\n")[i])
			if err != nil || path.Ext(next.Path) != suffix {
				s.Fatalf("the playlist names %v %v", next, err)
			}
			at1 = next
		}
		if segment := s.call(nobody, http.MethodGet, at1.RequestURI(), "", http.StatusOK).Body.Bytes(); segment[0] != 0x47 { // MPEG-TS
			s.Errorf("the segment begins with %x", segment[0])
		}
		if text := s.call(s.owner, http.MethodGet, at+"/film/master.m3u8", "", http.StatusOK).Body.String(); strings.Contains(text, "signature") {
			s.Errorf("a playlist read with a key is signed: %s", text)
		}

		// It is for those who may read the file; an address is for one film and one purpose.
		s.call(s.colleague, http.MethodGet, at+"/film/film.mp4", "", http.StatusNotFound)
		s.call(s.stranger, http.MethodGet, at+"/film/master.m3u8", "", http.StatusNotFound)
		s.call(nobody, http.MethodGet, at+"/content?"+mp4.RawQuery, "", http.StatusForbidden)
		s.call(nobody, http.MethodGet, mp4.Path+"?"+uri(s, f.URL).RawQuery, "", http.StatusForbidden)
		for _, name := range []string{"original", "thumbnail", "film.mp4.part"} {
			s.call(s.owner, http.MethodGet, at+"/film/"+name, "", http.StatusBadRequest)
		}
		for _, name := range []string{"v9.m3u8", "..%2foriginal"} {
			s.call(s.owner, http.MethodGet, at+"/film/"+name, "", http.StatusNotFound)
		}
		s.publish(s.owner, `{"public":true}`, id)
		s.call(s.colleague, http.MethodGet, at+"/film/film.mp4", "", http.StatusOK)
	})
}

func TestNothingIsLeftOfAFilmThatIsDeleted(t *testing.T) {
	playable := filmOf(t, "a.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart")
	each(t, func(s *scene) {
		id, other := s.upload(s.owner, "video/mp4", "a.mp4", playable), s.upload(s.owner, "image/png", "b.png", png)
		s.file(other)
		s.file(id)
		if err := s.media.ProcessFilmNow(s.Context(), s.owner.OrgID, id); err != nil {
			s.Fatal(err)
		}
		if f := s.file(id); len(f.MP4URLs) != 1 || !strings.Contains(f.MP4URLs[0], "/content?") { // it plays as it is
			s.Errorf("mp4Urls %v", f.MP4URLs)
		}
		s.call(s.owner, http.MethodDelete, "/api/media/"+id, "", http.StatusNoContent)
		for info, err := range s.blobs.List(s.Context(), "") {
			if err != nil || !strings.Contains(info.Key, other) {
				s.Errorf("still there: %s %v", info.Key, err)
			}
		}
	})
}

func TestFilmsThatCannotBeProcessedAreKept(t *testing.T) {
	recording := filmOf(t, "a.webm", "-c:v", "libvpx", "-c:a", "libvorbis")
	each(t, func(s *scene) {
		// Without ffmpeg a film waits for it.
		s.media.SetFilms(video.Tools{})
		id := s.upload(s.owner, "video/webm", "a.webm", recording)
		if f := s.file(id); *f.Processing != "SKIPPED" || !strings.Contains(*f.Metadata.Reason, "ffmpeg") {
			s.Fatalf("without ffmpeg: %+v", f)
		}
		s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusOK)
		if err := s.media.Resume(s.Context()); err != nil || *s.file(id).Processing != "SKIPPED" {
			s.Fatalf("resumed without ffmpeg: %v", err)
		}

		// An ffmpeg that dies.
		dir := s.TempDir()
		for _, name := range []string{"ffmpeg", "ffprobe"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nkill -9 $$\n"), 0o700); err != nil {
				s.Fatal(err)
			}
		}
		s.media.SetFilms(video.Find(dir, video.Limits{}))
		if err := s.media.Resume(s.Context()); err != nil || *s.file(id).Processing != "PROCESSING" {
			s.Fatalf("resumed: %v", err)
		}
		if err := s.media.ProcessFilmNow(s.Context(), s.owner.OrgID, id); err != nil {
			s.Fatal(err)
		}
		if f := s.file(id); *f.Processing != "FAILED" || f.Metadata.Reason == nil {
			s.Errorf("with a dying ffmpeg: %+v", f)
		}
		s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusOK)

		// One that is interrupted is done again.
		s.media.SetFilms(video.Find("", video.Limits{}))
		again := s.upload(s.owner, "video/webm", "b.webm", recording)
		s.file(again)
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		if err := s.media.ProcessFilmNow(ctx, s.owner.OrgID, again); err == nil {
			s.Error("an interrupted job is taken for done")
		}
		if f := s.file(again); *f.Processing != "PROCESSING" {
			s.Errorf("interrupted: %+v", f)
		}
	})
}
