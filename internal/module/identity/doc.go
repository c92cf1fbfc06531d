// Package identity is signing in with an account elsewhere: at the OpenID Connect provider that
// the operator names.
//
// # Signing in
//
// Authorization code flow with PKCE (RFC 7636), state and nonce. What belongs to one attempt is
// sealed in a cookie of the browser that began it, for ten minutes: an answer that another
// browser brings is refused, and strangers who begin attempts write nothing. The ID token must be
// signed with a public-key algorithm by a key of the provider, be for this client (and, with
// several audiences, authorized for it), carry the nonce, and not have expired.
//
// # Who that is
//
// A person is known by issuer and subject. The first time somebody comes, they are linked to the
// ACTIVE or INVITED person with their e-mail address, if the provider says that the address is
// verified, its domain is allowed, and nobody else of that provider is linked to the person.
// TrustEmail takes an address for verified of which the provider says nothing; one that it calls
// unverified is refused all the same. Create makes whoever is not there yet, under the same
// conditions. Everybody else is refused, and nothing is written. An address that changes later
// means nothing: neither does another account with it come in, nor is the person's address changed.
//
// The provider is one organization's: it signs nobody in elsewhere. Blocked people and former
// members stay out, and a second factor that is on is asked for here, too.
//
// Groups, where configured, are set at each sign-in: the security groups that are named follow
// the claim, all others are left alone. The last administrator stays one.
//
// # Signing out
//
// The provider ends sessions by back-channel logout (OpenID Connect Back-Channel Logout 1.0) at
// LogoutPath: those it vouched for, of the subject or of one of its own sessions. A token is taken
// once. Failures count by address, since each makes the server look for new keys.
//
// # When the provider is away
//
// Beginning is an Unavailable fault that says so. Passwords and sessions go on.
//
// Tables: identities, logout_tokens; reads users. Events: none of its own; user.created comes with
// people who are made. Jobs: identity.tidy. It keeps no tokens of the provider: it needs none
// after the sign-in.
package identity
