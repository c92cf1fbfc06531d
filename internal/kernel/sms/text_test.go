package sms

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		n    int
		ucs2 bool
	}{
		"": {1, false}, "Hello": {1, false},
		strings.Repeat("a", 160): {1, false}, strings.Repeat("a", 161): {2, false}, strings.Repeat("a", 306): {2, false}, strings.Repeat("a", 307): {3, false},
		strings.Repeat("€", 80): {1, false}, strings.Repeat("€", 81): {2, false}, strings.Repeat("€", 76) + strings.Repeat("€", 76): {2, false}, strings.Repeat("€", 153): {3, false},
		"äöüß ÄÖÜ ñ à @ Δ Ω [x] {y} \\ ~ ^ |": {1, false},
		"ç": {1, true}, "`": {1, true}, "…": {1, true}, "Привет": {1, true}, "日本": {1, true},
		strings.Repeat("я", 70): {1, true}, strings.Repeat("я", 71): {2, true}, strings.Repeat("я", 134): {2, true}, strings.Repeat("я", 135): {3, true},
		strings.Repeat("😀", 35): {1, true}, strings.Repeat("😀", 36): {2, true}, strings.Repeat("😀", 66): {2, true}, strings.Repeat("😀", 67): {3, true},
		strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152): {3, false}, // no escape is torn off
	} {
		if n, ucs2 := Segments(text); n != want.n || ucs2 != want.ucs2 {
			t.Errorf("%q takes %d, UCS-2 %v, want %v", text, n, ucs2, want)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "",
		" a\r\nb\tc\x00\x1b\u202e ":         "a\nb c",
		"nb\u00a0sp":                        "nb sp",
		"bad \xff":                          "bad \uFFFD",
		"👩‍👩‍👧 ok":                          "👩‍👩‍👧 ok",
		strings.Repeat("a", 306):            strings.Repeat("a", 306),
		strings.Repeat("a", 307):            strings.Repeat("a", 303) + "...",
		strings.Repeat("€", 200):            strings.Repeat("€", 76) + strings.Repeat("€", 75) + "...",
		strings.Repeat("я", 200):            strings.Repeat("я", 133) + "…",
		strings.Repeat("😀", 100):            strings.Repeat("😀", 66) + "…",
		strings.Repeat("👨‍👩‍👧", 50):         strings.Repeat("👨‍👩‍👧", 16) + "…",
		strings.Repeat("e\u0301", 90) + "x": strings.Repeat("e\u0301", 66) + "…",
	} {
		if got := Fit(text, 2); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzFit(f *testing.F) {
	for _, text := range []string{"Hello", strings.Repeat("€a", 300), strings.Repeat("😀", 300), strings.Repeat("e\u0301", 300), "\x00\xff\u202e", strings.Repeat("\u0301", 700)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Fit(text, MaxSegments)
		if n, _ := Segments(got); n > MaxSegments || !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\u202e") || Fit(got, MaxSegments) != got {
			t.Errorf("%q became %q of %d segments", text, got, n)
		}
	})
}

func TestE164(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, region, want string }{
		{"+49 1511 2345678", "", "+4915112345678"},
		{"01511 / 2345678", "DE", "+4915112345678"},
		{"0049 1511 2345678", "DE", "+4915112345678"},
		{"(201) 555-0123", "US", "+12015550123"},
		{"+1 201 555 0123", "DE", "+12015550123"},
		{"+39 06 1234 5678", "", "+390612345678"}, // the zero stays in Italy
		{"＋４９ １５１１ ２３４５６７８", "", "+4915112345678"},
		{"01511 2345678", "", ""}, {"", "DE", ""}, {"hello", "DE", ""}, {"+49", "", ""}, {"+4912", "", ""}, {"+999123456789", "", ""}, {"+49151123456781234567890", "", ""},
		{"+4915112345678;ext=5", "", ""}, {"112", "DE", ""}, {"+683 4000", "", "+6834000"},
	} {
		got, err := E164(c.number, c.region)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q in %q is %q, %v, want %q", c.number, c.region, got, err, c.want)
		}
		if _, again := delivery.Retry(err); again {
			t.Errorf("%q would be tried again", c.number)
		}
	}
}

// TestSignature holds the signature to the example that Standard Webhooks gives.
func TestSignature(t *testing.T) {
	t.Parallel()
	key, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("the signature is %s", got)
	}
}
