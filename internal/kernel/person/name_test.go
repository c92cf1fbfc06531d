package person

import "testing"

func TestEverybodyHasTwoNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, family, whole, email, first, last string }{
		{"Inés", "Vega", "ignored", "x@y", "Inés", "Vega"},
		{"Inés", "", "Inés Vega", "iv@y", "Inés", "iv"},
		{"", "Vega", "", "iv@y", "iv", "Vega"},
		{"", "", " Jo   van Dyk ", "x@y", "Jo", "van Dyk"},
		{"", "", "Plato", "p@y", "Plato", "p"},
		{"", "", "", "kim.lee@y", "kim", "lee"},
		{"", "", "", "kim@y", "kim", "kim"},
		{" ", " ", " ", "", "", ""},
	} {
		if first, last := Name(c.given, c.family, c.whole, c.email); first != c.first || last != c.last {
			t.Errorf("%+v: %q, %q", c, first, last)
		}
	}
}
