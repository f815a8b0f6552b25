package transport

import (
	"encoding/hex"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Session is one session as its user sees it, on either side. It outlives connections: what
// Send accepted is delivered over any number of them. All methods are safe for concurrent
// use.
//
// It drives a [session.Machine], which has all the rules: here bytes and time are moved, and
// those who wait are woken.
type Session struct {
	*shared
	over  atomic.Bool                   // the session has ended
	ended atomic.Pointer[chan struct{}] // closed then; nil: nobody has asked for it
	value atomic.Pointer[any]           // of the user's: a handler may ask for it with each message, so it needs no lock
	slot  *slot                         // at a server; guarded by the server's lock

	mu       sync.Mutex // guards all below, and the machine
	m        machine
	link     *link // the present connection, or nil
	meeting  *link // at a server, the connection that begins the session, until it is attached
	remote   net.Addr
	timer    *time.Timer
	clock    time.Time            // when something was last read, written or due
	alarm    time.Time            // when timer fires; zero: it does not
	err      error                // why the session ended
	why      error                // what err is to be, if the machine's reason says too little
	after    map[*func()]struct{} // to be called at the end; nil: nothing
	waiting  waiters
	turns    turns
	notices  []func() // to be called in order, without the lock
	noticing bool
	parting  parting
	judged   *judgement // nil: nobody watches the session
}

// shared is what the sessions of one owner have in common.
type shared struct {
	owner     owner
	rests     *negotiate.Backoff // from changes of version that fail
	handler   Handler
	hooks     *hooks           // nil: none
	overflow  session.Overflow // of messages that say nothing else
	onOutcome func(Outcome)
	log       *slog.Logger
}

// owner is the client or server that a session belongs to. Its methods are called without
// the session's lock, in the order of the events.
type owner interface {
	attached(s *Session, l *link, resumed bool)
	detached(s *Session, l *link)
	end(s *Session, err error)
}

// machine is a session.Machine, or a session.Plain for a peer without envelopes.
type machine interface {
	Attach(now time.Time, o *session.Opening) (gen uint64, err error)
	Space(gen uint64) []byte
	Wrote(now time.Time, gen uint64, n int)
	Next(ev *session.Event) bool
	Output(now time.Time, gen uint64) net.Buffers
	Written(now time.Time, gen uint64)
	Deadline() time.Time
	Tick(now time.Time)
	Probe(now time.Time)
	Detach(now time.Time, gen uint64, err error)

	Send(now time.Time, m codec.Message, o session.SendOptions) (id uint64, err error)
	Call(now time.Time, m codec.Message, o session.SendOptions) (id uint64, err error)
	Reply(now time.Time, call uint64, m codec.Message, o session.SendOptions) (id uint64, err error)
	Fail(now time.Time, call uint64, text string) (id uint64, err error)
	Done(id uint64)
	DoneAll(first, last uint64)
	Drop(id uint64)
	Cancel(now time.Time, id uint64) bool
	Flush(now time.Time) (id uint64)
	Unflush(id uint64)
	Upgrade(now time.Time, v codec.Version) error
	GoAway(now time.Time, retry time.Duration, alternatives []string)
	Close(now time.Time, code session.CloseCode, text string)
	Backlog() int
	Unsent() int
	PeerInterval() time.Duration
	Idle()
	Stats() session.Stats
	ID() [16]byte
	Identity() string
	Agreement() *negotiate.Agreement
}

// ID returns the session's id, the same on both sides. A client whose session was lost or
// renewed gets a new one; legacy peers have none.
func (s *Session) ID() [16]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.ID()
}

// Stats returns a snapshot.
func (s *Session) Stats() session.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.Stats()
}

// Version returns the version that the connection speaks, or that the last one spoke.
func (s *Session) Version() codec.Version { return s.Stats().Version }

// RemoteAddr returns the peer's address on the present or last connection; nil before the
// first.
func (s *Session) RemoteAddr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remote
}

// Value returns what SetValue has set last, or nil.
func (s *Session) Value() any {
	if v := s.value.Load(); v != nil {
		return *v
	}
	return nil
}

// SetValue keeps a value of the user's with the session.
func (s *Session) SetValue(v any) { s.value.Store(&v) }

// Close ends the session on both sides, and tells the peer why. What is not acknowledged has
// an unknown outcome; call Flush before to wait for it. It returns at once.
func (s *Session) Close(code session.CloseCode, text string) {
	s.mu.Lock()
	defer s.unlock()
	if s.err != nil {
		return
	}
	s.turns.tell(s)
	s.m.Close(s.time(), code, text)
	s.settle()
	s.flush(false)
}

// Done returns a channel that is closed when the session has ended.
func (s *Session) Done() <-chan struct{} {
	if c := s.ended.Load(); c != nil {
		return *c
	}
	c := make(chan struct{})
	if s.ended.CompareAndSwap(nil, &c) {
		return c
	}
	return *s.ended.Load()
}

// closed stands for the channel that nobody has asked for before the end.
var closed = func() *chan struct{} {
	c := make(chan struct{})
	close(c)
	return &c
}()

// tellEnded closes the channel of Done.
func (s *Session) tellEnded() {
	if c := s.ended.Swap(closed); c != nil {
		close(*c)
	}
}

// Err returns why the session ended: ErrClosed when this side closed it, an [*Error] of kind
// Ended when the peer did. It is nil before.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// LogValue names the session in logs by its id and address.
func (s *Session) LogValue() slog.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.m.ID()
	attrs := []slog.Attr{slog.String("id", hex.EncodeToString(id[:4]))}
	if s.remote != nil {
		attrs = append(attrs, slog.String("addr", s.remote.String()))
	}
	return slog.GroupValue(attrs...)
}
