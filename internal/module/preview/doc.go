// Package preview keeps the cards of the links that people publish: title, description and
// picture, as kernel/linkpreview reads them from the page.
//
// A card is fetched in the background, once for an organization: whoever publishes a link
// asks for it in the same transaction (Want), and what shows the link asks for what is there
// (Cards). A link without a card, because the page is not there, not public, or not a page, is
// shown as a link alone. A page that does not answer is asked again after a minute, ten minutes
// and an hour. A card is a week old at most when its link is published again; until it has been
// fetched anew the old one is shown.
//
// Everything goes out through kernel/egress, which refuses private addresses. Without a client
// nothing is fetched: an operator may turn previews off.
//
// Organizations do not share cards: that a link was fetched says that somebody published it.
//
// Table: link_previews; its rows are kept as long as the organization. Job: preview.fetch.
// It has no operations of its own.
package preview
