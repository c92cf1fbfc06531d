// Package content is what every kind of published item shares: posts now; news, events,
// videos, photos, documents and FAQs alike.
//
// A kind is a table with the columns org_id, id, author_id, audience_id, status,
// posted_at, comments_count, reactions_count, reactions and version, beside its own,
// and three indexes over its published rows:
//
//	(org_id, audience_id, posted_at DESC, id DESC)
//	(org_id, audience_id, reactions_count DESC, posted_at DESC, id DESC)
//	(org_id, audience_id, comments_count DESC, posted_at DESC, id DESC)
//
// For such a kind this package finds pages of visible items (Feed), counts them exactly,
// answers whether one item is visible, and keeps the counters that lists show. Comments,
// reactions and bookmarks (module/social) work for every registered kind.
//
// A page merges the index ranges of the viewer's audiences, so it costs the same with
// ten thousand items and with a million. How many items an audience has is a counter
// (content_counts) kept in the transaction that publishes or removes an item; the number of
// items a viewer may see is a sum of those, exact. Counters and the ten newest items of each
// audience are remembered in memory and forgotten when they change: the first page, which
// nearly everybody reads, is chosen there, and only its rows are read. A longer page of the
// newest items merges only the audiences that can be on it. A listing bounded by time
// subtracts the rows after the bound, which the same index counts.
//
// Table: content_counts. Visibility itself is kernel/audience's.
package content
