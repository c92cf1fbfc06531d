package video

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What browsers are given: 720p, and a small one for telephones.
const (
	largeLong, largeShort, largeRate = 1280, 720, 2_500 // pixels and kbit/s
	smallLong, smallShort, smallRate = 640, 360, 700
	thumbnailSide                    = 512
	playableRate                     = 5_000_000 // bits per second of a film that is left as it is
	segmentSeconds                   = 4
)

// Thumbnail makes a JPEG of a telling picture near the film's beginning, upright, its longer
// side at most 512 pixels.
func (t Tools) Thumbnail(ctx context.Context, path string, film Info) ([]byte, error) {
	width, height := fit(film.Width, film.Height, thumbnailSide, thumbnailSide)
	// Scaled first: of the frames among which the most typical one is chosen, all are kept.
	picture := fmt.Sprintf("scale=%d:%d,setsar=1,thumbnail=24", width, height)
	made := []string{
		"-map", "0:" + strconv.Itoa(film.video), "-frames:v", "1", "-vf", picture, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4",
		"-f", "mjpeg", "pipe:1",
	}
	from := min(film.Duration/10, 10*time.Second) // not the black of the first moment
	jpeg, err := t.transcode(ctx, "", path, film, seconds(from), made)
	if err == nil && len(jpeg) == 0 { // nothing there: the duration was wrong
		jpeg, err = t.transcode(ctx, "", path, film, "0", made)
	}
	if err == nil && !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) {
		err = fmt.Errorf("%w (it has no frame)", ErrUnreadable)
	}
	return jpeg, err
}

// Playable reports whether browsers play the film as it is, without waiting for all of it, and
// it tells nobody where it was recorded: then it needs no rendition.
func (i Info) Playable() bool {
	return i.encoded() && i.Container == "video/mp4" && i.fast && !i.located
}

// encoded reports whether picture and sound are what Rendition makes.
func (i Info) encoded() bool {
	width, height := fit(i.Width, i.Height, largeLong, largeShort)
	return i.VideoCodec == "h264" && i.pixels == "yuv420p" && (i.AudioCodec == "" || i.AudioCodec == "aac") &&
		i.Width <= width && i.Height <= height && i.Bitrate > 0 && i.Bitrate <= playableRate
}

// Rendition makes an MP4 of a film that every browser plays: H.264 and AAC, at most 720p, its
// index first. Picture and sound that already are so are copied rather than encoded again. A
// file that is already at dst is replaced; its directory must exist.
func (t Tools) Rendition(ctx context.Context, path string, film Info, dst string) error {
	args := append(streams(film), "-movflags", "+faststart", "-f", "mp4")
	if film.encoded() {
		args = append(args, "-c", "copy")
	} else {
		width, height := fit(film.Width, film.Height, largeLong, largeShort)
		args = append(args, encoding(0, width, height, largeRate)...)
		args = append(args, sound...)
	}
	return t.make(ctx, path, film, dst, append(args, "film.mp4"), func(made string) error {
		return os.Rename(filepath.Join(made, "film.mp4"), dst)
	})
}

// HLS makes a stream of a film in a directory: master.m3u8, and for each size (720p, and 360p
// if the film is larger than that) a playlist v0.m3u8 and its segments v0_00000.ts, all next
// to each other. dir must not exist; its parent must.
func (t Tools) HLS(ctx context.Context, path string, film Info, dir string) error {
	var args, variants []string
	add := func(long, short, rate int) {
		n := len(variants)
		width, height := fit(film.Width, film.Height, long, short)
		args = append(append(args, streams(film)...), encoding(n, width, height, rate)...)
		variant := fmt.Sprintf("v:%d", n)
		if film.audio >= 0 {
			variant += fmt.Sprintf(",a:%d", n)
		}
		variants = append(variants, variant)
	}
	add(largeLong, largeShort, largeRate)
	if max(film.Width, film.Height) > smallLong || min(film.Width, film.Height) > smallShort {
		add(smallLong, smallShort, smallRate)
	}
	args = append(append(args, sound...),
		// A player changes size between segments, which both must begin with a whole picture.
		"-force_key_frames", fmt.Sprintf("expr:gte(t,n_forced*%d)", segmentSeconds), "-sc_threshold", "0",
		"-f", "hls", "-hls_time", strconv.Itoa(segmentSeconds), "-hls_playlist_type", "vod", "-hls_flags", "independent_segments",
		"-var_stream_map", strings.Join(variants, " "), "-master_pl_name", "master.m3u8", "-hls_segment_filename", "v%v_%05d.ts", "v%v.m3u8")
	return t.make(ctx, path, film, dir, args, func(made string) error { return os.Rename(made, dir) })
}

// make runs ffmpeg in a new directory beside what is to be made, and keeps what it made when
// all of it is there. So a name in the arguments is never anything but one of ours.
func (t Tools) make(ctx context.Context, path string, film Info, beside string, args []string, keep func(dir string) error) error {
	work, err := os.MkdirTemp(filepath.Dir(beside), ".film-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left over there is found by whoever clears the directory
	if _, err := t.transcode(ctx, work, path, film, "0", args); err != nil {
		return err
	}
	return keep(work)
}

// transcode runs ffmpeg on a film from a moment on.
func (t Tools) transcode(ctx context.Context, dir, path string, film Info, from string, made []string) ([]byte, error) {
	if !t.Available() {
		return nil, ErrUnavailable
	}
	in, err := t.input(path, film.demuxer)
	if err != nil {
		return nil, err
	}
	args := []string{"-nostdin", "-hide_banner", "-v", "error", "-max_alloc", strconv.Itoa(maxAlloc), "-filter_threads", "1", "-threads", threads, "-ss", from}
	args = append(args, in...)
	args = append(args, "-threads", threads, "-t", seconds(t.limits.Length), "-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")
	return t.run(ctx, dir, t.ffmpeg, append(args, made...))
}

// streams are the arguments that take picture and sound of a film and nothing else.
func streams(film Info) []string {
	args := []string{"-map", "0:" + strconv.Itoa(film.video)}
	if film.audio >= 0 {
		args = append(args, "-map", "0:"+strconv.Itoa(film.audio))
	}
	return args
}

// encoding are the arguments for the n-th picture of an output.
func encoding(n, width, height, rate int) []string {
	stream := ":v:" + strconv.Itoa(n)
	return []string{
		"-filter" + stream, fmt.Sprintf("scale=%d:%d,setsar=1", width, height), "-c" + stream, "libx264", "-preset" + stream, "veryfast", "-crf" + stream, "23",
		"-maxrate" + stream, fmt.Sprintf("%dk", rate), "-bufsize" + stream, fmt.Sprintf("%dk", 2*rate), "-pix_fmt" + stream, "yuv420p", "-profile" + stream, "high",
	}
}

var sound = []string{"-c:a", "aac", "-b:a", "128k", "-ac", "2"}

// fit gives the size of a picture within a box of either orientation, never enlarged. Both
// sides are even, as H.264 with 4:2:0 colours needs.
func fit(width, height, long, short int) (int, int) {
	scale := min(1, float64(long)/float64(max(width, height)), float64(short)/float64(min(width, height)))
	even := func(n int) int { return max(2, int(float64(n)*scale+0.5)&^1) }
	return even(width), even(height)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
