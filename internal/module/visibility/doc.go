// Package visibility answers two questions of who sees what: who would see an item with these
// permissions (preview), and why does somebody see this item or not (explain). It decides
// nothing: kernel/audience and kernel/content do, and both answers come from the statements that
// reading goes by.
//
// Who may do what: every member previews permissions of their own. The author of an item, an
// owner, and a moderator (content:moderate) ask why somebody sees it; of a moderator's asking
// about another's item an event tells. Others get 403 for an item they see and 404 for one they
// do not, as for an absent one.
//
// # Preview
//
// Takes permissions and people in the form in which items are created, and answers 400 with the
// same pointers. It writes nothing. The count is exact: active members, the caller among them.
// Warnings say what an author would not expect: mentioned or tagged people who will not see the
// item, people who cannot sign in at present, groups and locations without people, permissions
// that are ignored because others go before them, and that nobody else will see the item.
//
// It tells nothing its caller may not read elsewhere: every member reads the people, the
// security groups and the locations of the organization with everybody in them, a team and
// friends are the caller's own. Whatever becomes nameable later and has members that are secret
// must be nameable by its members only: kernel/audience checks every id that permissions name.
//
// # Explain
//
// Names every clause that admits the person, and all that the audience names. visible is whether
// they can read the item now: somebody who is not an active member reads nothing, whatever
// admits them. Of an item that is not published, or has expired, only the author and owners are
// left. The answer holds nothing of the item itself.
//
// Tables: none; it reads users, security_groups and locations. Event: visibility.explained, whose
// subject is the item.
package visibility
