package clamd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/clamd"
	"github.com/workdrive/workdrive/internal/testkit/clamdtest"
)

func scanner(t *testing.T, s *clamdtest.Server) clamd.Scanner {
	t.Helper()
	c, err := clamd.At(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		server := clamdtest.Start(t, network)
		c := scanner(t, server)
		large := bytes.Repeat([]byte("0123456789"), 100_000)
		for name, test := range map[string]struct {
			file  string
			found string
			err   error
		}{
			"harmless":     {string(large), "", nil},
			"empty":        {"", "", nil},
			"virus":        {"a" + clamdtest.Virus + "b", "Win.Test.EICAR_HDB-1", nil},
			"late in file": {string(large) + clamdtest.Virus, "Win.Test.EICAR_HDB-1", nil},
			"too large":    {strings.Repeat("x", clamdtest.Limit+1), "", clamd.ErrTooLarge},
		} {
			found, err := c.Scan(t.Context(), strings.NewReader(test.file))
			if found != test.found || !errors.Is(err, test.err) {
				t.Errorf("%s, %s: %q %v", network, name, found, err)
			}
		}
	}
}

func TestWhatIsNotScannedIsAnError(t *testing.T) {
	t.Parallel()
	server := clamdtest.Start(t, "tcp")
	c := scanner(t, server)
	broken := errors.New("the disk is gone")
	if _, err := c.Scan(t.Context(), io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	server.Answer("stream: Can't allocate memory ERROR")
	if _, err := c.Scan(t.Context(), strings.NewReader("abc")); err == nil || !strings.Contains(err.Error(), "allocate") {
		t.Errorf("a scanner in need: %v", err)
	}
	server.Answer("")
	if _, err := c.Scan(t.Context(), strings.NewReader("abc")); err == nil {
		t.Error("a scanner that hangs up is taken for consent")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	server.Hang()
	if _, err := c.Scan(ctx, strings.NewReader("abc")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a scanner that says nothing: %v", err)
	}
	server.Stop()
	if _, err := c.Scan(t.Context(), strings.NewReader("abc")); err == nil {
		t.Error("no scanner, and no error")
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost", "unix:relative", "/run/clamd.sock", "http://a:1/"} {
		if c, err := clamd.At(address); err == nil || c.Set() {
			t.Errorf("%q: %v %v", address, c, err)
		}
	}
}
