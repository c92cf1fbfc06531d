package user

import (
	"fmt"
	"math"
)

// hslHex turns a colour given by hue (degrees), saturation and lightness (0 to 1) into
// #RRGGBB, by the formula of CSS Color 4, section 7.1.
func hslHex(hue, saturation, lightness float64) string {
	channel := func(n float64) int {
		k := math.Mod(n+hue/30, 12)
		a := saturation * min(lightness, 1-lightness)
		return int(math.Round(255 * (lightness - a*max(-1, min(k-3, 9-k, 1)))))
	}
	return fmt.Sprintf("#%02X%02X%02X", channel(0), channel(8), channel(4))
}
