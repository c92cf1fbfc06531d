// Package content is what every kind of published item shares: posts, news, photos, videos,
// documents and FAQs alike.
//
// # The life of an item
//
// Items says how the items of a kind are made, read, changed, published, expire, are deleted
// and pass to others; their module says what is in them (Body). An item is published at once,
// kept as a draft, or scheduled; drafts and scheduled items are visible to their author alone.
//
// Who may do what: every member creates items and reads those their audiences admit
// (kernel/audience). The author changes and deletes; of kinds that are Owned an owner, too, who
// also sees drafts. A moderator (content:moderate) deletes an item they can see like an author,
// and one they cannot see with ?moderate=true; both leave an event (moderated). Nobody else
// changes what somebody wrote. For anybody outside the audience an item does not exist: 404.
//
// Choices where the reference is silent: what is published cannot become a draft again, unless it
// has owners, who can withdraw it; the
// time of a draft is the time it is published; permissions are shown to the author and owners
// only, since they name other people, and cannot be changed to null, which might widen them; a
// scheduled item of somebody who may not act when its time comes becomes a draft. An item that
// has expired is left to its author and owners: it gets an audience of those, and the one its
// permissions mean back when its time is extended.
//
// # Tables and pages
//
// A kind is a table like the others (migration 00003): what lists need has a column, the main
// text too, and the rest of the body is one JSON value. It has three indexes over its published
// rows:
//
//	(org_id, audience_id, posted_at DESC, id DESC)
//	(org_id, audience_id, reactions_count DESC, posted_at DESC, id DESC)
//	(org_id, audience_id, comments_count DESC, posted_at DESC, id DESC)
//
// This package finds pages of visible items (Feed), counts them exactly, answers whether one
// item is visible, and keeps the counters that lists show. Comments, reactions and bookmarks
// (module/social) work for every registered kind.
//
// A page merges the index ranges of the viewer's audiences, so it costs the same with
// ten thousand items and with a million. How many items an audience has is a counter
// (content_counts) kept in the transaction that publishes or removes an item; the number of
// items a viewer may see is a sum of those, exact. Counters and the ten newest items of each
// audience are remembered in memory and forgotten when they change: the first page, which
// nearly everybody reads, is chosen there, and only its rows are read. A longer page of the
// newest items merges only the audiences that can be on it. A listing bounded by time
// subtracts the rows after the bound, which the same index counts. A filtered listing counts
// what it finds.
//
// Tables: those of the kinds, content_counts, content_people. Events of each kind: created,
// published, updated, expired, deleted, moderated; a draft or scheduled item emits created when
// it is made. Jobs: content.publish, content.expire. Visibility itself is kernel/audience's.
package content
