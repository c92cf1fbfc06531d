// Package message is what people write: a text with tags, people it mentions and tags, links, a
// gif, files and a place. Posts are messages, and news are messages with a title.
//
// Mentions and tags never widen the audience of what they stand in. Links must be absolute
// http(s) addresses; those a message names and those in its text get cards (module/preview).
// Files are ids of uploads of the author's, and whoever sees the message may read them.
//
// The reference prints one file and one link preview under plural names; the fields with the
// suffix List hold all.
//
// It owns no tables and emits no events.
package message
