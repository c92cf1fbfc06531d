package video

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/filetype"
)

const (
	niceness   = "10"
	threads    = "2"
	maxAlloc   = 512 << 20 // bytes of one allocation within ffmpeg
	maxStdout  = 4 << 20
	maxStderr  = 8 << 10
	watchEvery = 250 * time.Millisecond
)

// demuxers are the readers of the containers that are read, by what the first bytes show.
var demuxers = map[string]string{
	"video/mp4": "mov", "video/x-m4v": "mov", "video/quicktime": "mov", "video/3gpp": "mov", "video/3gpp2": "mov", "audio/mp4": "mov", "audio/x-m4a": "mov",
	"video/webm": "matroska", "video/matroska": "matroska",
	"video/x-msvideo": "avi",
	"video/mpeg":      "mpeg",
	"video/ogg":       "ogg", "application/ogg": "ogg",
	"video/x-ms-asf": "asf",
}

// decoders are what cameras, phones, screen recorders and browsers write.
var decoders = strings.Join([]string{
	"h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "prores", "theora",
	"msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "wmv3", "vc1",
	"aac", "aac_fixed", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis", "libvorbis", "flac", "alac", "ac3", "eac3", "amrnb", "amrwb", "wmav1", "wmav2",
	"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_mulaw", "pcm_alaw",
}, ",")

// demuxerOf decides how a file is opened, by its first bytes.
func demuxerOf(path string) (mime, demuxer string, err error) {
	f, err := os.Open(path) //nolint:gosec // the caller's own file
	if err != nil {
		return "", "", err
	}
	defer f.Close() //nolint:errcheck // it is read only
	head := make([]byte, filetype.HeadBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", "", err
	}
	mime = filetype.Sniff(head[:n]).MIME
	demuxer, ok := demuxers[mime]
	if !ok {
		return mime, "", ErrUnsupported
	}
	return mime, demuxer, nil
}

// input are the arguments that open a film, for ffmpeg and ffprobe alike: as one container,
// with the decoders above, from the file alone.
func (t Tools) input(path, demuxer string) ([]string, error) {
	path, err := filepath.Abs(path) // so that it can be no option
	if err != nil {
		return nil, err
	}
	return []string{
		"-protocol_whitelist", "file", "-format_whitelist", demuxer, "-codec_whitelist", decoders, "-max_pixels", strconv.Itoa(t.limits.Pixels),
		"-f", demuxer, "-i", "file:" + path,
	}, nil
}

// run starts a program in a directory and gives what it printed. It ends with the context, with
// the time limit, or when the directory holds more than may be written.
func (t Tools) run(ctx context.Context, dir, program string, args []string) ([]byte, error) {
	ctx, cancelTime := context.WithTimeout(ctx, t.limits.Time)
	defer cancelTime()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	if t.nice != "" {
		program, args = t.nice, append([]string{"-n", niceness, program}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // found at start; no argument is a user's
	out, failed := &bounded{limit: maxStdout}, &tail{limit: maxStderr}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, []string{"LC_ALL=C"}, out, failed, time.Second

	var watch sync.WaitGroup
	ended := make(chan struct{})
	if dir != "" {
		watch.Go(func() { t.watch(ended, dir, stop) })
	}
	err := cmd.Run()
	close(ended)
	watch.Wait()

	switch cause := context.Cause(ctx); {
	case cause != nil:
		return nil, fmt.Errorf("the film was not processed to its end: %w", cause)
	case dir != "" && size(dir) > t.limits.Output, out.full:
		return nil, ErrTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w (%s: %w: %s)", ErrUnreadable, filepath.Base(cmd.Path), err, failed)
	}
	return out.Bytes(), nil
}

// watch stops a run whose directory grows too large. ffmpeg's own limit (-fs) counts one file,
// and calls what it has cut off a success.
func (t Tools) watch(ended <-chan struct{}, dir string, stop context.CancelCauseFunc) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			if size(dir) > t.limits.Output {
				stop(ErrTooLarge)
				return
			}
		}
	}
}

// size is how many bytes the files in a directory have; one that has just gone counts nothing.
func size(dir string) (total int64) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var info fs.FileInfo
		if info, _ = e.Info(); info != nil {
			total += info.Size()
		}
	}
	return total
}

// bounded keeps what is written to it, up to a limit.
type bounded struct {
	bytes.Buffer
	limit int
	full  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.full = true
		return 0, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}

// tail keeps the end of what is written to it.
type tail struct {
	b     []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - t.limit; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(string(t.b), "?")) }
