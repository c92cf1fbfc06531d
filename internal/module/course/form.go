package course

// Form is what those who take a course fill in.
type Form struct {
	ID, Title            string
	Accepting            bool
	Type                 *string
	Schema               map[string]any // of a form builder
	CreatedAt, UpdatedAt int64
}
