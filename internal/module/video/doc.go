// Package video is films people show each other: an uploaded film, or one at another site, with
// a title and a description.
//
// Who may do what is as with every kind of content (kernel/content). The film and its thumbnail
// are readable by whoever may see the video.
//
// Choices where the reference is silent: a video has an uploaded film or an address, and keeps
// it: another film is another video, while an address (meta) can be changed; its source is told
// by the client, else 3 (CUSTOM) with a film, else by the host of the address, 1 (YOUTUBE) or
// 2 (VIMEO), else 3; the reference's sample 0 is never answered. Without a thumbnail of its own
// a video shows the one made of the film. The two files are answered as ids, as printed, and
// whole beside them.
//
// Table: videos. Events: video.created, video.published, video.updated, video.deleted,
// video.moderated.
package video
