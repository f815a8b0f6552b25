package session

import (
	"io"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
)

// Config describes one side of all sessions of a client or of a server. Only Protocol is
// required; the zero value of every other field works.
type Config struct {
	// Protocol lists the versions of the application protocol.
	Protocol *codec.Protocol

	// Formats gives the framing of versions. A version that is absent has frame.LF if its
	// codec is text, else frame.Uint32BE.
	Formats map[codec.Version]frame.Format

	// Offer is what the greeting says. Its Protocol, Versions and Fingerprints are filled
	// in from the Protocol above where they are empty, its Nonce is drawn for each
	// connection. MaxMessage bounds a received message, zero: the largest MaxSize of the
	// versions offered, or 16 MiB if one of them has none; Window bounds the bytes that were
	// received and are not done, zero: 4 MiB. Both are less where Memory says so.
	Offer negotiate.Offer

	// Compress, if set, compresses messages that are large enough when they are written. What the
	// peer has compressed is accepted either way. Nil: none are.
	Compress *Compression

	// Without names features of this package that are not offered: [FeatureMetadata],
	// [FeatureDeflate]. The offer has them behind those of Offer, and refuses nobody who does
	// not know them; name one in Offer.Features to require it.
	Without []string

	// AllowUnfrozen offers also versions whose layout is not locked.
	AllowUnfrozen bool

	// Memory bounds the bytes that one session may hold, with or without a connection:
	// messages that are queued or not acknowledged, received and not done, or coming in
	// fragments, with their places in queues, and buffers. It is kept by Queue, Offer.Window and
	// Offer.MaxMessage: those that are zero are their defaults or, where that is too much,
	// smaller in the same proportion; those that are set and take more than Memory are a
	// [*MemoryError]. The least is 0.9 MiB, [MemoryBuffers] of it for buffers.
	// A decoded message counts as its payload and a few words: a codec whose messages take
	// more adds that. Not counted are the session itself and its goroutine's stack, less than
	// 16 KiB, what the application keeps, TLS, and sockets.
	// Zero: no bound of its own, so 57 MiB with the other defaults; see [Profile.Memory].
	Memory int

	// Queue bounds the bytes of all messages that are queued or not yet acknowledged, 64 for
	// each and its payload, over all lanes together; the last eighth is for the high lane.
	// Zero: 8 MiB, or less where Memory says so.
	Queue int

	// Overflow says what becomes of a message that finds the queue full. Zero: Block.
	Overflow Overflow

	// OnUnknown says what becomes of messages that were written and not acknowledged when
	// the server has lost the session, or has ended it and a new one begins. Zero: Report.
	OnUnknown OnUnknown

	// Renew, if set, decides whether a client begins a new session, with a new id, when the
	// server has ended the present one by a CLOSE. Messages that were not written yet go
	// along; the others are unknown, or as OnUnknown says. Nil: (*CloseError).Renewable, so
	// a server that shuts down in good order, or ran out of patience or room, costs no more
	// than one that is killed: a client that is to stay connected must not depend on how its
	// server went. It is not asked after CloseSuperseded, CloseDenied and CloseViolation,
	// which always end the client's session, as Close on this side does.
	//
	// Without any renewal, return false. It is called with the machine locked and must not
	// use it.
	Renew func(*CloseError) bool

	// ResumeWindow is how long a session without a connection lives. Zero: 2 minutes at a
	// server, without end at a client. Negative: without end.
	ResumeWindow time.Duration

	// EarlyData lets a client send data right behind its first ATTACH, without waiting for
	// the answer. It saves a round trip; if that connection dies before the answer came,
	// the outcome of that data may be unknown.
	EarlyData bool

	// NoDowngrade forbids to go back to the last version that worked when the peer cannot
	// decode a message twice.
	NoDowngrade bool

	// AcceptUpgrade, if set, decides on the peer's proposal of a version that both offered. Like
	// Interval and Renew it is called with the machine, and a driver's session, locked: it must not
	// use them.
	AcceptUpgrade func(from, to codec.Version) bool

	// Interval, if set, is asked before each PING for the time until the next. It is kept
	// between the gap that the peer tolerates and one hour.
	Interval func(Stats) time.Duration

	AckDelay         time.Duration // an acknowledgement waits so long for data to ride on; 0: 10 ms
	PongTimeout      time.Duration // the most that a PONG may take; 0: 20 s
	FrameTimeout     time.Duration // from a frame's first byte to its last; 0: 20 s
	HandshakeTimeout time.Duration // from the connection's start to ATTACH or ATTACHED; 0: 10 s
	UpgradeTimeout   time.Duration // from PROPOSE to the peer's PROBE; 0: 10 s

	// Recognizer, if set, tells legacy peers by their first bytes. See package negotiate.
	Recognizer negotiate.Recognizer

	// Rand is the source of session ids, secrets and nonces. Nil: crypto/rand.
	Rand io.Reader
}

// Overflow is what becomes of a message that finds the queue full: of all of a session by
// [Config].Overflow, or of one by [SendOptions].Overflow.
type Overflow uint8

const (
	// Block waits for room. A Machine cannot wait: it returns ErrQueueFull, and its driver
	// tries again at EventRoom.
	Block Overflow = iota + 1
	// Fail returns ErrQueueFull.
	Fail
	// DropOldest gives up messages that have no number yet, the lowest lane first and in it
	// the oldest first, but no reply, and none of a higher lane. When that does not make
	// room it returns ErrQueueFull.
	DropOldest
)

// OnUnknown is what becomes of unacknowledged messages of a lost session.
type OnUnknown uint8

const (
	// Report ends them with the outcome Unknown.
	Report OnUnknown = iota
	// Resend queues them again in the new session, marked as maybe duplicates. Calls and
	// replies are never sent again: they are reported.
	Resend
)
