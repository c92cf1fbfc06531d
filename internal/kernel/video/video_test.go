package video

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tools finds ffmpeg. Where there is none the test is skipped, and in CI it fails.
func tools(t testing.TB, limits Limits) Tools {
	t.Helper()
	found := Find("", limits)
	if !found.Available() {
		if os.Getenv("CI") == "true" {
			t.Fatal("no ffmpeg: run scripts/test-deps")
		}
		t.Skip("no ffmpeg to test with: run scripts/test-deps")
	}
	return found
}

// film has ffmpeg make a film from its own test sources.
func film(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-nostdin", "-v", "error"}, args...)
	out, err := exec.Command(tools(t, Limits{}).ffmpeg, append(all, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func picture(size string, duration int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc=size=%s:rate=10:duration=%d", size, duration)}
}

func tone(duration int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:duration=%d", duration)}
}

func args(parts ...[]string) (all []string) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var h264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"}

func mustProbe(t testing.TB, tools Tools, path string) Info {
	t.Helper()
	info, err := tools.Probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestFilmsAreProbed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		args      []string
		container string
		video     string
		audio     string
	}{
		{"a.mp4", args(picture("320x240", 2), tone(2), h264), "video/mp4", "h264", "aac"},
		{"a.mov", args(picture("320x240", 2), tone(2), h264), "video/quicktime", "h264", "aac"},
		{"a.webm", args(picture("320x240", 2), tone(2), []string{"-c:v", "libvpx", "-c:a", "libopus"}), "video/webm", "vp8", "opus"},
		{"a.mkv", args(picture("320x240", 2), h264), "video/matroska", "h264", ""},
		{"a.avi", args(picture("320x240", 2), tone(2), []string{"-c:v", "mpeg4", "-c:a", "mp3"}), "video/x-msvideo", "mpeg4", "mp3"},
		{"a.mpg", args(picture("320x240", 2), []string{"-r", "25", "-c:v", "mpeg1video"}), "video/mpeg", "mpeg1video", ""},
		{"a.wmv", args(picture("320x240", 2), tone(2), []string{"-c:v", "wmv2", "-c:a", "wmav2"}), "video/x-ms-asf", "wmv2", "wmav2"},
		{"a.ogv", args(picture("320x240", 2), []string{"-c:v", "libtheora"}), "video/ogg", "theora", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tools := tools(t, Limits{})
			got := mustProbe(t, tools, film(t, c.name, c.args...))
			if got.Container != c.container || got.VideoCodec != c.video || got.AudioCodec != c.audio || got.Width != 320 || got.Height != 240 || got.Rotation != 0 {
				t.Errorf("%+v", got)
			}
			if got.Duration < 1500*time.Millisecond || got.Duration > 2500*time.Millisecond || got.Bitrate <= 0 {
				t.Errorf("duration %v, bitrate %d", got.Duration, got.Bitrate)
			}
		})
	}
}

// turn writes into an MP4 that players are to turn its picture clockwise: the matrix of its
// first track's header (ISO 14496-12, 8.3.2).
func turn(t testing.TB, path string, a, b, c, d int32) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("tkhd"))
	if at < 0 || data[at+4] != 0 {
		t.Fatal("no track header of version 0")
	}
	matrix := data[at+44:]
	for i, v := range []int32{a, b, 0, c, d, 0} {
		binary.BigEndian.PutUint32(matrix[4*i:], uint32(v<<16))
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTurnedFilmsAreUpright(t *testing.T) {
	t.Parallel()
	tools, ctx := tools(t, Limits{}), context.Background()
	// Red on the left of what is recorded is red at the top of what is shown.
	source := []string{"-f", "lavfi", "-i", "color=red:size=160x240:rate=10:duration=1", "-f", "lavfi", "-i", "color=blue:size=160x240:rate=10:duration=1",
		"-filter_complex", "hstack", "-c:v", "mpeg4"}
	path := film(t, "a.mp4", source...)
	turn(t, path, 0, 1, -1, 0)
	info := mustProbe(t, tools, path)
	if info.Rotation != 90 || info.Width != 240 || info.Height != 320 {
		t.Fatalf("%+v", info)
	}
	dst := filepath.Join(t.TempDir(), "b.mp4")
	if err := tools.Rendition(ctx, path, info, dst); err != nil {
		t.Fatal(err)
	}
	made := mustProbe(t, tools, dst)
	if made.Rotation != 0 || made.Width != 240 || made.Height != 320 {
		t.Errorf("rendition %+v", made)
	}
	for name, file := range map[string]struct {
		path string
		info Info
	}{"source": {path, info}, "rendition": {dst, made}} {
		thumb, err := tools.Thumbnail(ctx, file.path, file.info)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(thumb))
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != 240 || b.Dy() != 320 {
			t.Errorf("%s: thumbnail %v", name, b)
		}
		top, bottom := color.RGBAModel.Convert(img.At(120, 40)).(color.RGBA), color.RGBAModel.Convert(img.At(120, 280)).(color.RGBA)
		if top.R < 200 || top.B > 60 || bottom.B < 200 || bottom.R > 60 {
			t.Errorf("%s: top %v, bottom %v: not upright", name, top, bottom)
		}
	}
}

