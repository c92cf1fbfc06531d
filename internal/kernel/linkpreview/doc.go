// Package linkpreview reads the card of a link: title, description, image and the name of the
// site. It finds the links in a text, too.
//
// What a page says about itself is taken from Open Graph, then Twitter's cards, then plain HTML.
// Only the head is read, token by token: no tree is built whose depth the page would choose.
// Everything is text of bounded length; images are only ever addresses, public ones of http and
// https, that a reader's browser may be sent to. Images, sound, films and PDF have a card with
// the name of the file.
//
// Pages are asked for through kernel/egress, with its limits of time, size and redirects.
// Nothing is kept here; Key is what a cache would keep a card under.
package linkpreview
