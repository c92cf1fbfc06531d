// Package search finds items and people by their words, and only what the searcher may see.
//
// The index has an entry for everything that can be found: published items of all kinds of
// content, and people. Whoever changes something puts its entry into the index in the same
// transaction, with the audience that may see it, so that a hit appears and disappears with
// what it stands for. SQLite's FTS5 and PostgreSQL's full text do the finding; words are cut
// and normalised here, once for both (words.go), and neither engine's query language ever
// meets what somebody typed.
//
// # What is found
//
// All words must be in the title or the text; words in "quotation marks" stand together; the
// last one, unless a blank follows, may be the beginning of a word, and for people every one
// may. Letters match whatever their case, width or accents. Scripts that are written without
// blanks (Chinese, Japanese, Korean, Thai) are found by any part of two characters or more, and
// by single ones.
//
// # Order and numbers
//
// What has all words in its title comes first; then the rest; the newest first in both. The
// order needs no look at the hits' texts, so that a page of a word in a million posts reads the
// page. Totals are exact: the audience is one of the things the index looks for, no hit is
// taken out of a page afterwards.
//
// Tables: search_entries, search_words (SQLite), search_sources. Job: search.build, which indexes
// what was there before the index.
package search
