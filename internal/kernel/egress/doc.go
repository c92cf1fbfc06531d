// Package egress is the one way out: every address that somebody else may choose (a link in a
// post, a webhook, an identity provider) is reached through its Client, and nothing else in
// the server opens connections to the outside (internal/arch).
//
// What a Client refuses, it refuses with ErrRefused and a fault that says why:
//
//   - schemes other than http and https, names and passwords in the URL;
//   - ports other than 80 and 443, unless Options.Ports lists them;
//   - addresses that are not public, unless Options.Allow lists their network: private, shared
//     (CGNAT), loopback, link-local, multicast, documentation and reserved ones, IPv4 carried
//     in IPv6 (mapped, compatible, NAT64, 6to4, Teredo) and clouds' metadata services;
//   - a fourth redirect. Each one before is checked like the first address. WithoutRedirects
//     follows none.
//
// The address is checked when the connection is made, after the name was looked up: a name that
// leads elsewhere the second time gains nothing. The URL is checked before that, so that what
// can be seen at a glance costs no lookup, and Check does the same for a URL that is only kept.
//
// A whole exchange, redirects and body included, has 5 seconds; an answer has 64 KiB of headers
// and 1 MiB of body, counted after decompression. Certificates are verified. Proxies of the
// environment are not used: the check would be theirs then. Nothing is remembered or given
// away: no cookies, no Referer, no connection kept.
package egress
