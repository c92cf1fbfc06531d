package post

// Texts lists the texts of the posts of the page, in order.
func (p Page) Texts() []string {
	list := make([]string, len(p.rows))
	for i, r := range p.rows {
		list[i] = r.Text
	}
	return list
}
