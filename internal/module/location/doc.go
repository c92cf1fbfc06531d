// Package location is the places an organization works at, and who works there.
//
// # Who may do what
//
// Every member reads locations, their people and their administrators. locations:manage
// creates, renames and deletes locations and says who belongs to them and who administers them.
//
// # Rules
//
// A person works at one location: adding moves them. (Additional locations of a person belong
// to package user and count neither here nor in memberCount.) Names are unique whatever their
// case. Removals come before additions; removing somebody who is not there changes nothing.
// Administrators of a location need not work there; they supervise those who chose it as an
// additional location. Deleting a location leaves its people without one and ends its
// administration and its use as an additional location. Former members are neither counted nor
// listed and cannot be added.
//
// # Tables and events
//
// Owns locations and location_admins; writes users.location_id, and deletes from
// user_locations with a location. Publishes location.created, location.updated (administrators
// included), location.deleted and location.membersChanged, the last also for the locations
// people left.
//
// # What it does not do
//
// It does not choose who sees content that is addressed to a location (kernel/audience).
package location
