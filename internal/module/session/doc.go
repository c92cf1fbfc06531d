// Package session is signing in: people and their browsers. Programs use API keys
// (module/token), and neither opens what is the other's: the API never reads a cookie, and
// no key opens the console.
//
// # Signing in
//
// By e-mail address and password, of one organization (the root organization unless named).
// Whoever is not ACTIVE or INVITED is refused, with the same words as a wrong password unless
// the password was right. An unknown address, a person without a password and a wrong password
// take the same work and get the same answer. A first sign-in makes an INVITED person ACTIVE.
// People who have turned on a second factor (RFC 6238 codes) give a code next; ten recovery
// codes stand in for a lost one, each once.
//
// Ten failures a minute on one account, and a hundred from one address (an IPv4 address or an
// IPv6 /64), make the next attempt a 429, whatever the password. Nobody is locked out by others: a browser
// that the person has signed in with before has ten failures of its own, and a link by mail sets
// a new password at any time. Counts are kept per node, in memory.
//
// # Sessions
//
// The cookie holds 256 random bits; the table holds their hash. A session ends seven days after
// it was last used, thirty days after it began, when it is signed out or revoked, and as soon as
// its person is not ACTIVE or their organization is suspended, which is looked up each time. A
// new password, however it came, ends all sessions of a person; whoever changes their own goes on
// with a new one. Everybody lists and ends their own sessions, nobody those of others.
//
// # Links
//
// An invitation or a reset is a link that lets a person set a password, once, within seven days
// or one hour. A newer link of the person replaces it. Links are made by the job that mails them,
// so that none is ever at rest. Without mail, whoever manages people is shown the link once, and
// hands it over; for someone who holds capabilities they lack they are refused, since managing
// people is no way to become an administrator. Asking for a reset answers the same whoever asks.
//
// Tables: sessions, sign_in_links, known_browsers, second_factors, recovery_codes; reads users,
// organizations, security_groups. Events: none of its own; user.updated comes with a new
// password. Jobs: session.mail, session.tidy.
package session
