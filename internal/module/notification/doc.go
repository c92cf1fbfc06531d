// Package notification tells people things: what an administrator sends, and what happens on the
// platform that concerns them. It reaches them in their inbox, by mail, short message and Web Push.
//
// # Who may do what
//
// Holders of notifications:send send by the API and read what became of it. Everybody reads their
// own inbox, sets how they want to be told and registers their browsers; nobody else sees any of
// that. What the platform tells somebody is theirs alone: for others its id does not exist (404).
//
// # Whom the platform tells what
//
// Whoever is mentioned; the author of an item that is commented; the author of a comment or message
// that is answered; whoever is given a task or course, is invited to an event, is let into a group
// chat; whom a change of an event concerns; the admins of a group chat that somebody asks to join;
// the readers of what is to be acknowledged. For one act a person is told one thing, the first of mention, reply, comment. Nobody is told of their own
// act, and nobody of what they may not see: that is asked when it happens, when it is sent, and
// whenever the inbox is read.
//
// # Choices where the reference is silent
//
//   - The medium EMAIL goes to the addresses and to the people's own; an address that is one of
//     theirs gets one mail. Addresses with another medium are 400.
//   - A kind comes by the channels that somebody chose for it; what is asked to be sent by a channel
//     comes by it unless they turned it off. By default everything is in the inbox and pushed, what
//     asks to do something comes by mail, and short messages are only those that are asked for.
//   - Quiet hours let mail, short messages and pushes wait for their end in the person's time zone,
//     unless they are urgent. What was read in the inbox meanwhile is not sent any more.
//   - While an entry of the inbox is unread, more of the same kind about the same thing raises its
//     number. Other channels are not told of it again within ten minutes.
//   - The daily summary says what is unread when it is sent, and is not sent when that is nothing.
//   - Entries are kept for 90 days, what became of deliveries for 30.
//
// # How nothing is lost or told twice
//
// Events are read from the outbox with a cursor that moves in the transaction that writes the
// notices (bus.Follow); docs/adr/0016 says why. Notices of many are spread in batches, each in a
// transaction that deletes it. A delivery is a row that a worker claims for some minutes, sends, and
// finishes; one whose worker died is sent again under the same key, which is its id. Mail servers,
// gateways and push services know a second attempt by that key. What fails waits longer each time,
// over a day, and is given up with its reason in the deliveries and in workdrive_notification_dead_total.
//
// # Tables and events
//
// Owns notifications, notification_batches, notification_told, notification_inbox,
// notification_deliveries, notification_devices, notification_preferences and notification_keys. Publishes
// notification.created (data: userIds, whose inboxes have it, up to 100 an event) and
// notification.read (subject and userIds: whose inbox it is). Its Tasks must run.
//
// # What it does not do
//
// It knows no other module: what their events mean, and who sees their items, is told to it by
// app (Sources, Sights). Messages of group chats notify of mentions and replies alone.
package notification
