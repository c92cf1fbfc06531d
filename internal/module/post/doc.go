// Package post is the feed: short messages people publish to an audience.
//
// A post is a message (kernel/message). It is published at once, kept as a draft, or
// scheduled; drafts and scheduled posts are visible to their author alone. Only publishing
// counts a post and lets its audience see it. That, and who may do what, is the life all kinds
// of content lead (kernel/content).
//
// Choices where the reference is silent: a post without text, gif, link or file is refused;
// newsTitle, category and coverImage belong to news and are ignored.
//
// Table: posts. Events: post.created, post.published, post.updated, post.deleted,
// post.moderated.
//
// It does not do comments, reactions and bookmarks: module/social does, for every kind of
// content.
package post
