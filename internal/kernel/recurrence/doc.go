// Package recurrence computes repeating events: which occurrences a series has, and when each of
// them is. It knows times alone; titles, guests and rows are the business of modules.
//
// A Rule is written on the clock on the wall of one zone: an event from 09:00 to 17:00 is from
// 09:00 to 17:00 in winter and in summer, whatever that means in elapsed hours. An event that does
// not repeat is a Rule too, whose Frequency is Once, so callers need no second way.
//
//   - A wall-clock time that a change to summer time skips is read with the offset before the
//     change, so it moves forward by the gap; one that happens twice is the first (RFC 5545,
//     section 3.3.5). Where an end would by this not be after its start, the event keeps its
//     length in elapsed time instead.
//   - A monthly series on the 29th, 30th or 31st falls on the last day of shorter months and
//     returns to its day afterwards. RFC 5545 would skip those months; nobody wants to miss a
//     payday.
//   - An occurrence is known by its original wall-clock start in the zone of its series, which is
//     what RECURRENCE-ID says. It stays the same when the rules of summer time change, when other
//     occurrences are removed, and when the series is split.
//   - A series with an end has at most Limit occurrences, which Validate checks. One without an end
//     is only ever expanded for a window, and at most Limit occurrences of it at a time.
//   - The place of an occurrence in its series is arithmetic. Looking at a window costs what the
//     window has, however long ago the series began.
//
// The database of time zones is part of the program; nothing needs to be installed beside it.
package recurrence
