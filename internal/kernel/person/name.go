package person

import "strings"

// Name gives a given and a family name, neither of them empty, for somebody whose other system
// tells one name in whole, or none at all: what is missing is taken from the e-mail address.
func Name(given, family, whole, email string) (first, last string) {
	first, last = strings.TrimSpace(given), strings.TrimSpace(family)
	if first == "" && last == "" {
		first, last, _ = strings.Cut(strings.Join(strings.Fields(whole), " "), " ")
	}
	local, _, _ := strings.Cut(strings.TrimSpace(email), "@")
	if first == "" && last == "" {
		first, last, _ = strings.Cut(local, ".")
	}
	if first == "" {
		first = local
	}
	if last == "" {
		last = local
	}
	return first, last
}
