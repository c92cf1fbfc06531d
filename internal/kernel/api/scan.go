package api

import (
	"fmt"
	"unicode/utf16"
)

// scanner reads the grammar of JSON (RFC 8259), nothing beyond it.
type scanner struct {
	in    []byte
	at    int
	depth int
	unfit bool // the last string has a NUL or half of a surrogate pair
}

func (s *scanner) malformed() error {
	if s.at >= len(s.in) {
		return invalidBody("body.malformed", "The body ends in the middle of a JSON value.")
	}
	return invalidBody("body.malformed", fmt.Sprintf("The body is not valid JSON, at byte %d.", s.at))
}

func (s *scanner) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// peek gives the first byte of what comes next.
func (s *scanner) peek() (byte, error) {
	if s.space(); s.at >= len(s.in) {
		return 0, s.malformed()
	}
	return s.in[s.at], nil
}

// more goes to the next member of an object or list, or behind its end.
func (s *scanner) more(end byte, first bool) (bool, error) {
	c, err := s.peek()
	switch {
	case err != nil:
		return false, err
	case c == end:
		s.depth--
		s.at++
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.malformed()
	}
	s.at++
	if c, err = s.peek(); err == nil && c == end {
		err = s.malformed()
	}
	return true, err
}

func (s *scanner) colon() error {
	c, err := s.peek()
	if err == nil && c != ':' {
		err = s.malformed()
	}
	s.at++
	return err
}

// key reads the name of a member.
func (s *scanner) key() ([]byte, error) {
	if s.in[s.at] != '"' {
		return nil, s.malformed()
	}
	from := s.at
	name, err := s.str()
	if err == nil && s.unfit {
		s.at = from
		err = s.malformed()
	}
	return name, err
}

// str reads a string and gives its content.
func (s *scanner) str() ([]byte, error) {
	from, escaped := s.at, false
	s.unfit = false
	for s.at++; s.at < len(s.in); s.at++ {
		switch c := s.in[s.at]; {
		case c == '"':
			s.at++
			if escaped && !s.unfit {
				return unquote(s.in[from:s.at]), nil
			}
			return s.in[from+1 : s.at-1], nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.malformed()
		}
	}
	return nil, s.malformed()
}

// escape stops at the last byte of an escape sequence.
func (s *scanner) escape() error {
	if s.at++; s.at >= len(s.in) {
		return s.malformed()
	}
	switch s.in[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		r, ok := s.hex(s.at + 1)
		if !ok {
			return s.malformed()
		}
		s.at += 4
		if r == 0 {
			s.unfit = true
		}
		if utf16.IsSurrogate(r) {
			s.surrogate(r)
		}
		return nil
	}
	return s.malformed()
}

// surrogate expects the second half of a pair behind the first.
func (s *scanner) surrogate(high rune) {
	if s.at+2 < len(s.in) && s.in[s.at+1] == '\\' && s.in[s.at+2] == 'u' {
		if low, ok := s.hex(s.at + 3); ok && utf16.DecodeRune(high, low) != '\uFFFD' {
			s.at += 6
			return
		}
	}
	s.unfit = true
}

func (s *scanner) hex(from int) (rune, bool) {
	if from+4 > len(s.in) {
		return 0, false
	}
	var r rune
	for _, c := range s.in[from : from+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (s *scanner) literal() error {
	for _, word := range [...]string{"true", "false", "null"} {
		if len(s.in)-s.at >= len(word) && string(s.in[s.at:s.at+len(word)]) == word {
			s.at += len(word)
			return nil
		}
	}
	return s.malformed()
}

func (s *scanner) number() error {
	if s.at < len(s.in) && s.in[s.at] == '-' {
		s.at++
	}
	if whole := s.at; !s.digits() || (s.in[whole] == '0' && s.at > whole+1) {
		return s.malformed()
	}
	if s.at < len(s.in) && s.in[s.at] == '.' {
		if s.at++; !s.digits() {
			return s.malformed()
		}
	}
	if s.at < len(s.in) && (s.in[s.at] == 'e' || s.in[s.at] == 'E') {
		if s.at++; s.at < len(s.in) && (s.in[s.at] == '+' || s.in[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return s.malformed()
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
