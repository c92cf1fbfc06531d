package quicklink

// Filled gives the address that a text of a tile means, "" for none, when only 10.0.0.1 may be
// spoken to in the clear.
func Filled(t Tile, text string, values map[string]string) string {
	if u := t.filled(text, values, func(host string) bool { return host == "10.0.0.1" }); u != nil {
		return u.String()
	}
	return ""
}
