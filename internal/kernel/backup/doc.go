// Package backup writes everything an installation keeps, or one organization of it, into one
// archive, and brings it back, on either engine and into either file store.
//
// # The archive
//
// A gzip-compressed tar file, readable without this program:
//
//	workdrive.json              what it is: kind, release, schema
//	tables/NAME/000001.ndjson   rows in the order of their key, each an array of values in the
//	                            order of the columns, which manifest.json names
//	jobs/000001.ndjson          work that was waiting
//	files/org/…                 objects of the file store
//	manifest.json               last: every entry's size and SHA-256, the columns and last serial
//	                            number of every table
//
// An archive is used only after all of it has been read and found to be what its manifest says:
// one that was cut off has no manifest.
//
// # What it promises
//
//   - The rows are of one moment (a snapshot), while the server goes on working. Files are copied
//     after the rows: whatever a row names is there, unless it was deleted meanwhile, which the
//     summary counts.
//   - What is derived is left out and made again: the search index, and the events that streams
//     read. Numbers go on where they were, so no address of an event is given twice.
//   - Restoring is one transaction: it succeeds, or the database is as before. It needs an
//     installation without an organization, of the schema of the archive: the release that reads an
//     archive is the one that wrote it, or one that has no further migrations. Newer releases come
//     after it.
//   - The archive of an organization has none of the server's secrets, no idempotency keys, and no
//     other organization. Numbers that audiences have in this database are replaced by their places
//     in a fixed order, so that the same organization gives the same bytes wherever it is. What was
//     encrypted with a key of the server is not readable elsewhere.
//
// Archives hold what everybody wrote and the hashes of passwords and keys: they are made readable
// to their owner alone, and should be kept like the data itself.
package backup
