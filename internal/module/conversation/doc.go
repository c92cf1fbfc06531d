// Package conversation is group chats, rooms and direct conversations: who is in them, what is
// written there, and the meetings held there.
//
// # Who may do what
//
// Two switches make four kinds of group chats:
//
//	isPrivate  byRequest  others see it  others read it  others join
//	false      false      yes            yes             at once
//	false      true       yes            yes             when an admin approves
//	true       true       yes            no              when an admin approves
//	true       false      no (404)       no              when an admin adds them
//
// A direct conversation is like the last kind, and the same people have one for ever: nobody joins
// or leaves it. Members write, mute, snooze and mark as read; in a room, which is a channel, only
// admins write. Admins change a group chat, decide requests, add and remove members, pin messages
// and delete what others wrote; in a direct conversation everybody pins and nobody deletes what
// others wrote. A moderator (content:moderate) deletes group chats and messages they can read. They
// and whoever sent a message read what it said before it was edited; what a deleted one said is kept
// as long as its conversation.
//
// # Rules where the reference is silent
//
//   - Who makes a group chat administers it. The last admin who is no former member neither leaves
//     nor is demoted (409 conversation.lastAdmin); when they are archived, the member who has been
//     there longest takes over.
//   - A CHAT_GROUP is no channel, a ROOM is one. Both need a title, and may have a picture and a
//     category of module 11.
//   - Of a change, removals come before additions. Whoever becomes an admin becomes a member.
//   - A request is withdrawn by whoever made it, and gone once they are members. A group chat that
//     stops asking for approval keeps its requests until an admin decides them.
//   - Members read everything, also what was written before they came. What was there then is not
//     unread to them.
//   - A text has at most 64 KiB. A message needs a text, a file, a link or a gif.
//   - What is deleted stays in the history, empty, so that a reply still has something to answer;
//     it can neither be answered nor found any more, and is not unread.
//   - Sending marks nothing as read: keys of programs send, too.
//   - Messages are searched here and not in the search of everything: their readers change with
//     every membership, so that the condition is the membership itself. They are entries of the
//     index all the same, in no audience.
//
// # Order
//
// Every message has the next number of its conversation, given under the lock of the conversation's
// row, which every change of members takes, too. A reader who has seen number n has missed nothing
// before it: a number is visible only after all smaller ones. The number of unread messages is
// arithmetic on it: the newest number, less the number read, less those after it that do not count.
//
// # Tables and events
//
// Owns conversations, conversation_members, conversation_requests, messages, message_texts,
// message_reactions, meetings and meeting_people. Publishes conversation.created, .updated,
// .deleted, .membersChanged, .approved, .left, .requested, .read (the subject is the conversation; .left and
// .deleted name up to a hundred of those who were in it, and are published as often as needed) and
// message.sent, .edited, .deleted, .reacted, .pinned, .unpinned (the subject is the message; data
// has its conversation and number), and meeting.created.
//
// # What it does not do
//
// It holds no connections: streams are built on its events. Meetings are neither repeated nor
// answered here, and no calls are made.
package conversation
