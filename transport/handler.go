package transport

import (
	"context"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// Handler handles the messages that a peer sends.
type Handler interface {
	// Handle handles one message. The messages of a session are handled one at a time, in
	// order within their lane; those of different sessions at the same time. When it
	// returns without an error, the message is acknowledged.
	//
	// The reply is sent to a peer that called (in.Call); a [Reply] says how. A call without a
	// reply fails. Without a call the reply is of no account.
	//
	// An error says that the message could not be handled. A peer that called gets its text in
	// a [*session.CallError]; the sender of any other message learns that it was dropped
	// (session.Failed). It is not handed over again. A panic is such an error, whose text is
	// not told; it costs its own message only. Both are logged.
	//
	// It runs on the goroutine that reads the connection; one that takes longer than 10 to
	// 20 ms has the reading taken off it, so it may block, and may call other peers. ctx ends
	// with the session; waiting for this session's Flush under it is an error.
	Handle(ctx context.Context, s *Session, in Incoming) (reply codec.Message, err error)
}

// HandlerFunc is a function that is a [Handler].
type HandlerFunc func(ctx context.Context, s *Session, in Incoming) (codec.Message, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, s *Session, in Incoming) (codec.Message, error) {
	return f(ctx, s, in)
}

// Reply is what a [Handler] returns in place of a message to say how the reply travels: in another
// lane, for a limited time, with metadata. It waits for room in the queue, whatever Options.Overflow
// says. A reply that cannot be sent, or is given up, becomes an error at the caller.
type Reply struct {
	Message codec.Message
	Options session.SendOptions
}

// Incoming is a message that came from the peer, or the reply that [Session.CallWith] returns.
type Incoming struct {
	// Message belongs to the handler.
	Message codec.Message

	// Seq is its number in the session. Committing (session id, Seq) together with a
	// message's effect makes the effect exactly-once also over a crash. 0 with a legacy
	// peer.
	Seq uint64

	Size int // of its payload, in bytes

	// Metadata came with the message. It belongs to the handler.
	Metadata session.Metadata

	Dup  bool // it may have been handed over before, in a session that was lost
	Call bool // the peer wants a reply
}

// incoming returns what is told of a message or a reply.
func incoming(ev *session.Event) Incoming {
	return Incoming{Message: ev.Message, Metadata: ev.Metadata(), Seq: ev.Seq, Size: ev.Size, Dup: ev.Dup,
		Call: ev.Kind == session.EventMessage && ev.Call != 0}
}

// Outcome tells what became of a message.
type Outcome struct {
	Session *Session
	ID      uint64 // as SendWith returned it; those of calls and replies are told nowhere else
	Outcome session.Outcome
	Reason  session.Reason // when dropped
	Err     error          // the cause, when it could not be encoded
}
