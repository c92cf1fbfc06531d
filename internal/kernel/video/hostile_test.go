package video

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// visits counts who calls a port of this machine.
func visits(t *testing.T) (address string, count *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), count
}

func mustWrite(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesThatNameOtherFilesAreRefused(t *testing.T) {
	t.Parallel()
	tools, ctx := tools(t, Limits{Time: time.Minute}), context.Background()
	secret := film(t, "secret.mp4", args(picture("320x240", 1), h264)...)
	stream := film(t, "secret.ts", args(picture("320x240", 1), h264)...)
	address, count := visits(t)
	playlist := func(target string) string {
		return "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + target + "\n#EXT-X-ENDLIST\n"
	}
	// Left to itself ffmpeg follows such a file: what is refused below is a danger.
	trap := mustWrite(t, "trap.m3u8", playlist("file://"+stream))
	if out, err := exec.Command(tools.ffprobe, "-v", "error", "-show_entries", "stream=width", "-of", "csv", trap).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("320")) {
		t.Fatalf("the trap does not work: %v %s", err, out)
	}
	const mp4, riff = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "RIFF\xff\x00\x00\x00AVI LIST"
	for name, content := range map[string]string{
		"playlist of a file":            playlist("file://" + stream),
		"playlist of a password file":   playlist("file:///etc/passwd"),
		"playlist of an address":        playlist("http://" + address + "/a.ts"),
		"playlist of a concatenation":   playlist("concat:http://" + address + "/a|file:///etc/passwd"),
		"script":                        "ffconcat version 1.0\nfile " + secret + "\n",
		"script without a first line":   "file '" + secret + "'\n",
		"manifest":                      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://` + address + `/</BaseURL></MPD>`,
		"session":                       "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
		"playlist behind an MP4's head": mp4 + playlist("file://"+stream),
		"playlist behind an AVI's head": riff + playlist("http://"+address+"/a.ts"),
		"picture":                       "\xff\xd8\xff\xe0\x00\x10JFIF\x00",
		"page":                          "<!DOCTYPE html><html></html>",
		"nothing":                       "",
	} {
		path := mustWrite(t, "film.mp4", content)
		info, err := tools.Probe(ctx, path)
		if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: probed as %+v, %v", name, info, err)
		}
		// Whoever got past Probe would be refused all the same.
		for _, demuxer := range []string{"mov", "avi", "matroska"} {
			forged := Info{Width: 320, Height: 240, audio: -1, demuxer: demuxer}
			if jpeg, err := tools.Thumbnail(ctx, path, forged); err == nil {
				t.Errorf("%s, as %s: a thumbnail of %d bytes", name, demuxer, len(jpeg))
			}
		}
	}
	if n := count.Load(); n != 0 {
		t.Errorf("ffmpeg called an address %d times", n)
	}
}

func TestDamagedFilmsAreRefused(t *testing.T) {
	t.Parallel()
	tools, ctx := tools(t, Limits{}), context.Background()
	whole, err := os.ReadFile(film(t, "a.mp4", args(picture("320x240", 1), h264)...))
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"cut off":          mustWrite(t, "a.mp4", string(whole[:len(whole)/2])),
		"sound alone":      film(t, "a.m4a", args(tone(1), []string{"-c:a", "aac"})...),
		"a foreign codec":  film(t, "a.mkv", args(picture("320x240", 1), []string{"-c:v", "ffv1"})...),
		"an index of junk": mustWrite(t, "a.mp4", string(whole[:bytes.Index(whole, []byte("moov"))+4])+strings.Repeat("\xff", 4096)),
	} {
		info, err := tools.Probe(ctx, path)
		if err == nil {
			_, err = tools.Thumbnail(ctx, path, info)
		}
		if !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tools.Probe(ctx, filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestLimitsEndTheWork(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := film(t, "a.mkv", args(picture("640x480", 20), []string{"-c:v", "mpeg4"})...)
	unlimited := tools(t, Limits{})
	info := mustProbe(t, unlimited, path)

	if _, err := tools(t, Limits{Length: 10 * time.Second}).Probe(ctx, path); !errors.Is(err, ErrTooLarge) {
		t.Errorf("length: %v", err)
	}
	// Whether ffprobe or we see it first depends on where the container says the size.
	if _, err := tools(t, Limits{Pixels: 640*480 - 1}).Probe(ctx, path); !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnreadable) {
		t.Errorf("pixels: %v", err)
	}
	// What the container says of the picture's size may be a lie: the decoder looks again.
	if _, err := tools(t, Limits{Pixels: 1000}).Thumbnail(ctx, path, info); !errors.Is(err, ErrUnreadable) {
		t.Errorf("pixels of a frame: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		limits Limits
		want   error
	}{
		"output": {ctx, Limits{Output: 10_000}, ErrTooLarge},
		"time":   {ctx, Limits{Time: time.Millisecond}, context.DeadlineExceeded},
		"cancel": {cancelled, Limits{}, context.Canceled},
	} {
		tools, dir := tools(t, c.limits), t.TempDir()
		if err := tools.Rendition(c.ctx, path, info, filepath.Join(dir, "b.mp4")); !errors.Is(err, c.want) {
			t.Errorf("%s, rendition: %v, want %v", name, err, c.want)
		}
		if err := tools.HLS(c.ctx, path, info, filepath.Join(dir, "hls")); !errors.Is(err, c.want) {
			t.Errorf("%s, stream: %v, want %v", name, err, c.want)
		}
		mustHold(t, dir) // nothing half-made
	}
}

func TestOutputIsWatchedWhileItGrows(t *testing.T) {
	t.Parallel()
	tools, dir := tools(t, Limits{Output: 1000, Time: time.Minute}), t.TempDir()
	// A program that writes too much and would never end.
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	_, err = tools.run(context.Background(), dir, shell, []string{"-c", "head -c 2000 /dev/zero >big; exec /bin/sleep 1000"})
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestNamesAreNoArguments(t *testing.T) {
	t.Parallel()
	tools, ctx := tools(t, Limits{}), context.Background()
	data, err := os.ReadFile(film(t, "a.mp4", args(picture("320x240", 1), h264)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"-i.mp4", "http:evil.mp4", "a%05d.mp4", "a b'\"$(id).mp4", "concat:a|b.mp4"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		info := mustProbe(t, tools, path)
		dst := filepath.Join(t.TempDir(), "out"+name)
		if err := tools.Rendition(ctx, path, info, dst); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := mustProbe(t, tools, dst); !got.Playable() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	tools := tools(t, Limits{})
	print := func(name string, args ...string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		out, err := tools.run(context.Background(), "", path, args)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := print("env"); got != "LC_ALL=C" {
		t.Errorf("they are given an environment: %q", got)
	}
	if got := print("cat"); got != "" {
		t.Errorf("they are given an input: %q", got)
	}
	before, err := exec.Command("nice").Output()
	if err != nil {
		t.Fatal(err)
	}
	was, _ := strconv.Atoi(strings.TrimSpace(string(before)))
	if got := print("nice"); got != fmt.Sprint(min(was+10, 19)) {
		t.Errorf("they run at niceness %s, the server at %d", got, was)
	}
}
