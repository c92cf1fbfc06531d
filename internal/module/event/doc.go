// Package event is the calendar: events, meetings and livestreams, once or again and again, who
// comes to them, guests from outside, and calendars of others.
//
// # Who may do what
//
// An event is a kind of content (kernel/content): every member makes events, their permissions say
// who sees them, their organizer changes and deletes them, a moderator deletes them; comments,
// reactions, bookmarks, search, drafts and scheduling come with the kind. A meeting is seen by its
// organizer, those invited and, if it is held in a conversation, those in it, whatever permissions
// say. Whoever sees an event answers, checks in, joins its call, lists its attendees and gets its
// calendar file. The addresses of guests from outside are for the organizer and, in meetings, those invited; how they answered is for the
// organizer. What is in a calendar that somebody subscribes to, they alone read, and nobody changes.
//
// # Series
//
// A series is one item; lists show its occurrences, each with an id of its own, by which the item
// goes, too: comments on an occurrence are comments on its series. repeatId is the id of the series,
// which names all of it. repeat=this|following|all says which occurrences a change is about; this
// unless said otherwise, and true is all.
//
//   - A change of one occurrence may be of title, description, place, links, tags and times. Other
//     fields that a client sends back as they are do no harm; another value is 400 event.ofSeries.
//   - A change of following makes a second series, with the ids of its occurrences and the answers to
//     them. Comments stay with the first. The first of a series has nothing before it: then it is all.
//   - startDateTime and endDateTime of following and all are those of the occurrence that the path
//     names; the others move as far. Moved to other days a series keeps the number of its occurrences.
//   - The nth occurrence stays the nth. What was said of it alone stays, but for times of its own when
//     the series gets other ones, and for being taken out when it gets another frequency.
//   - A series of which nothing would be left is deleted, or its change refused (event.empty).
//   - A series has at most 1,000 occurrences, and an end: two years after its start unless said.
//   - tzid is the clock on which it stays; that of its organizer, else UTC. Another tzid keeps what the
//     clock shows. An end, or else duration in minutes, is required; an event lasts at most 366 days.
//
// # Lists
//
// fromDate and toDate find what overlaps, both ends included; onlyPast what is over;
// include_happening_now adds what is on, and alone finds only that. time bounds when the event was
// made, and is ignored beside fromDate and toDate. With fromDate the first starts come first, without
// the last. A category is one of livestreams (module 2) or events (module 3), whatever the event.
//
// # People
//
// An answer is GOING, NOT_GOING or MAYBE, for one occurrence or for all; the one for all replaces
// those before it. Who is no longer invited loses theirs. People check in from an hour before an
// occurrence begins until it ends, and join its call a quarter of an hour around it. A call is at the
// configured provider, with a token for one person and occurrence (LiveKit's: HS256, claim video), or
// else at conferenceLink. In a livestream only the organizer is seen and heard.
//
// Whoever is invited to a published event is told, once, when it is published or they are added.
// Of other times or another place, and of what is cancelled, those are told who come or may come, or
// are invited and have not declined: in their language, in their time zone, with how it was before.
// Nobody is told of their own act, of what they may not see, or of what is over.
//
// Guests from outside get an iTIP mail (RFC 6047): REQUEST when they are invited and when something
// changes that matters to them, CANCEL when they are not any more; nobody hears of what is over.
// SEQUENCE counts. Mails wait in event_mails, one a guest, and are sent by jobs, again and again for
// two days while delivery says so. A mail about one occurrence has it alone, with its RECURRENCE-ID;
// to whom the mail before it was not sent, it has the whole series. Guests answer at a page whose
// address is signed with a key of the event: it is good as long as they are invited, and opening it
// changes nothing. They answer for the series, or for an occurrence that the page or a mail names; an
// answer to the series replaces those. A series that is cut off another is a new one to them.
//
// # Calendars
//
// A person's calendar can have a secret address, of which the hash is kept: 90 days back and a year
// ahead, at most 2,000 events. Calendars of others are fetched every hour through kernel/egress, if
// they changed, and later and later while that fails; what there was stays until they are read again.
//
// # Tables, events, jobs
//
// Owns events, event_occurrences, event_people, event_guests, event_guest_answers, event_mails,
// event_feeds, calendar_subscriptions and external_events. Publishes what kinds of content do (event.created,
// .published, .updated, .deleted, .moderated) and event.answered, event.checkedIn, event.joined, with
// ids only, and event.invited (data: by, people: up to 100 an event). Jobs: event.invitation, event.lookForCalendars, event.fetchCalendar.
//
// # What it does not do
//
// It reminds nobody, knows no free and busy times, reads no replies that come by mail, and does not
// know who is in a call at this moment: its provider does.
package event
