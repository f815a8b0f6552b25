package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Server serves sessions to clients. Protocol and Handler are required; the zero value of
// every other field works. Fields must not be changed once Serve was called. All methods are
// safe for concurrent use.
type Server struct {
	// Protocol lists the versions that this side speaks.
	Protocol *codec.Protocol

	// Formats gives the framing of versions. A version that is absent has frame.LF if its
	// codec is text, else frame.Uint32BE.
	Formats map[codec.Version]frame.Format

	// Handler gets the messages of all sessions.
	Handler Handler

	// Session tunes the sessions: queue, heartbeats, timeouts, features. Its Protocol and
	// Formats stay empty: they are those above. Session.Recognizer serves clients that
	// never greet, as they were before there was Parley. Session.Memory bounds what one
	// session may hold, so MaxSessions times that is what all of them may.
	Session session.Config

	// TLS, if set, is used on every connection.
	TLS *tls.Config

	// SharedKey, if set, is a secret that both sides hold, at least 16 random bytes. It keys
	// the digest of the negotiation on connections without TLS: a peer without it, or somebody
	// who rewrites an offer on the way, is found out before any data flows. It encrypts nothing.
	SharedKey []byte

	// MaxConns bounds the connections in all; 0: 100,000. MaxConnsPerAddr bounds those of
	// one address, of IPv6 those of one /64, and those of all peers whose address is not an
	// IP address together; 0: 10,000. A client that is one too many is refused with a hint to come
	// again after RetryAfter; while 256 are being refused already, it is closed without a word.
	MaxConns, MaxConnsPerAddr int

	// MaxSessions bounds the sessions, those without a connection among them; 0: 100,000.
	// MaxSessionsPerAddr bounds those of one address, as above, where a session is at the
	// address of its present or last connection; 0: 10,000. When a new session would be one too
	// many, the one that has been without a connection for longest, and has nothing to send or
	// to handle, is given up for it: of the address, or of all. Without such a one the client is refused
	// with a hint to come again after RetryAfter. Who resumes a session is never refused.
	MaxSessions, MaxSessionsPerAddr int

	// Close and Shutdown of the server wait for what runs in Identify, OnOpen, OnClose, OnOutcome and
	// OnLiveness: call them there in a goroutine of its own. Session.Close may be called anywhere.

	// Identify, if set, says who the peer of a new connection is, before it is greeted; a
	// connection of TLS is a *tls.Conn whose handshake is over. A session belongs to the identity
	// that began it, see [Session.Identity]: another one that has its id and secret cannot resume
	// it, and is told what one is told whose proof is wrong, or whose session is not known. An error
	// denies the connection: the client's session ends. If the error is a *[negotiate.Refusal],
	// the client is told that instead; its session goes on, and it comes again. It may
	// block, and is called by many goroutines. Nil: [CertificateIdentity].
	Identify func(net.Conn) (identity string, err error)

	// OnOpen, if set, is called for each new session before its first message is handled. The
	// session has its RemoteAddr, ID, Version, Features, Identity and TLS; it has no connection yet,
	// so what OnOpen sends is queued, and Sessions does not list it. An error refuses it: the
	// client's session ends with session.CloseHandler and the error's text.
	OnOpen func(*Session) error

	// OnClose, if set, is called when a session has ended. It must not block.
	OnClose func(*Session, error)

	// OnOutcome, if set, is told what became of each message that was sent with Notify or by a
	// call, or was not acknowledged. It must not block.
	OnOutcome func(Outcome)

	// Monitor, if set, makes the judge of a new session's liveness, before OnOpen is called. See
	// package liveness.
	Monitor func(*Session) Monitor

	// OnLiveness, if set, is told each change of what Monitor thinks of a session, in their
	// order. After Dead the session is closed. It must not block.
	OnLiveness func(s *Session, from, to Liveness)

	// Alternatives are addresses that Shutdown tells its clients to go to.
	Alternatives []string

	// RetryAfter and RetrySpread: a client that is refused or sent away is told to come
	// again after RetryAfter and a random part of RetrySpread, so that they do not all
	// come at once; and Shutdown sends them away over RetrySpread, as far as its context
	// allows. 0: 1 s and 2 minutes. Negative: none.
	RetryAfter, RetrySpread time.Duration

	// UpgradeRate is how many sessions a second Upgrade begins with. 0: 1,000.
	UpgradeRate float64

	// Inject, if set, is asked by each Send and Call for metadata to go with the message, such
	// as the trace that ctx belongs to; it comes behind that of SendOptions. A message that has
	// no other goes without it to a peer that has not agreed to metadata. Replies carry what
	// their handler says, see [Reply]. It must be safe for concurrent use.
	Inject func(ctx context.Context) session.Metadata

	// Extract, if set, puts metadata that came with a message into the context of its
	// handler. It is the inverse of Inject, and must return a context made from ctx.
	Extract func(ctx context.Context, md session.Metadata) context.Context

	// Log gets sessions at level info, refusals and handlers' errors at warn. Nil: silence.
	Log *slog.Logger

	once    sync.Once
	profile *session.Profile
	broken  error // of the configuration
	log     *slog.Logger
	shared  shared
	gate    admission
	rests   negotiate.Backoff
	stop    sync.Once
	stopped chan struct{} // closed by Close, and at the end of Shutdown

	mu        sync.Mutex
	slots     slots
	late      lateComers
	welcoming map[[16]byte]chan struct{} // sessions that OnOpen is asked about; closed after it
	sessions  map[[16]byte]*Session
	legacy    map[*Session]struct{}
	openings  map[net.Conn]struct{} // connections that have not been attached
	listeners map[net.Listener]struct{}
	leaving   bool           // Shutdown was called
	joining   sync.WaitGroup // connections that are being attached; none is added when leaving
	tasks     sync.WaitGroup // goroutines of connections
}

