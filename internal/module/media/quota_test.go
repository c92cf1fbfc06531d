package media_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/clamd"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/module/media"
	"github.com/workdrive/workdrive/internal/testkit/clamdtest"
)

// full asks for an upload that there is no room for.
func (s *scene) full(words string) {
	s.Helper()
	rec := s.call(s.owner, http.MethodGet, "/api/media?mime=text/plain&name=a.txt&moduleCode=1", "", http.StatusInsufficientStorage)
	if !strings.Contains(rec.Body.String(), words) || !strings.Contains(rec.Body.String(), `"media.quota"`) {
		s.Errorf("a full quota is answered %s", rec.Body)
	}
}

func TestAQuotaHolds(t *testing.T) {
	each(t, func(s *scene) {
		s.media.SetQuota(media.Quota{Person: 1000})
		first := s.upload(s.owner, "text/plain", "a.txt", strings.Repeat("a", 600))
		s.file(first)

		// The store itself refuses what is more than what is left.
		s.send(s.ask(s.owner, "text/plain", "b.txt").SignedRequest, []byte(strings.Repeat("b", 401)), http.StatusBadRequest)

		// Two that are each small enough, sent at once: one arrives.
		one, other := s.ask(s.owner, "text/plain", "c.txt"), s.ask(s.owner, "text/plain", "d.txt")
		s.send(one.SignedRequest, []byte(strings.Repeat("c", 300)), http.StatusNoContent)
		s.send(other.SignedRequest, []byte(strings.Repeat("d", 300)), http.StatusNoContent)
		var both sync.WaitGroup
		states := make([]person.File, 2)
		for i, id := range []string{one.FileID, other.FileID} {
			both.Go(func() { states[i] = s.file(id) })
		}
		both.Wait()
		refused := 0
		for _, f := range states {
			if f.Processing != nil && *f.Processing == "REFUSED" {
				refused++
				if !strings.Contains(*f.Metadata.Reason, "1000 B") {
					s.Errorf("the reason is %q", *f.Metadata.Reason)
				}
				if _, err := s.blobs.Stat(s.Context(), f.Path); err == nil {
					s.Error("its bytes are kept")
				}
			}
		}
		if refused != 1 {
			s.Fatalf("%d of two uploads were refused", refused)
		}
		s.call(s.colleague, http.MethodGet, "/api/media?mime=text/plain&name=a.txt&moduleCode=1", "", http.StatusOK) // has room of their own

		// Nothing is left, until something is deleted.
		last := s.upload(s.owner, "text/plain", "e.txt", strings.Repeat("e", 100))
		s.file(last)
		s.full("1000 B")
		s.call(s.owner, http.MethodDelete, "/api/media/"+first, "", http.StatusNoContent)
		s.ask(s.owner, "text/plain", "f.txt")

		// The organization's counts everybody's, and only its own.
		s.media.SetQuota(media.Quota{Organization: 300})
		s.full("organization")
		s.call(s.colleague, http.MethodGet, "/api/media?mime=text/plain&name=a.txt&moduleCode=1", "", http.StatusInsufficientStorage)
		s.call(s.stranger, http.MethodGet, "/api/media?mime=text/plain&name=a.txt&moduleCode=1", "", http.StatusOK)
	})
}

func TestAVirusIsRefused(t *testing.T) {
	each(t, func(s *scene) {
		server := clamdtest.Start(s.T, "tcp")
		scanner, err := clamd.At(server.Address)
		if err != nil {
			s.Fatal(err)
		}
		s.media.SetScanner(scanner)
		clean := s.upload(s.owner, "text/plain", "a.txt", "harmless")
		if f := s.file(clean); f.Processing != nil && *f.Processing == "REFUSED" {
			s.Errorf("refused: %+v", f.Metadata)
		}
		for text, why := range map[string]string{"x" + clamdtest.Virus: "EICAR", strings.Repeat("x", clamdtest.Limit+1): "larger"} {
			id := s.upload(s.owner, "text/plain", "b.txt", text)
			f := s.file(id)
			if f.Processing == nil || *f.Processing != "REFUSED" || !strings.Contains(*f.Metadata.Reason, why) {
				s.Errorf("%s: %+v", why, f)
			}
			s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusConflict)
			if _, err := s.blobs.Stat(s.Context(), f.Path); err == nil {
				s.Errorf("%s: its bytes are kept", why)
			}
		}

		// While it does not answer nothing is taken, and nothing is lost.
		server.Stop()
		id := s.upload(s.owner, "text/plain", "c.txt", "harmless")
		rec := s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusServiceUnavailable)
		if rec.Header().Get("Retry-After") == "" {
			s.Error("no Retry-After")
		}
		again, err := clamd.At(clamdtest.Start(s.T, "unix").Address)
		if err != nil {
			s.Fatal(err)
		}
		s.media.SetScanner(again)
		s.call(s.owner, http.MethodGet, "/api/media/"+id+"/content", "", http.StatusOK)
	})
}
