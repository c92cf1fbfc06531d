package media

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/clamd"
	"github.com/workdrive/workdrive/internal/kernel/video"
)

// ProcessNow does what the job of a file does.
func (s *Service) ProcessNow(ctx context.Context, orgID, id string) error {
	return s.Process(ctx, process{orgID, id})
}

// ProcessFilmNow does what the job of a film does.
func (s *Service) ProcessFilmNow(ctx context.Context, orgID, id string) error {
	return s.ProcessFilm(ctx, film{orgID, id})
}

// Resume has the files done of which nothing could be made when they came.
func (s *Service) Resume(ctx context.Context) error { return s.resume(ctx) }

// SetFilms replaces the programs that read films.
func (s *Service) SetFilms(t video.Tools) { s.films = t }

// Scratch is where films are worked on.
func (s *Service) Scratch() string { return s.scratch }

// SetQuota replaces the quota.
func (s *Service) SetQuota(q Quota) { s.quota = q }

// SetScanner replaces the virus scanner.
func (s *Service) SetScanner(c clamd.Scanner) { s.scanner = c }
