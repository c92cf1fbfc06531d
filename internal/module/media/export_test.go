package media

import "context"

// ProcessNow does what the job of a file does.
func (s *Service) ProcessNow(ctx context.Context, orgID, id string) error {
	return s.Process(ctx, process{orgID, id})
}
