// Package acknowledgement is people saying that they have read something: news and documents
// that are worth proving it of. Their author can see who has, and who has not.
//
// Who may do what: whoever sees a published item acknowledges it, whether it asks for that
// (acknowledgementRequired) or not. Its author, its owners, and moderators (content:moderate)
// who see it list who has and who has not; others who see it get 403, and everybody else 404.
//
// Choices where the reference is silent, for it has none of this: an acknowledgement is of the
// item as it was; a document's new version is to be acknowledged anew, and earlier
// acknowledgements are kept. It cannot be taken back. Acknowledging again changes nothing.
// Those who are missing are the active members who may see the item now, without its author,
// by name; an item whose audience grows has more of them. Those who have acknowledged are
// listed latest first, members who have left included.
//
// Table: acknowledgements. Event: acknowledgement.added, whose subject is the item.
package acknowledgement
