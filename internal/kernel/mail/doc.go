// Package mail sends messages to people over SMTP, through the operator's mail server.
//
// A Message says what to tell; the layout, a text and an HTML part that say the same, is the
// package's. Nothing in it is loaded from elsewhere, its reading order is its source order, and
// it runs from right to left in languages that do.
//
// The header section is the same, in the same order, for the same Message: Auto-Submitted,
// Content-Language, Date, List-Unsubscribe (with a link to unsubscribe, and RFC 8058's
// List-Unsubscribe-Post if that is https), MIME-Version, Message-ID, Subject, From, To,
// Content-Type. Date and Message-ID follow from the Message and its key, so a second attempt is
// the same mail to everybody who compares. The sender of the envelope is that of the From
// header. A relay that signs with DKIM (RFC 6376) needs nothing more, and SPF and DMARC align;
// this package does not sign.
//
// Nothing in a Message can add a header, a recipient or a line of SMTP: line breaks and other
// control characters become blanks in names and subjects and are refused in addresses and links;
// what is not ASCII is encoded (RFC 2047), and so is every body.
//
// The mail server is the operator's setting, not somebody's input: it is dialed directly and may
// have a private address. Its certificate is verified. TLS is required unless TLS is TLSNone.
//
// 4xx answers, a server that is away, a wrong password and a bad certificate are temporary
// errors, 5xx answers to the sender, the recipient or the message are permanent (kernel/delivery).
// When a connection breaks after the message was sent and before it was acknowledged, nobody
// knows: it counts as not sent, and the second copy has the same Message-ID.
package mail
