// Package photo is pictures people show each other: one uploaded picture with a title and a
// description.
//
// Who may do what is as with every kind of content (kernel/content). The picture is readable by
// whoever may see the photo.
//
// Choices where the reference is silent: the picture is one upload of the author's that is a
// picture by its bytes, and stays: another one is another photo; permissions can be changed, too;
// a photo tags the people its permissions name in taggedUsers, and tagged_photos are those that
// tag the caller; the filters friends_photos and team_photos are by people who are friends with
// the caller, or in whose team the caller is.
//
// Table: photos; rows of content_people. Events: photo.created, photo.published, photo.updated,
// photo.deleted, photo.moderated.
package photo
