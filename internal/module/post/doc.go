// Package post is the feed: short messages people publish to an audience. It is the model
// module: docs/add-a-module.md walks through its files.
//
// A post has plain text, tags, mentions, tagged people, links, a gif and a place. It is
// published at once, kept as a draft, or scheduled; drafts and scheduled posts are visible
// to their author alone. Only publishing counts a post and lets its audience see it.
//
// Who may do what: every member creates posts and reads those their audiences admit
// (kernel/audience). The author edits and deletes. A moderator (content:moderate) deletes a
// post they can see like an author, and one they cannot see with ?moderate=true; both leave
// a post.moderated event. Nobody edits another person's words. For anybody outside the
// audience a post does not exist: 404.
//
// Choices where the reference is silent: a post without text, gif, link or file is refused;
// a published post cannot become a draft again; the time of a draft is the time it is
// published; mentions and tags never widen the audience; permissions are shown to the author
// only, since they name other people; files are ids of uploads of the author's, and whoever sees
// the post may read them; the links a post names and those in its text get cards once it is
// published (module/preview);
// newsTitle, category and coverImage belong to news and are ignored. Links must be absolute
// http(s) addresses.
//
// Table: posts. Events: post.created, post.published, post.updated, post.deleted,
// post.moderated; a draft or scheduled post emits post.created when it is published only as
// post.published. Job: post.publish.
//
// It does not do comments, reactions and bookmarks: module/social does, for every kind of
// content.
package post
