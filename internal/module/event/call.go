package event

// Calls says where calls are held: a server that speaks LiveKit's protocol. Without one people meet
// at the conference link.
type Calls struct {
	URL    string // wss://…, for people's browsers
	Key    string // of the server's API
	Secret string
}
