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
// up to 50 mentions, and may answer a comment of the same item, one level deep. Only people
// who are still members can be mentioned; a mention outlives its person. A moderator deletes
// only comments on items they can see. A person may give several different reactions (like,
// love, celebrate, support, insightful, funny), each once; giving or taking one again changes
// nothing and tells nobody. Bookmarks are private, and list only what their owner may still
// see; one comes back with the sight of its item.
//
// Every writer locks the item first (content.Lock), then reads and changes what hangs on it:
// counters stay exact, an If-Match holds until the commit, no reply outlives its comment, and
// comments are listed in the order they were committed, so that no cursor misses one.
//
// Tables: comments, reactions, bookmarks. The counters that lists show are the items' own
// (kernel/content). Events: comment.created, comment.updated, comment.deleted (subject: the
// comment), reaction.added, reaction.removed (subject: the item); they name kind, item and
// actor, the comment's author or the reaction, never a text.
package social
