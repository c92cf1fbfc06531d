package sms

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"

	"github.com/workdrive/workdrive/internal/kernel/delivery"
)

// E164 gives a phone number as somebody wrote it in its international form (ITU-T E.164), such
// as +4915112345678. A number without a country's prefix is one of a region, a country's two
// letters (ISO 3166-1); without a region it is refused. Numbers that are too long or too short
// for their country are refused, and so are services of three digits, which nobody reaches from
// abroad. Whether a number is in use is not looked at: ranges are given out all the time.
func E164(number, region string) (string, error) {
	parsed, err := phonenumbers.Parse(number, region)
	if err == nil && phonenumbers.IsPossibleNumber(parsed) && parsed.GetExtension() == "" {
		if text := phonenumbers.Format(parsed, phonenumbers.E164); len(text) >= shortest {
			return text, nil
		}
	}
	return "", delivery.Never(err, "sms.numberInvalid", fmt.Sprintf("%q is not a phone number: write it with + and the country's prefix, such as +4915112345678.", number))
}

// shortest is the length of the shortest numbers there are, such as +6834000 on Niue.
const shortest = len("+6834000")

// KnownRegion says whether a region can be the one of numbers without a country's prefix.
func KnownRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }
