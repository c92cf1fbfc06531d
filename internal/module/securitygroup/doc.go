// Package securitygroup is the groups that give people capabilities, and that content can be
// addressed to.
//
// # Who may do what
//
// Every member reads groups and who is in them. groups:manage creates, renames and deletes
// groups, chooses their capabilities and says who is in them. Nobody gives away what they do not
// have: adding a capability to a group, or people to a group with a capability, that the caller
// lacks is a 403 securityGroup.escalation. Nobody takes it away either: removing the capability,
// people from such a group, or the group is a 403 securityGroup.aboveCaller.
//
// # Rules
//
//   - Two groups are built in: Administrators, with every capability, and Members, with
//     everybody. They cannot be renamed, deleted or given other capabilities, and who is in
//     Members cannot be changed (409 securityGroup.builtin).
//   - An ACTIVE administrator always remains (409 user.lastAdministrator), decided under the
//     directory lock that package user takes for the same reason.
//   - Adding those who are in the group and removing those who are not changes nothing. A
//     request that names nobody is a 400, never an emptied group.
//   - Names are unique whatever their case. Former members are neither counted nor listed and
//     cannot be added.
//   - Deleting a group ends its memberships. Content addressed to it is no longer visible
//     through it.
//
// # Tables and events
//
// Owns security_groups and security_group_members. Publishes securityGroup.created,
// securityGroup.updated, securityGroup.deleted and securityGroup.membersChanged, on which keys
// and audiences forget what they know of people.
//
// # What it does not do
//
// It does not decide what a capability allows: every operation declares the one it needs. The
// built-in groups are made with their organization.
package securitygroup
