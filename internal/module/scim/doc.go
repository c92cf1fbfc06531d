// Package scim is provisioning by SCIM 2.0 (RFC 7643, RFC 7644): an identity provider creates,
// changes and archives people and security groups at /scim/v2.
//
// # Who may do what
//
// Whoever calls brings an API key, as a bearer token or in X-API-KEY. Users take the capability
// users:manage, groups take groups:manage, and the key's scopes (users:read …) count. Behind that
// the rules of module/user and module/securitygroup hold, which do the writing: nobody gives or
// takes what they do not have themselves, and the last administrator stays one. A key sees its own
// organization and nothing else.
//
// # People
//
//   - userName is what the provider calls somebody. It is kept as sent, unique whatever its case,
//     and starts out as the e-mail address of people who were made here. The e-mail address is the
//     primary one of emails, else the one of type work, else the first; without any, userName, if
//     it is an address.
//   - active: false blocks; true lets in who was blocked, and says nothing about people who are
//     invited. People who are made are ACTIVE: there is no password, they sign in at the provider.
//   - DELETE archives: the person keeps what they wrote, and is gone here (404). Who is made with
//     the address of a former member is that person again, with their id.
//   - displayName is read from the names. title, phoneNumbers, preferredLanguage, timezone and of
//     the enterprise extension employeeNumber, department and manager are kept. A department that
//     is not there, and a time zone or manager nobody knows, are left out. Other attributes are
//     ignored, passwords among them, and not answered.
//   - PUT leaves alone what it does not name: people change their phone number here. null, and
//     an empty text, clear.
//
// # Groups
//
// displayName, externalId and members, who are people. The built-in groups are listed and cannot be
// renamed or deleted. Lists of groups leave members out; a group by itself has them all.
//
// # What is tolerated
//
// Operations in any case ("Add"), truth values as text ("False"), paths with filters
// (emails[type eq "work"].value), operations without a path whose value has dotted names or names
// with their schema, single values in a list, members taken away by a filter or by a list.
//
// # Lists
//
// startIndex and count (at most MaxResults), in the order people were made; eq on userName,
// externalId, id, emails, active, displayName and members, with and, or and parentheses. Anything
// else is invalidFilter. No sorting, no bulk.
//
// Versions are those of the person or group (ETag, If-Match, If-None-Match).
//
// Tables: scim_users, scim_groups; reads users, departments, security_groups and
// security_group_members. Events: those of what it changes.
package scim
