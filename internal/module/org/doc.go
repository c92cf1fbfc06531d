// Package org is organizations: what everything else belongs to.
//
// The first organization of an installation, the root organization, comes from Setup (the
// command `workdrive init`). Administrators of the root organization create further ones, its
// children, through the API. Ids of another organization behave as if they did not exist; the
// one exception is that root administrators may read and change the children themselves (not
// what belongs to them).
//
// Who may do what: every member reads their own organization; organization:manage changes it,
// and in the root organization creates, reads, changes, suspends and resumes children. Keys of
// a suspended organization answer 403 org.suspended. The root organization cannot be suspended.
//
// Choices where the reference is silent: the subdomain is derived from the name, and numbered
// when taken; legalName is the name until it is changed; a new organization's built-in groups
// Administrators (all capabilities) and Members come with it, in one transaction with its first
// administrator and their key; an administrator without a name is called Administrator and the
// organization's name; a change of the address changes the lines it names; a logo
// is a picture that the caller has uploaded, of their own organization: a child's is for the child to choose.
//
// Table: organizations; it inserts the built-in rows of security_groups. Events:
// organization.created, organization.updated.
package org
