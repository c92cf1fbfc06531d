// Package audience is visibility: the one implementation of who may see an item.
//
// An item names the people who may see it with a permissions object. The rules, in
// this order:
//
//  1. onlyMe: the author alone; everything else is ignored.
//  2. Otherwise, when users, groups, locations or taggedUsers is not empty, or friends
//     or team is true: the union of those; public is ignored.
//  3. Otherwise, when public is true: every active member of the organization.
//  4. Otherwise: the author alone.
//
// The author always sees their own items. A team is the people with the author's
// supervisor, that supervisor, the author's direct reports, and for every team the
// author joined its supervisor, that supervisor's reports and the others who joined
// it. Friends follow each other. A location's audience is the people whose location
// it is. Groups are security groups and group chats, by their ids; a group chat that only its
// members know of is named by them alone. Everything is evaluated when it is read: who leaves a
// group loses its items.
//
// # How it scales
//
// Permissions are normalised into a set of clauses (org, user:U, group:G, location:L,
// team:A, friends:A) and interned: one audiences row per distinct set, one number per
// item. A viewer's audiences are found through the clauses in one statement whose cost
// depends on the viewer's memberships, never on the number of items, and are kept in
// memory until a membership changes. Lists then merge index ranges of those numbers
// (kernel/content).
//
// Five questions are answered here and nowhere else: which audiences may this viewer list
// (Visible), may this viewer see this item (MaySee), who is in this audience (Members), who
// would be in the one that permissions mean (Prospect, which stores nothing), and why is
// somebody in an audience or not (Explain). Explain asks with the statement of Visible, and
// Prospect with that of Members, which is the other read the other way round; a test compares
// all of them.
//
// Tables: audiences, audience_clauses. Rows are never changed or deleted, so a number
// means the same audience for ever. Events: audience.interned. It listens to every
// event that changes a membership (user.*, securityGroup.*, location.*, and conversation.membersChanged and .deleted).
package audience
