// Package search is the search over everything: items of all kinds of content, and people
// (kernel/search says how they are found and in which order).
//
// Who may do what: every member searches, and finds what they may see. Nothing that is a draft,
// scheduled, or expired for them is found, not even by its author, who lists drafts instead.
//
// Choices where the reference is silent, for it has no such operation: people are found by name,
// job title and e-mail address while they are not archived; hits carry the title and a part of
// the text, as they are and as HTML with the words that were found marked; a query without a
// letter or digit finds nothing.
//
// It reads users for their entries (people.go) and owns no table. It emits no events.
package search
