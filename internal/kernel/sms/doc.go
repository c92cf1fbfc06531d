// Package sms sends short messages to phones through a gateway of the operator's choice.
//
// A gateway is spoken to in one of two forms.
//
// WorkDrive's own form (Gateway) is one request that an adapter for any provider can take:
//
//	POST <the gateway's URL>
//	Content-Type: application/json
//	Idempotency-Key: <id>
//	webhook-id: <id>
//	webhook-timestamp: <seconds since 1970>
//	webhook-signature: v1,<base64>
//
//	{"id":"…","to":"+4915112345678","text":"…","sender":"WorkDrive"}
//
// id is the same for every attempt of a message: a gateway sends once for an id and answers 2xx
// every time. sender is absent when none is set. The signature is that of Standard Webhooks:
// HMAC-SHA256 over "<id>.<timestamp>.<body>" with the secret that both sides know
// ("whsec_" and its base64); gateways refuse timestamps that are old.
//
// The other is the form of Twilio's Messages resource (Twilio), which other providers offer too.
// It knows no idempotency: when an answer is lost, a second attempt may be a second message.
//
// In both, 2xx is success. 400, 410, 413, 415 and 422 refuse the message for good. Everything
// else is temporary: busy gateways, which may say Retry-After, and refusals of the signature or
// the password, which the operator mends. An answer that redirects is never followed.
//
// The gateway is the operator's setting and may have a private address; it is still reached
// through kernel/egress, with its port and every address allowed, for the limits of time and
// size. Certificates are verified.
//
// Texts are cut to MaxSegments, what a phone shows as one message and providers bill as several.
package sms
