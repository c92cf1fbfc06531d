// Package user is the people of an organization: who they are, where they stand in it
// and what state their account is in.
//
// # Who may do what
//
// Every member lists and reads the people of their own organization, e-mail addresses
// included, and follows them. Creating, deleting and bulk operations need users:manage.
// Everybody edits their own profile (names, phone, bio, picture, cover, availability and
// its text, skills, default visibility); everything else about oneself, and everything
// about others, needs users:manage. A member who sends a field they may not change gets
// a 403 that names it, whatever its value.
//
// users:manage alone gives no way up: whoever lacks a capability that a person holds
// may neither change that person's e-mail or status nor delete them, and nobody puts
// people into a group that holds capabilities they lack themselves.
//
// # States of an account
//
// PRE_INVITED → INVITED (mail sent) → ACTIVE (password set or first sign-in) → BLOCKED or
// ARCHIVE, and back to ACTIVE from both. That is the ordinary course; an administrator
// may set any state. A person created with a password starts ACTIVE, others PRE_INVITED.
// Keys work for ACTIVE people only. One ACTIVE administrator always remains: whatever
// would leave none is a 409 user.lastAdministrator, decided under the directory lock.
//
// # Leaving
//
// Deleting archives: content keeps its author, and status ACTIVE restores the person.
// Nobody living reports to a former member: the leaver's direct reports move to the
// leaver's nearest living supervisor (they stay there after a restore), and a department
// that loses its last head gets its longest-standing member as head. With bulk=true an heir takes
// over direct reports, headship (when in the same department), administration of
// locations, additional team members, and whatever other modules registered with
// OnHandOver. The heir is the assignee of the off-boarding settings for the leaver's
// department, location or the organization, else the supervisor, a head of the
// department, the oldest administrator.
//
// # Rules worth knowing
//
//   - One e-mail per organization whatever its case. The user name is the local part of
//     the e-mail, or the whole address when that is taken; it never changes.
//   - One department per person. Moving to another one gives up headship unless the
//     request says isDepartmentHead. The last head of a department cannot be demoted
//     while they stay in it (409 department.lastHead).
//   - Reporting lines have no cycles (409 user.reportsToCycle; 400 in a bulk file).
//   - securityGroup joins that group beside the ones the person is in; leaving a group is
//     an operation of the group. Everybody is also in the built-in group Members. The
//     answer's securityGroup is Administrators when the person is one, else their first
//     own group by name, else Members.
//   - teamMembers names at most TeamLimit direct reports.
//   - A profile picture or cover is a picture that the caller has uploaded, or that is on the person
//     already. Whoever reads the person sees it; another file is as if there were none.
//
// # Tables and events
//
// Owns users, user_teams, user_locations and follows; inserts into
// security_group_members for the people it creates; hands location_admins over. Reads
// departments, locations and security_groups. Publishes user.created, user.updated,
// user.archived, user.followed and user.unfollowed, whose subject is the person (for the
// last two the follower).
//
// # What it does not do
//
// It sends no invitation mail and keeps no sessions and no keys: module/session and module/token
// do; the first asks it to compare passwords and to move accounts from state to state. Pictures are
// files of module/media, which app hands to it (Illustrate).
package user
