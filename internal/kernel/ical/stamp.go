package ical

import (
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

var oneDay = recurrence.Date(1).At(0) // in seconds

// stamp is a time as a file gives it.
type stamp struct {
	wall   recurrence.Wall
	zone   *time.Location
	allDay bool
}

// on gives the wall of another stamp's zone at the moment of s. Whole days are days everywhere.
func (s stamp) on(other stamp) recurrence.Wall {
	if s.allDay || s.zone == other.zone {
		return s.wall
	}
	return recurrence.WallOf(s.wall.In(s.zone).In(other.zone))
}

// stamp reads a property of one time.
func (rd *reader) stamp(p *ics.IANAProperty) (stamp, bool) {
	if p == nil {
		return stamp{}, false
	}
	return rd.zones.stamp(p.Value, p.ICalParameters)
}

// stamps reads properties of several times, like EXDATE. Of periods it takes the starts.
func (rd *reader) stamps(properties []*ics.IANAProperty) []stamp {
	var list []stamp
	for _, p := range properties {
		for value := range strings.SplitSeq(p.Value, ",") {
			value, _, _ = strings.Cut(value, "/")
			if s, ok := rd.zones.stamp(value, p.ICalParameters); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

// zones knows the time zones of a file.
type zones struct {
	reader   *time.Location            // for whole days
	floating *time.Location            // for times without a zone
	own      map[string]*time.Location // of the file's VTIMEZONEs, by TZID
	seen     map[string]*time.Location // what TZIDs mean, at most maxZones
}

// maxZones is how many TZIDs of a file are looked up; there are not as many zones.
const maxZones = 1000

func zonesIn(c *ics.Calendar, reader *time.Location) zones {
	z := zones{reader: reader, floating: reader, own: map[string]*time.Location{}, seen: map[string]*time.Location{}}
	for _, p := range c.CalendarProperties {
		if p.IANAToken == "X-WR-TIMEZONE" {
			if zone := named(p.Value); zone != nil {
				z.floating = zone
			}
		}
	}
	for _, component := range c.Components {
		if vtimezone, ok := component.(*ics.VTimezone); ok && len(z.own) < maxZones {
			z.describe(vtimezone)
		}
	}
	return z
}

// describe takes in a VTIMEZONE of the file.
func (z zones) describe(v *ics.VTimezone) {
	id := v.GetProperty("TZID")
	if id == nil {
		return
	}
	if p := v.GetProperty("X-LIC-LOCATION"); p != nil {
		if zone := named(p.Value); zone != nil {
			z.own[id.Value] = zone
			return
		}
	}
	for _, part := range v.Components {
		standard, ok := part.(*ics.Standard)
		if !ok {
			continue
		}
		if p := standard.GetProperty("TZOFFSETTO"); p != nil {
			if seconds, ok := offset(p.Value); ok {
				z.own[id.Value] = time.FixedZone(id.Value, seconds)
			}
		}
	}
}

// stamp reads "20260131", "20260131T090000" or "20260131T090000Z".
func (z zones) stamp(value string, parameters map[string][]string) (stamp, bool) {
	value = strings.TrimSpace(value)
	if len(value) == len(dayForm) {
		t, err := time.Parse(dayForm, value)
		w := recurrence.WallOf(t)
		return stamp{w, z.reader, true}, err == nil && w > 0
	}
	local, utc := strings.CutSuffix(value, "Z")
	t, err := time.Parse(localForm, local)
	w := recurrence.WallOf(t)
	if err != nil || w <= 0 || t.Nanosecond() != 0 {
		return stamp{}, false
	}
	if utc {
		return stamp{w, time.UTC, false}, true
	}
	if ids := parameters["TZID"]; len(ids) > 0 {
		return stamp{w, z.zone(ids[0]), false}, true
	}
	return stamp{w, z.floating, false}, true
}

// zone gives the zone of a TZID, and that of times without a zone when there is no telling.
func (z zones) zone(id string) *time.Location {
	if zone := z.seen[id]; zone != nil {
		return zone
	}
	if len(z.seen) == maxZones {
		return z.floating
	}
	zone := named(id)
	if zone == nil {
		zone = z.own[id]
	}
	if zone == nil {
		zone = z.floating
	}
	z.seen[id] = zone
	return zone
}

// named gives the zone of an IANA name, of a longer name that ends in one
// ("/example.org/20260101/Europe/Berlin"), or of a name of Windows; nil for others.
func named(id string) *time.Location {
	id = strings.TrimSpace(id)
	if len(id) > 128 {
		return nil
	}
	if zone := ics.WindowsTimezoneToIANA(id); zone != nil {
		if zone, err := recurrence.Zone(zone.String()); err == nil {
			return zone
		}
	}
	parts := strings.Split(id, "/")
	for n := min(len(parts), 3); n > 0; n-- {
		if zone, err := recurrence.Zone(strings.Join(parts[len(parts)-n:], "/")); err == nil {
			return zone
		}
	}
	return nil
}

// offset reads "+0100" or "-083015", in seconds.
func offset(value string) (int, bool) {
	if len(value) != 5 && len(value) != 7 {
		return 0, false
	}
	digits, err := strconv.ParseUint((value[1:] + "00")[:6], 10, 32)
	seconds := int(digits/10000*3600 + digits/100%100*60 + digits%100)
	if err != nil || seconds >= 24*3600 {
		return 0, false
	}
	switch value[0] {
	case '+':
		return seconds, true
	case '-':
		return -seconds, true
	}
	return 0, false
}

// duration reads "P1W", "P1DT2H" and the like (RFC 5545, section 3.3.6), up to a year.
func duration(value string) (recurrence.Wall, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(value), "+"), "P")
	if !ok || rest == "" {
		return 0, false
	}
	unit := map[byte]int{'W': 7 * 86400, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1}
	total, number := 0, ""
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			number += string(c)
		case c == 'T' && number == "":
		case unit[c] > 0:
			n, err := strconv.ParseUint(number, 10, 31)
			if err != nil || n > 366*86400 {
				return 0, false
			}
			total, number = total+int(n)*unit[c], ""
		default:
			return 0, false
		}
		if total > 366*86400 {
			return 0, false
		}
	}
	return recurrence.Wall(total), number == ""
}
