// Package quicklink is tiles: bookmarks (QUICK_LINK), and ways into other services by single
// sign-on (SSO), for which this server is an OAuth 2 client. The reference calls both SSOs.
//
// # Who may do what
//
// A tile belongs to one level. With manage it is one of the administrators', who hold sso:manage,
// for everybody or, with a department or location, for the people there. Without manage, a
// department or location makes it theirs: sso:manage, the department's heads and the location's
// administrators make and change it. Otherwise it is the caller's own. People see the tiles for
// everybody, those of their department and locations, and their own; whoever changes the tiles of
// a place sees them, too. Nobody sees the personal tiles of others. Anything else does not exist (404).
//
// # Rules
//
//   - A list is all that the caller sees; manage=true (sso:manage only) lists the tiles that were
//     made with manage, location and department keep those of one place. Tiles are listed by order,
//     then age. One level has at most 200.
//   - A QUICK_LINK needs a link. authorizationURI and loginURL are texts with {{redirect_uri}} and
//     {{access_token}} in them, kept as they are sent; whether they can be used is found out when
//     a tile is launched (409 sso.incomplete, sso.addressRefused).
//   - clientId, clientSecret and scope are not in the reference, which has no place for them. The
//     secret is never answered, only whether there is one. It goes when tokenURI or refreshURI
//     change and it is not sent again: whoever may change a tile must not learn it that way.
//   - Launching a tile redirects: a QUICK_LINK to its link; an SSO to its loginURL, else its link,
//     with the caller's access token. Without one they sign in at authorizationURI first, with a
//     state and a PKCE challenge (S256); an old one is refreshed at refreshURI, else tokenURI.
//   - A sign-in that has begun comes back within ten minutes, once, to the tile it began at, in
//     the browser it began in (a cookie that the launch sets), and to a tile that has not changed.
//     So nobody can have somebody else sign in for them, or have one service's code sent to another.
//   - Redirects lead to hosts of the tile's own addresses, by https; by http only to literal
//     addresses in networks that the operator allows (--egress-allow). Placeholders never stand in
//     a host. Nothing of a request decides where a redirect leads.
//   - Client secrets, tokens and PKCE verifiers are sealed (kernel/seal), each for its row. One whose
//     key is lost is as good as none: people sign in again, the secret must be entered again.
//   - The tokens of former members are deleted, and those of a tile whose addresses, client or
//     scope change.
//
// # Tables, events and jobs
//
// Owns sso_tiles, sso_launches and sso_tokens. Publishes sso.created, sso.updated, sso.deleted (data:
// by), sso.connected and sso.disconnected (data: userId). The job sso.tidy deletes sign-ins that did
// not come back and tokens of former members, and seals again what older keys have sealed.
//
// # What it does not do
//
// It signs nobody in to WorkDrive, and calls no other interface of the services.
package quicklink
