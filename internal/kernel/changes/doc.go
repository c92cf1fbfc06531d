// Package changes is the events of the bus as people may be told of them: by whom an event is
// seen, and which of its data they read. Streams, webhooks and those who poll ask here, and
// nobody else decides.
//
// # Rules
//
// Every noun of events that anybody is told of has a Rule, which internal/app declares; events
// without one reach nobody. A rule turns an event into a Sight: people by name, everybody of the
// organization, whoever may see an object now, or whoever an audience admits that an object had
// which is gone. What an object is and who sees it says a Finder of its kind; a Finder answers
// with people and circles (an audience, the members of a conversation), and a Circle says which
// of some people are in it.
//
// # When it is decided
//
// Viewers looks at memberships and audiences as they are when an event is delivered, not when it
// happened: who has left a group in between is not told. Nothing here trusts an event that its
// object still is what it was.
//
// A Memory spares asking again who is in a circle, for as long as no membership changes. It is
// only safe beside the log (kernel/bus): whoever keeps one hands every stretch of the log to
// Memory.Heed before asking about its events. A stretch shows every transaction that was
// committed before it was read, those included whose place in the log is not final yet; so a
// membership that ended before an event was written is always in the same stretch or an earlier
// one, whatever the order of their transactions. A stretch that is full may lack it: then
// everything is forgotten.
//
// # Costs
//
// One statement per kind of object and stretch, one per distinct audience that is not remembered,
// one per kind of other circles: nothing depends on how many people listen.
package changes
