package session

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parleyproto/parley/codec"
)

var (
	// ErrQueueFull: the queue has no room for this message. EventRoom says when to try again.
	ErrQueueFull = errors.New("session: the queue is full; wait for room, or raise Config.Queue")

	// ErrEnded: the session has ended, or Close was called.
	ErrEnded = errors.New("session: the session has ended; open a new one")

	// ErrExhausted: the session has used up its numbers, which end at 2^63-1. It ends with
	// CloseLimits when all that it accepted has an outcome.
	ErrExhausted = errors.New("session: the session's numbers are used up, and it ends when all is acknowledged; open a new one")

	// ErrStale: the connection belongs to an older generation, or to none.
	ErrStale = errors.New("session: a newer connection carries the session; close this one")

	// ErrContradicts: a client that has proven to be the session's remembers another past of it,
	// which it had with another server. What this one has is of no use to anybody.
	ErrContradicts = errors.New("session: the client and this server remember different sessions; the server forgets its own")

	// ErrCallLost: the call that is replied to came in a session that was lost, or that its
	// server has ended. Nobody waits for the reply.
	ErrCallLost = errors.New("session: the call came in a session that is over; nobody waits for its reply")

	// ErrForeign: the client has another identity than who began the session (Opening.Identify).
	// It is told what one is told whose session is not known.
	ErrForeign = errors.New("session: the session was begun by another identity; this client begins a new one")

	// ErrSilent is the cause of an EventDetached: nothing was received for 1.5 times the
	// interval that the peer announced, or no PONG came.
	ErrSilent = errors.New("session: the peer is silent; the connection is given up")

	// ErrSlowFrame is the cause of an EventDetached: a frame did not end in time.
	ErrSlowFrame = errors.New("session: a frame was begun and not ended within Config.FrameTimeout")

	// ErrHandshakeTimeout: the handshake up to ATTACH or ATTACHED took too long.
	ErrHandshakeTimeout = errors.New("session: no attachment within Config.HandshakeTimeout")
)

// TooLargeError says that a message exceeds what the peer accepts, or the whole queue.
type TooLargeError struct {
	Size  int // of its payload, in bytes
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("session: a message of %d bytes exceeds the limit of %d; split it, or raise the peer's Offer.MaxMessage", e.Size, e.Limit)
}

// CallError says that the peer's handler of a call failed.
type CallError struct{ Text string }

func (e *CallError) Error() string { return "session: the peer's handler failed: " + e.Text }

// GoAwayError says that the peer goes away.
type GoAwayError struct {
	RetryAfter   time.Duration
	Alternatives []string // other addresses
}

func (e *GoAwayError) Error() string {
	s := fmt.Sprintf("session: the peer goes away; come again after %v", e.RetryAfter)
	if len(e.Alternatives) > 0 {
		s += ", or try " + strings.Join(e.Alternatives, ", ")
	}
	return s
}

// ProtocolError says what the peer did that docs/protocol.md forbids. It closes the connection.
type ProtocolError struct {
	Section string // of docs/protocol.md
	Reason  string
	Err     error // the cause, or nil
}

func (e *ProtocolError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("session: protocol violation (%s): %s: %v", e.Section, e.Reason, e.Err)
	}
	return fmt.Sprintf("session: protocol violation (%s): %s", e.Section, e.Reason)
}

// Unwrap returns the cause.
func (e *ProtocolError) Unwrap() error { return e.Err }

// CloseError says how a session ended.
type CloseError struct {
	Code   CloseCode
	Text   string // for a person
	Remote bool   // the peer ended it

	// Renewed: this side is a client and begins a new session in its place; see
	// Config.Renew.
	Renewed bool
}

func (e *CloseError) Error() string {
	who := "this side"
	if e.Remote {
		who = "the peer"
	}
	s := fmt.Sprintf("session: %s closed the session: %v", who, e.Code)
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Is tells whether target is a *CloseError with the same code and no text.
func (e *CloseError) Is(target error) bool {
	t, ok := target.(*CloseError)
	return ok && t.Code == e.Code && t.Text == ""
}

// CloseCode says why a session ended (docs/protocol.md, 6.11).
type CloseCode uint64

const (
	CloseNormal     CloseCode = 0
	CloseSuperseded CloseCode = 1 // a newer connection carries the session
	CloseDenied     CloseCode = 2 // the proof did not verify
	CloseViolation  CloseCode = 3
	CloseIdle       CloseCode = 4 // not alive, or away for longer than the resume window
	CloseLimits     CloseCode = 5
	CloseShutdown   CloseCode = 6
	CloseHandler    CloseCode = 7
	ClosePings      CloseCode = 8
)

// String returns the code's meaning.
func (c CloseCode) String() string {
	switch c {
	case CloseNormal:
		return "normal"
	case CloseSuperseded:
		return "superseded by a newer connection"
	case CloseDenied:
		return "denied"
	case CloseViolation:
		return "protocol violation"
	case CloseIdle:
		return "not alive"
	case CloseLimits:
		return "limits"
	case CloseShutdown:
		return "shutdown"
	case CloseHandler:
		return "handler"
	case ClosePings:
		return "too many pings"
	}
	return fmt.Sprintf("code %d", uint64(c))
}

// UpgradeError says why an upgrade was abandoned.
type UpgradeError struct {
	Version codec.Version
	Err     error
}

func (e *UpgradeError) Error() string {
	return fmt.Sprintf("session: upgrade to %v abandoned: %v", e.Version, e.Err)
}

// Unwrap returns the cause: a [*negotiate.RejectedError], or what the codec said.
func (e *UpgradeError) Unwrap() error { return e.Err }