func (s *Server) init() error {
	s.once.Do(func() {
		s.stopped = make(chan struct{})
		s.slots.max = positive(s.MaxSessions, defaultMaxConns)
		s.slots.maxPerAddr = positive(s.MaxSessionsPerAddr, defaultMaxConnsPerAddr)
		s.welcoming = map[[16]byte]chan struct{}{}
		s.sessions = map[[16]byte]*Session{}
		s.legacy = map[*Session]struct{}{}
		s.openings = map[net.Conn]struct{}{}
		s.listeners = map[net.Listener]struct{}{}
		s.gate.max = positive(s.MaxConns, defaultMaxConns)
		s.gate.maxPerAddr = positive(s.MaxConnsPerAddr, defaultMaxConnsPerAddr)
		s.log = s.Log
		if s.log == nil {
			s.log = slog.New(slog.DiscardHandler)
		}
		s.shared = shared{owner: s, rests: &s.rests, handler: s.Handler, overflow: s.Session.Overflow,
			onOutcome: s.OnOutcome, log: s.log, hooks: newHooks(s.Inject, s.Extract)}
		if s.Handler == nil {
			s.broken = errors.New("transport: Server.Handler is nil; it gets the messages")
			return
		}
		cfg := s.Session
		if s.broken = fillSession(&cfg, s.Protocol, s.Formats); s.broken == nil {
			s.profile, s.broken = session.NewProfile(negotiate.Server, cfg)
		}
		if s.broken == nil && s.Monitor != nil {
			go s.watch()
		}
	})
	return s.broken
}

func positive(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// Serve accepts connections of l and serves them until Shutdown or Close; it returns
// [ErrClosed] then. Other errors are those of the configuration and of l, which it closes.
// One server may serve several listeners.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if err := s.init(); err != nil {
		return err
	}
	if !s.listen(l) {
		return ErrClosed
	}
	defer s.unlisten(l)
	for pause := time.Duration(0); ; {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			s.accept(conn)
			continue
		}
		if s.isLeaving() {
			return ErrClosed
		}
		var temporary interface{ Temporary() bool }
		if !errors.As(err, &temporary) || !temporary.Temporary() {
			return err
		}
		// Out of file descriptors, most likely: wait, and let some be closed.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.log.Warn("transport: accept failed", "err", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-s.stopped:
			return ErrClosed
		}
	}
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) unlisten(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isLeaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}

// accept serves one connection, or refuses it.
func (s *Server) accept(conn net.Conn) {
	if s.TLS != nil {
		conn = tls.Server(conn, s.TLS)
	}
	if !s.enter(conn) {
		conn.Close()
		return
	}
	switch addr := conn.RemoteAddr(); {
	case s.gate.enter(addr):
		go s.serve(conn)
	case s.gate.refuse():
		go s.refuse(conn)
	default:
		conn.Close()
		s.opened(conn)
		s.tasks.Done()
	}
}

// enter notes a connection that is being opened. It returns false after Close.
func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving {
		return false
	}
	s.openings[conn] = struct{}{}
	s.tasks.Add(1)
	return true
}

// reopen notes that a connection is being opened again, after a session did not take it.
func (s *Server) reopen(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving {
		conn.Close()
		return
	}
	s.openings[conn] = struct{}{}
}

// opened notes that a connection is not being opened any more.
func (s *Server) opened(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.openings, conn)
}
