// Package ical writes and reads iCalendar (RFC 5545): events and feeds for other calendar programs,
// invitations for mails (iTIP, RFC 5546), and the calendars of others that people subscribe to.
//
// # Writing
//
// Write gives a calendar. An event that does not repeat is written in UTC, which every program
// reads alike and which needs no description of a zone. A series is written on its own clock, with
// the IANA name of its zone: anything else would move it when summer time begins. Its VTIMEZONE
// has the changes of the zone for the years of the series: programs that know the name (Google,
// Apple, Thunderbird, newer Outlooks) ignore it, the others (Outlook on the desktop) need it.
//
// Nothing in a title, name or text can end its line: line ends are escaped in texts, other control
// characters are left out, and parameters are quoted, with quotation marks replaced, as RFC 5545
// has no way to write them there.
//
// # Reading
//
// Read gives the occurrences of a calendar in a window. Files come from strangers: their size, the
// number of events, of occurrences, and the work for repeating them are bounded. A line that makes
// no sense is skipped with what depends on it; a file that is no calendar or ends too early is
// refused as a whole, so that half an answer does not make events disappear.
//
//   - Zones are known by their IANA names, also at the end of longer ones as libical writes them,
//     and by those of Windows. Of others the file's own VTIMEZONE tells X-LIC-LOCATION, or else
//     its standard offset. Times without a zone are those of X-WR-TIMEZONE, or of the reader.
//   - Days without a time are midnights in the reader's zone.
//   - Cancelled events and occurrences are left out.
//   - Of a series whose rule is not understood, or repeats more often than daily, the first
//     occurrence is given. A change of "this and the following" (RANGE) changes the one occurrence.
//   - The length of an event is kept on the wall, as in kernel/recurrence.
//
// Replies to invitations are not read.
package ical
