package session

import "github.com/parleyproto/parley/codec"

// EventKind says what happened, and which fields of an [Event] are set.
type EventKind uint8

const (
	// EventMessage: a message for the application: Seq, Message, Metadata, Size, Dup, and Call
	// if the peer wants a reply. Its handler's end is told by Done(Seq).
	EventMessage EventKind = iota + 1
	// EventReply: the reply to the call with the id Call: Seq, Message, Metadata, Size; or Err,
	// a [*CallError], if the peer's handler failed. It needs no Done.
	EventReply
	// EventGap: the peer gave up its message Seq: Reason.
	EventGap
	// EventOutcome: what became of the message ID: Outcome, Reason, Err with the cause of an
	// Unencodable, Seq if it had one, Call if it was a call. Acked comes only for messages
	// sent with Notify; the others always.
	EventOutcome
	// EventAttached: the connection Generation carries the session, in Version; Resumed
	// tells a session that was attached before from a new one.
	EventAttached
	// EventDetached: close the connection Generation; Err says why. The session waits for
	// the next Attach, or a new one does if EventLost follows, unless EventClosed follows.
	EventDetached
	// EventLost: the server does not know the session any more, or has ended it (Err is the
	// [*CloseError] then), and a new one begins. Calls that wait for a reply will not get
	// one. Outcomes follow.
	EventLost
	// EventUpgraded: both directions speak Version.
	EventUpgraded
	// EventUpgradeFailed: the upgrade to Version was abandoned: Err. The connection goes on
	// as it was.
	EventUpgradeFailed
	// EventFlushed: all messages accepted before the Flush with this ID have an outcome.
	EventFlushed
	// EventRoom: there is room in the queue again after Send returned ErrQueueFull.
	EventRoom
	// EventGoAway: the peer will close: Err is a [*GoAwayError] with where to go and when.
	// New messages get no number until the session is attached again.
	EventGoAway
	// EventDrained: after EventGoAway, nothing that was sent or received is unacknowledged:
	// go. After GoAway of this side: all that it sent is acknowledged.
	EventDrained
	// EventClosed: the session has ended: Err is a [*CloseError]. It is the last event.
	EventClosed
)

// Event is something that the driver or the application has to know.
type Event struct {
	Kind       EventKind
	Outcome    Outcome
	Dup        bool // the message may have been handed over before, in a session that was lost
	Resumed    bool
	Reason     Reason
	Version    codec.Version
	Size       int    // of the message's payload, in bytes
	Generation uint64 // of the connection
	Seq        uint64
	Call       uint64
	ID         uint64 // as Send, Call, Reply, Fail or Flush returned it
	Message    codec.Message
	Err        error

	extensions *extensions // of the message; nil: none
}

// Metadata returns the metadata of an EventMessage or an EventReply, nil if it has none. Each call
// makes it anew.
func (e *Event) Metadata() Metadata {
	if e.extensions == nil || e.extensions.failed {
		return nil
	}
	md, _ := parseMetadata(e.extensions.text, true)
	return md
}

// Parked is an EventMessage in less memory: as a driver keeps those that wait for their handler.
type Parked struct {
	message       codec.Message
	seq, call, id uint64
	extensions    *extensions
	size          uint32
	dup           bool
}

// Park returns an EventMessage in less memory.
func (e *Event) Park() Parked {
	return Parked{message: e.Message, seq: e.Seq, call: e.Call, id: e.ID, extensions: e.extensions, size: uint32(e.Size), dup: e.Dup}
}

// Event returns the event that was parked.
func (p *Parked) Event() Event {
	return Event{Kind: EventMessage, Message: p.message, Seq: p.seq, Call: p.call, ID: p.id, extensions: p.extensions, Size: int(p.size), Dup: p.dup}
}
