// Package document is the documents of the organization: files or addresses with a name,
// owners and a time until which they are valid (kernel/knowledge), in versions.
//
// Who may do what is as with every kind of content that has owners (kernel/content): owners
// always see a document, change it and delete it. Readers see it while it is published and
// valid; once it has expired its owners see it, flagged. A document can ask its readers to
// acknowledge it (module/acknowledgement); a new version is to be acknowledged anew.
//
// Choices where the reference is silent: a document has a file (docId), an address (docUrl), or
// at least a link, in this order; another file or address is another version, and the earlier
// ones stay readable for whoever may see the document; the id of the document is in the path,
// docId never is it. Making one answers the document with what the reference prints: the echo of
// what was sent.
//
// Table: documents; rows of content_people. Events: document.created, document.published,
// document.updated, document.expired, document.deleted, document.moderated.
package document
