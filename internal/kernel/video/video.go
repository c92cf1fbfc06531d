// Package video looks into films and makes what browsers play of them, with Debian's ffmpeg:
// a picture, an MP4 and an HLS stream. Without ffmpeg every call answers ErrUnavailable, which
// callers show as a state; films can be kept and saved all the same.
//
// Films come from strangers and ffmpeg reads more formats than anybody has checked, some of
// which name other files and addresses to read. So a film is opened only as the container its
// first bytes show (kernel/filetype), never as what ffmpeg would guess; only with decoders of
// a list; only from the file itself, no other protocol being allowed. ffmpeg is started
// without a shell, environment or standard input, with arguments that hold nothing a user
// wrote, below the server's priority, and with limits of time, pixels and bytes written. It
// runs with the server's rights: who wants more around it confines the server.
//
// What is made holds picture and sound alone: titles, places and chapters stay behind. It
// appears under its name when it is complete, and not at all when it fails.
//
// It owns no tables and emits no events. Callers decide what is made when, and for whom.
package video

import (
	"errors"
	"os/exec"
	"path/filepath"
	"time"
)

var (
	// ErrUnavailable says that there is no ffmpeg on this machine.
	ErrUnavailable = errors.New("films are not processed: ffmpeg is not installed on this server")
	// ErrUnsupported says that a file is not a film of a kind that is read.
	ErrUnsupported = errors.New("the file is not a film that can be processed (MP4, QuickTime, WebM, Matroska, AVI, MPEG, Ogg or Windows Media)")
	// ErrUnreadable says that a film is damaged, has no picture or one that ffmpeg found too large,
	// or an encoding that is not read.
	ErrUnreadable = errors.New("the film cannot be read: it is damaged, its picture is too large, or its encoding is not supported")
	// ErrTooLarge says that a film is longer, larger in pixels, or makes more bytes than is allowed.
	ErrTooLarge = errors.New("the film is too long or its picture is too large to be processed")
)

// Limits bound what is spent on one film. Zero values are those of DefaultLimits.
type Limits struct {
	Time   time.Duration // of one run of ffmpeg
	Length time.Duration // of the film
	Pixels int           // of its picture
	Output int64         // bytes written by one run
}

// DefaultLimits are for an hour's meeting on a small machine.
var DefaultLimits = Limits{Time: time.Hour, Length: 4 * time.Hour, Pixels: 40_000_000, Output: 8 << 30}

// Tools are the programs found on this machine. The zero value has none.
type Tools struct {
	ffmpeg, ffprobe, nice string
	limits                Limits
}

// Find looks for ffmpeg and ffprobe in a directory, or in the PATH when dir is "". Look once,
// at start.
func Find(dir string, limits Limits) Tools {
	find := func(name string) string {
		if dir != "" {
			name = filepath.Join(dir, name)
		}
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		path, err = filepath.Abs(path)
		if err != nil {
			return ""
		}
		return path
	}
	t := Tools{ffmpeg: find("ffmpeg"), ffprobe: find("ffprobe"), limits: limits.orDefault()}
	t.nice, _ = exec.LookPath("nice") // without it ffmpeg runs at the server's own priority
	return t
}

// Available reports whether films can be processed.
func (t Tools) Available() bool { return t.ffmpeg != "" && t.ffprobe != "" }

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	if l.Time > 0 {
		d.Time = l.Time
	}
	if l.Length > 0 {
		d.Length = l.Length
	}
	if l.Pixels > 0 {
		d.Pixels = l.Pixels
	}
	if l.Output > 0 {
		d.Output = l.Output
	}
	return d
}
