// Package news is what the organization tells its people: messages (kernel/message) with a
// title, a category and a cover.
//
// Who may do what is as with every kind of content (kernel/content). News can ask its readers
// to acknowledge it (module/acknowledgement).
//
// Choices where the reference is silent: news needs a title and no text; its category must be
// one that administrators have made; the cover must be a picture; category and userId narrow
// the list.
//
// Table: news. Events: news.created, news.published, news.updated, news.deleted,
// news.moderated.
package news
