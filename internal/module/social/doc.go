// Package social is what people do with each other's content: comments, reactions and
// bookmarks, for every kind of content that kernel/content knows, by the same routes and the
// same code. A new kind gets them for nothing.
//
// Who may do what: whoever may see an item comments, reacts and bookmarks; for others the item
// does not exist (404). A comment is changed by its author, and deleted by its author, the
// item's author or a moderator (content:moderate) who can see it; its replies go with it.
// Drafts can be commented by their author alone, since nobody else sees them.
//
// Choices where the reference is silent: comments are plain text of 1 to 5,000 characters with
// mentions, and may answer a comment of the same item, one level deep. A person may give
// several different reactions (like, love, celebrate, support, insightful, funny), each once;
// giving or taking one again changes nothing. Bookmarks are private, and list only what their
// owner may still see.
//
// Tables: comments, reactions, bookmarks. The counters that lists show are the items' own
// (kernel/content). Events: comment.created, comment.updated, comment.deleted,
// reaction.added, reaction.removed.
package social
