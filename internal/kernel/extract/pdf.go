package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/ledongthuc/pdf"
)

// Limits of the process that reads a PDF.
const (
	maxPDF    = 64 << 20  // bytes of the document, which it keeps
	maxMemory = 256 << 20 // bytes of everything
	maxStack  = 64 << 20
	maxPages  = 5_000
)

// What the process exits with; a crash of Go's is 2.
const (
	exitDamaged  = 3
	exitTooLarge = 4
)

// pdf has another process read a PDF, and takes what it prints.
func (e *Extractor) pdf(ctx context.Context, r io.ReaderAt, size int64, out *text) error {
	if size > maxPDF {
		return ErrTooLarge
	}
	if len(e.child) == 0 {
		return ErrUnsupported
	}
	cmd := exec.CommandContext(ctx, e.child[0], e.child[1:]...) //nolint:gosec // this program itself
	printed := &prefix{}
	cmd.Stdin, cmd.Stdout, cmd.Env, cmd.WaitDelay = io.NewSectionReader(r, 0, size), printed, []string{}, time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == exitTooLarge:
		return ErrTooLarge
	case err != nil:
		return err
	}
	return out.write(printed.String())
}

// prefix keeps the first MaxText bytes of what is written to it.
type prefix struct{ bytes.Buffer }

func (p *prefix) Write(b []byte) (int, error) {
	p.Buffer.Write(b[:min(len(b), MaxText-p.Len())])
	return len(b), nil
}

// Child reads a PDF and prints its text, and gives what the process is to exit with. It takes
// the process for itself: it ends it when it uses too much memory or time.
func Child(in io.Reader, out io.Writer) (exit int) {
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(maxMemory / 2) // collects garbage before it is too late
	debug.SetTraceback("none")
	defer watch()()

	b, err := io.ReadAll(io.LimitReader(in, maxPDF+1))
	if err != nil || len(b) > maxPDF {
		return exitTooLarge
	}
	var words text
	if err := readPDF(b, &words); err != nil && !errors.Is(err, errFull) {
		return exitDamaged
	}
	if _, err := io.WriteString(out, words.String()); err != nil {
		return exitDamaged
	}
	return 0
}

// watch ends the process when it uses too much, until it is told to stop. A soft limit such as
// SetMemoryLimit would have a process that needs more collect garbage for ever.
func watch() (stop func()) {
	late := time.AfterFunc(defaultTime, func() { os.Exit(exitTooLarge) })
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if memory() > maxMemory {
					os.Exit(exitTooLarge)
				}
			}
		}
	})
	return func() { late.Stop(); close(done); watching.Wait() }
}

// memory is how many bytes the process has of the system.
func memory() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() - sample[1].Value.Uint64()
}

// readPDF reads page by page. A page that cannot be read leaves the others.
func readPDF(b []byte, out *text) (err error) {
	var document *pdf.Reader
	var pages, bad int
	if err := careful(func() (err error) {
		if document, err = pdf.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
			pages = document.NumPage()
		}
		return err
	}); err != nil {
		return err
	}
	pages = min(pages, maxPages)
	for n := 1; n <= pages; n++ {
		var page string
		if err := careful(func() (err error) {
			page, err = document.Page(n).GetPlainText(nil)
			return err
		}); err != nil {
			bad++
			continue
		}
		if err := out.write(page); err != nil {
			return err
		}
		out.owe('\n')
	}
	if bad > 0 && bad == pages {
		return errors.New("none of its pages can be read")
	}
	return nil
}

// careful makes an error of a panic, which is the library's way to say one.
func careful(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return f()
}
