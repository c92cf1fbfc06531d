// Package clamdtest is a virus scanner for tests: it speaks ClamAV's protocol and knows one
// virus.
package clamdtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// Virus is what the scanner finds. It is no virus, not even the standard one for tests, which
// scanners of the machine that runs the tests would find in this file.
const Virus = "this is the virus of the tests"

// Limit is how many bytes a file may have.
const Limit = 2 << 20

// Server is a running scanner.
type Server struct {
	Address string // as clamd.At takes it

	listener net.Listener
	ended    sync.WaitGroup
	stop     func()
	hang     chan struct{}

	mu     sync.Mutex
	answer *string
	hangs  bool
}

// Start starts a scanner on "tcp" or "unix" that ends with the test.
func Start(t *testing.T, network string) *Server {
	t.Helper()
	at := "127.0.0.1:0"
	if network == "unix" {
		at = filepath.Join(t.TempDir(), "clamd.sock")
	}
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: l.Addr().String(), listener: l, hang: make(chan struct{})}
	if network == "unix" {
		s.Address = "unix:" + at
	}
	s.stop = sync.OnceFunc(func() { close(s.hang); _ = l.Close(); s.ended.Wait() })
	s.ended.Go(s.serve)
	t.Cleanup(s.stop)
	return s
}

// Stop ends the scanner.
func (s *Server) Stop() { s.stop() }

// Answer makes the scanner answer this to everything; "" closes connections without a word.
func (s *Server) Answer(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = &text
}

// Hang makes the scanner read and answer nothing.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = true
}

func (s *Server) serve() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.ended.Go(func() {
			defer c.Close()
			s.scan(c)
		})
	}
}

func (s *Server) scan(c net.Conn) {
	s.mu.Lock()
	answer, hangs := s.answer, s.hangs
	s.mu.Unlock()
	if hangs {
		<-s.hang
		return
	}
	said := "INSTREAM: no such command ERROR"
	command := make([]byte, len("zINSTREAM\x00"))
	if _, err := io.ReadFull(c, command); err == nil && string(command) == "zINSTREAM\x00" {
		said = verdict(c)
	}
	if answer != nil {
		said = *answer
	}
	if said != "" {
		_, _ = io.WriteString(c, said+"\x00")
	}
}

// verdict reads a file and says what is in it.
func verdict(c io.Reader) string {
	var file bytes.Buffer
	for {
		var length uint32
		if err := binary.Read(c, binary.BigEndian, &length); err != nil {
			return ""
		}
		if length == 0 {
			break
		}
		if file.Len()+int(length) > Limit {
			return "INSTREAM size limit exceeded. ERROR"
		}
		if _, err := io.CopyN(&file, c, int64(length)); err != nil {
			return ""
		}
	}
	if bytes.Contains(file.Bytes(), []byte(Virus)) {
		return "stream: Win.Test.EICAR_HDB-1 FOUND"
	}
	return "stream: OK"
}
