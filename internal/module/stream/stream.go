package stream

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
)

// Limits.
const (
	MaxPerPerson = 20     // streams of one person on a node
	MaxPerNode   = 20_000 // streams of a node
	queueLength  = 256    // events that wait for a stream; one that is further behind reads the log itself
	stretch      = 500    // events read from the log at once
	maxWhispers  = 1000   // typing that waits to be told
)

// Times.
const (
	heartbeat    = 20 * time.Second       // shorter than what proxies let a silent connection live
	pollInterval = time.Second            // between looks at the log that nobody asked for
	soonest      = 5 * time.Millisecond   // after a look that found an event whose place was not final
	latest       = 200 * time.Millisecond // when that goes on
	sweepEvery   = 5 * time.Second
	onlineFor    = time.Minute // after the last sign of a connection
	typingEvery  = 2 * time.Second
	retryAtLeast = time.Second // after the server has stopped
	retrySpread  = 4 * time.Second
)

// The names of what a stream says of itself.
const (
	ready = "ready" // everything before it was told
	reset = "reset" // something may be missing: read anew
)

// Typing is told while somebody writes.
type Typing struct {
	Type           string `json:"type"`
	ConversationID string `json:"conversationId"`
	UserID         string `json:"userId"`
}

const typingStarted = "typing.started"

// frame is an event as it is written, for everybody who hears it.
type frame struct {
	bus.Position // zero for what has no place
	text         []byte
	beat         bool // tells only how far the stream has come
}

// eventFrame writes an event. id is "" for what has no place.
func eventFrame(p bus.Position, id, name string, data []byte) *frame {
	var b bytes.Buffer
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(data) // JSON on one line
	b.WriteString("\n\n")
	return &frame{Position: p, text: b.Bytes()}
}

func changeFrame(c bus.Cursors, t changes.Told) *frame {
	return eventFrame(t.Position, c.Text(t.Position), t.Type, t.Text())
}

// placeFrame tells how far a stream has come, and nothing else.
func placeFrame(c bus.Cursors, p bus.Position) *frame {
	return &frame{p, []byte("id: " + c.Text(p) + "\n\n"), true}
}

func typingFrame(conversationID, userID string) *frame {
	data, err := json.Marshal(Typing{typingStarted, conversationID, userID})
	if err != nil {
		panic("stream: typing cannot be encoded: " + err.Error())
	}
	return eventFrame(bus.Position{}, "", typingStarted, data)
}
