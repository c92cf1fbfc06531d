package video

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Info is what a film is.
type Info struct {
	Container  string        // the type its first bytes show: "video/mp4"
	Duration   time.Duration // 0 when the file does not say, as of recordings in a browser
	Width      int           // as shown: after Rotation
	Height     int
	Rotation   int    // how far players turn the picture clockwise: 0, 90, 180 or 270
	VideoCodec string // ffmpeg's names: "h264"
	AudioCodec string // "" without sound
	Bitrate    int64  // bits per second of everything, 0 when the file does not say

	demuxer      string
	video, audio int    // numbers of the streams; audio -1 without sound
	pixels       string // how pixels are stored: "yuv420p"
	located      bool   // says where it was recorded
	fast         bool   // an MP4 whose index comes first, so that it plays before it is loaded
}

// Probe looks into a film without decoding it. It refuses what is over the limits.
func (t Tools) Probe(ctx context.Context, path string) (Info, error) {
	if !t.Available() {
		return Info{}, ErrUnavailable
	}
	mime, demuxer, err := demuxerOf(path)
	if err != nil {
		return Info{}, err
	}
	in, err := t.input(path, demuxer)
	if err != nil {
		return Info{}, err
	}
	out, err := t.run(ctx, "", t.ffprobe, append([]string{"-v", "error", "-max_alloc", strconv.Itoa(maxAlloc), "-of", "json", "-show_entries",
		"format=duration,bit_rate:format_tags=location,location-eng,com.apple.quicktime.location.ISO6709:" +
			"stream=index,codec_type,codec_name,width,height,pix_fmt:stream_disposition=attached_pic:stream_side_data=rotation:stream_tags=rotate"}, in...))
	if err != nil {
		return Info{}, err
	}
	var found probed
	if err := json.Unmarshal(out, &found); err != nil {
		return Info{}, fmt.Errorf("%w (ffprobe's answer: %w)", ErrUnreadable, err)
	}
	info, err := found.info()
	if err != nil {
		return Info{}, err
	}
	if info.Duration > t.limits.Length || info.Width > t.limits.Pixels/info.Height {
		return Info{}, ErrTooLarge
	}
	info.Container, info.demuxer = mime, demuxer
	if demuxer == "mov" {
		info.fast = indexFirst(path)
	}
	return info, nil
}

// probed is ffprobe's answer.
type probed struct {
	Format struct {
		Duration string            `json:"duration"`
		Bitrate  string            `json:"bit_rate"`
		Tags     map[string]string `json:"tags"`
	} `json:"format"`
	Streams []struct {
		Index       int               `json:"index"`
		Type        string            `json:"codec_type"`
		Codec       string            `json:"codec_name"`
		Width       int               `json:"width"`
		Height      int               `json:"height"`
		Pixels      string            `json:"pix_fmt"`
		Disposition map[string]int    `json:"disposition"`
		Tags        map[string]string `json:"tags"`
		SideData    []struct {
			Rotation float64 `json:"rotation"`
		} `json:"side_data_list"`
	} `json:"streams"`
}

// info takes the first picture that moves, and the first sound.
func (p probed) info() (Info, error) {
	i := Info{video: -1, audio: -1, located: len(p.Format.Tags) > 0}
	seconds, _ := strconv.ParseFloat(p.Format.Duration, 64) // not said: 0
	i.Duration = time.Duration(min(max(seconds, 0), 1e9) * float64(time.Second)).Round(time.Millisecond)
	i.Bitrate, _ = strconv.ParseInt(p.Format.Bitrate, 10, 64)
	for _, s := range p.Streams {
		switch {
		case s.Type == "video" && i.video < 0 && s.Disposition["attached_pic"] == 0:
			i.video, i.VideoCodec, i.Width, i.Height, i.pixels = s.Index, s.Codec, s.Width, s.Height, s.Pixels
			turn, _ := strconv.Atoi(s.Tags["rotate"]) // what older versions of ffprobe say, clockwise
			for _, d := range s.SideData {
				if d.Rotation != 0 {
					turn = -int(d.Rotation)
				}
			}
			i.Rotation = ((turn%360 + 360 + 45) % 360) / 90 * 90
		case s.Type == "audio" && i.audio < 0:
			i.audio, i.AudioCodec = s.Index, s.Codec
		}
	}
	if i.video < 0 || i.Width <= 0 || i.Height <= 0 {
		return Info{}, fmt.Errorf("%w (it has no moving picture)", ErrUnreadable)
	}
	if i.Rotation%180 != 0 {
		i.Width, i.Height = i.Height, i.Width
	}
	return i, nil
}

// indexFirst reports whether an MP4's index (moov) comes before its frames (mdat), from the
// headers of its outermost boxes (ISO 14496-12).
func indexFirst(path string) bool {
	f, err := os.Open(path) //nolint:gosec // the caller's own file
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it is read only
	const most = 64
	var at int64
	for range most {
		var head [16]byte
		if n, _ := f.ReadAt(head[:], at); n < 8 {
			return false
		}
		switch string(head[4:8]) {
		case "moov":
			return true
		case "mdat":
			return false
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		if length == 1 {
			length = int64(binary.BigEndian.Uint64(head[8:]))
		}
		if length < 8 || at > 1<<62-length {
			return false
		}
		at += length
	}
	return false
}
