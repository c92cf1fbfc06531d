package sms

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// MaxSegments is the most that one message may take.
const MaxSegments = 4

// Sizes of segments (3GPP TS 23.040, 9.2.3.24.1): of a message that has only one, and of each
// of a longer one, in septets of the GSM alphabet or in units of UCS-2.
const (
	gsmAlone, gsmEach   = 160, 153
	ucs2Alone, ucs2Each = 70, 67
)

// The alphabet of 3GPP TS 23.038: characters of one septet and of two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo   = "\f^{}\\[~]|€"
)

// gsm says how many septets a character takes, 0 if the alphabet does not have it.
func gsm(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmTwo, r):
		return 2
	}
	return 0
}

// isGSM says whether the alphabet has every character of a text.
func isGSM(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return gsm(r) == 0 })
}

// Segments says how many segments a text takes, and whether it needs UCS-2 because the GSM
// alphabet lacks one of its characters.
func Segments(text string) (n int, ucs2 bool) {
	size, alone, each := gsm, gsmAlone, gsmEach
	if ucs2 = !isGSM(text); ucs2 {
		size, alone, each = utf16.RuneLen, ucs2Alone, ucs2Each
	}
	total, used := 0, 0 // of all, and of the last segment
	n = 1
	for _, r := range text {
		units := size(r)
		total += units
		if used += units; used > each { // no character is split between two
			n, used = n+1, units
		}
	}
	if total <= alone {
		n = 1
	}
	return n, ucs2
}

// Fit makes a text fit to be sent: without control characters other than line breaks, and cut
// to a number of segments, which an ellipsis shows.
func Fit(text string, segments int) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || unicode.IsPrint(r) || r == '\u200d' || r == '\u200c': // joiners are part of words and emoji
			return r
		case r == '\t' || unicode.Is(unicode.Zs, r):
			return ' '
		}
		return -1
	}, strings.ToValidUTF8(text, "\uFFFD")))
	if n, _ := Segments(text); n <= segments {
		return text
	}
	all := []rune(text)
	ellipsis := "…"
	if isGSM(text) {
		ellipsis = "..." // the alphabet has no other, and one character must not halve the room
	}
	// No segment holds more than gsmAlone characters. The rest of the search goes by halves.
	low, high := 0, min(len(all), segments*gsmAlone)
	for low < high {
		middle := (low + high + 1) / 2
		if n, _ := Segments(string(all[:middle]) + ellipsis); n <= segments {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return cut(all, low) + ellipsis
}

// cut gives the first characters of a text without the half of a character that marks or a
// joiner make of several.
func cut(all []rune, n int) string {
	for n > 0 && n < len(all) && (unicode.In(all[n], unicode.M, unicode.Cf, unicode.Sk) || unicode.Is(unicode.Cf, all[n-1])) {
		n--
	}
	return strings.TrimSpace(string(all[:n]))
}
