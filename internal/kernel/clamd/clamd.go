// Package clamd has files looked at by a virus scanner that speaks ClamAV's protocol: the
// command INSTREAM on a TCP or Unix socket, one connection a file (clamd(8)).
//
// The scanner is the operator's, so it is dialed directly. What a finding or a silent scanner
// means for a file is the caller's decision.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// ErrTooLarge says that the scanner takes no files of that size (its StreamMaxLength).
var ErrTooLarge = errors.New("the file is larger than what the virus scanner takes")

const (
	chunk     = 64 << 10 // bytes
	maxAnswer = 4 << 10
	connectIn = 5 * time.Second
)

// Scanner is where to ask. The zero value is no scanner.
type Scanner struct{ network, address string }

// At gives the scanner at an address: "host:port" or "unix:/path".
func At(address string) (Scanner, error) {
	path, unix := strings.CutPrefix(address, "unix:")
	if unix && strings.HasPrefix(path, "/") {
		return Scanner{"unix", path}, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil || unix {
		return Scanner{}, fmt.Errorf("a virus scanner is at host:port or unix:/path; it is %q", address)
	}
	return Scanner{"tcp", address}, nil
}

// Set reports that there is a scanner.
func (s Scanner) Set() bool { return s.address != "" }

// Scan sends a file and gives the name of what was found in it, "" for nothing. An error
// means that nobody knows.
func (s Scanner) Scan(ctx context.Context, file io.Reader) (found string, err error) {
	dialer := net.Dialer{Timeout: connectIn}
	conn, err := dialer.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", fmt.Errorf("clamd: %w", err)
	}
	defer conn.Close() //nolint:errcheck // the answer has been read, or does not matter
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	sent := send(conn, file)
	if _, broken := errors.AsType[*readError](sent); broken {
		return "", sent
	}
	// The scanner may have answered, and closed, before all was sent.
	answer, err := bufio.NewReader(io.LimitReader(conn, maxAnswer)).ReadString(0)
	if err != nil && answer == "" {
		return "", fmt.Errorf("clamd: %w", errors.Join(sent, context.Cause(ctx), err))
	}
	return read(strings.TrimRight(answer, "\x00\n"))
}

// readError is one of the file rather than of the connection.
type readError struct{ error }

// Unwrap gives the error of the file.
func (e *readError) Unwrap() error { return e.error }

// send writes the command and the file: chunks, each preceded by its length, and an empty one.
func send(to io.Writer, file io.Reader) error {
	if _, err := io.WriteString(to, "zINSTREAM\x00"); err != nil {
		return err
	}
	buf := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(file, buf[4:])
		binary.BigEndian.PutUint32(buf, uint32(n))
		if n > 0 {
			if _, err := to.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			_, err = to.Write([]byte{0, 0, 0, 0})
			return err
		case err != nil:
			return &readError{err}
		}
	}
}

// read understands an answer: "stream: OK", "stream: Name FOUND", "… ERROR".
func read(answer string) (string, error) {
	_, said, _ := strings.Cut(answer, ": ")
	name, isFound := strings.CutSuffix(said, " FOUND")
	switch {
	case said == "OK":
		return "", nil
	case isFound:
		return name, nil
	case strings.Contains(answer, "size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("clamd: it answers %q", answer)
}