func TestRenditionsAreForBrowsers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		file          string
		args          []string
		width, height int
		playable      bool
	}{
		"large films are made smaller":    {"a.webm", args(picture("1920x1080", 1), tone(1), []string{"-c:v", "libvpx", "-c:a", "libopus", "-cpu-used", "8", "-deadline", "realtime"}), 1280, 720, false},
		"tall films stay tall":            {"a.avi", args(picture("360x1600", 1), []string{"-c:v", "mpeg4"}), 288, 1280, false},
		"odd sizes become even":           {"a.mkv", args(picture("321x241", 1), []string{"-c:v", "libx264", "-pix_fmt", "yuv444p"}), 320, 240, false},
		"an index at the end comes first": {"a.mp4", args(picture("320x240", 1), tone(1), h264), 320, 240, false},
		"a place is left out":             {"a.mp4", args(picture("320x240", 1), h264, []string{"-movflags", "+faststart", "-metadata", "location=+48.8577+002.2950/"}), 320, 240, false},
		"what plays is left alone":        {"a.mp4", args(picture("320x240", 1), tone(1), h264, []string{"-movflags", "+faststart"}), 320, 240, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tools := tools(t, Limits{})
			path := film(t, c.file, c.args...)
			info := mustProbe(t, tools, path)
			if info.Playable() != c.playable {
				t.Fatalf("Playable() = %v of %+v", !c.playable, info)
			}
			dir := t.TempDir()
			dst := filepath.Join(dir, "out.mp4")
			if err := tools.Rendition(ctx, path, info, dst); err != nil {
				t.Fatal(err)
			}
			got := mustProbe(t, tools, dst)
			if got.Width != c.width || got.Height != c.height || !got.Playable() || (got.AudioCodec == "") != (info.AudioCodec == "") {
				t.Errorf("%+v", got)
			}
			if data, err := os.ReadFile(dst); err != nil || bytes.Contains(data, []byte("48.8577")) {
				t.Errorf("it still says where it was recorded (%v)", err)
			}
			mustHold(t, dir, "out.mp4")
		})
	}
}

// mustHold fails if a directory holds anything but the named files.
func mustHold(t testing.TB, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

func TestStreamsPlayInEverySize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args     []string
		variants int
	}{
		"large, with sound":  {args(picture("1280x720", 9), tone(9), h264), 2},
		"small, without one": {args(picture("320x240", 9), h264), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tools := tools(t, Limits{})
			path := film(t, "a.mp4", c.args...)
			parent := t.TempDir()
			dir := filepath.Join(parent, "100%d") // no pattern of ffmpeg's
			if err := tools.HLS(context.Background(), path, mustProbe(t, tools, path), dir); err != nil {
				t.Fatal(err)
			}
			mustHold(t, parent, "100%d")
			files := map[string]bool{"master.m3u8": true}
			master := mustRead(t, dir, "master.m3u8")
			if n := strings.Count(master, "#EXT-X-STREAM-INF"); n != c.variants {
				t.Errorf("%d sizes, want %d:\n%s", n, c.variants, master)
			}
			for _, variant := range named(master) {
				files[variant] = true
				segments := named(mustRead(t, dir, variant))
				if len(segments) < 2 {
					t.Errorf("%s: segments %v of nine seconds", variant, segments)
				}
				for _, s := range segments {
					files[s] = true
				}
			}
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if !files[e.Name()] {
					t.Errorf("no playlist names %s", e.Name())
				}
				delete(files, e.Name())
			}
			if len(files) > 0 {
				t.Errorf("named and not there: %v", files)
			}
		})
	}
}

func mustRead(t testing.TB, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// named are the files a playlist names.
func named(playlist string) (files []string) {
	for _, line := range strings.Split(playlist, "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			files = append(files, line)
		}
	}
	return files
}

func TestWithoutFfmpegItSaysSo(t *testing.T) {
	t.Parallel()
	for name, none := range map[string]Tools{"an empty directory": Find(t.TempDir(), Limits{}), "the zero value": {}} {
		ctx, path, dst := context.Background(), "a.mp4", filepath.Join(t.TempDir(), "b")
		_, probe := none.Probe(ctx, path)
		_, thumbnail := none.Thumbnail(ctx, path, Info{Width: 1, Height: 1})
		rendition, hls := none.Rendition(ctx, path, Info{Width: 1, Height: 1}, dst), none.HLS(ctx, path, Info{Width: 1, Height: 1}, dst)
		for _, err := range []error{probe, thumbnail, rendition, hls} {
			if none.Available() || !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
