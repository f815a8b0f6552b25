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
	// returns, the message is acknowledged.
	//
	// The reply is sent to a peer that called (in.Call); nil means that there is none
	// besides "done". A [Reply] is one with metadata. An error is told to a peer that called, and logged. A panic costs
	// its own message only: it is logged, the sender learns that the message was dropped
	// (session.Failed), and a call gets an error.
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

// Incoming is a message that came from the peer.
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

// Outcome tells what became of a message.
type Outcome struct {
	Session *Session
	ID      uint64 // as SendWith returned it
	Outcome session.Outcome
	Reason  session.Reason // when dropped
	Err     error          // the cause, when it could not be encoded
}
