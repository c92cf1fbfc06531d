// Package directory keeps the people of an organization as the operator's LDAP directory has
// them, and lets them sign in with their password there.
//
// # Synchronization
//
// Every interval, and when an administrator asks (users:manage), every entry of the directory
// becomes a person: linked by the id that never changes (entryUUID, objectGUID), else to the person
// with its e-mail address, else created. Names, address, phone, title and employee number follow the
// entry; an attribute that is not there changes nothing. Mapped security groups follow memberOf, others are left
// alone. An entry that has not changed since the last time is not compared with the person, so
// that what an administrator corrects here stays until the entry changes.
//
// People whose entry is gone or disabled are archived, and come back with it. People who were never
// in the directory, and those whom somebody archived here, are left alone. A run archives at most
// MaxArchive percent of the linked people, and one in any case; beyond that nobody is archived unless forced: a
// filter that is wrong, or a server that answers half, must not empty the organization. The last
// administrator stays one.
//
// Each person is a transaction of their own. What fails for one is reported and does not keep back the others.
// When the directory does not answer in full, nothing changes.
//
// # Signing in
//
// Linked people sign in with the directory's password, by e-mail address or login name, and no
// other: a password they have here does not count while a directory is configured. Everybody else signs in
// as before, so that an administrator gets in when the directory is away. Whoever is gone from the
// directory cannot sign in at once, before the next run archives them.
//
// Tables: directory_entries; reads users. Events: those of what it changes. Jobs: directory.sync.
package directory
