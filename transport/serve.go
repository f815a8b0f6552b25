package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// serve opens a connection, finds its session, and leaves it to a fresh goroutine to read: the
// opening needs a stack that an idle session does not.
func (s *Server) serve(conn net.Conn) {
	sess, l := s.meet(conn)
	s.opened(conn)
	if l == nil {
		s.gone(conn)
		return
	}
	l.server = s
	go sess.begin(l, 0)
}

// meet opens a connection and attaches it to its session. It returns no link when there is
// none; the connection is closed then.
func (s *Server) meet(conn net.Conn) (*Session, *link) {
	addr := conn.RemoteAddr().String()
	ctx, cancel := context.WithTimeout(context.Background(), s.handshakeTimeout())
	key, err := keyOf(ctx, conn)
	cancel()
	if err != nil {
		conn.Close()
		s.log.Warn("transport: refused", "err", &Error{Kind: TLS, Endpoint: addr, Err: err})
		return nil, nil
	}
	o := s.profile.Open(time.Now(), key)
	for {
		if err := open(conn, o); err != nil {
			s.turnAway(conn, o, addr, err)
			return nil, nil
		}
		if o.State() == session.OpeningLegacy {
			sess, l, err := s.newLegacy(conn, o, addr)
			if err != nil {
				s.turnAway(conn, o, addr, err)
			}
			return sess, l
		}
		sess, err := s.find(o)
		if sess == nil && err == nil {
			o.Unknown() // and the client may begin a new one
			continue
		}
		if err != nil {
			s.turnAway(conn, o, addr, err)
			return nil, nil
		}
		l, err := sess.attach(conn, o, addr)
		if errors.Is(err, session.ErrContradicts) {
			s.remove(sess) // and the client begins a new one
			continue
		}
		if err != nil {
			s.turnAway(conn, o, addr, err)
			sess.dismiss()
			return nil, nil
		}
		return sess, l
	}
}

func (s *Server) handshakeTimeout() time.Duration {
	return orDefault(s.Session.HandshakeTimeout, session.DefaultTimeout)
}

// turnAway closes a connection that did not come to a session.
func (s *Server) turnAway(conn net.Conn, o *session.Opening, addr string, err error) {
	if out := o.Output(); out != nil {
		conn.SetWriteDeadline(time.Now().Add(lingerFor))
		conn.Write(out)
	}
	e := streamError(addr, err)
	if o.Err() != nil {
		e = machineError(addr, err)
	}
	s.log.Warn("transport: refused", "err", e)
	(&link{conn: conn, linger: o.Err() != nil}).hangUp()
}

// dismiss ends a session that nothing was ever attached to.
func (s *Session) dismiss() {
	if s.Stats().Attaches == 0 {
		s.Close(session.CloseDenied, "")
	}
}

// refuse tells a client to come again later.
func (s *Server) refuse(conn net.Conn) {
	defer s.tasks.Done()
	defer s.gate.refused()
	defer s.opened(conn)
	addr := conn.RemoteAddr().String()
	ctx, cancel := context.WithTimeout(context.Background(), s.handshakeTimeout())
	defer cancel()
	if _, err := keyOf(ctx, conn); err != nil {
		conn.Close()
		return
	}
	r := &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: s.retryAfter()}
	o := s.profile.OpenRefusing(time.Now(), r)
	s.turnAway(conn, o, addr, open(conn, o))
}

// retryAfter is what one client is told to wait.
func (s *Server) retryAfter() time.Duration {
	d := max(orDefault(s.RetryAfter, time.Second), 0)
	if spread := max(orDefault(s.RetrySpread, 2*time.Minute), 0); spread > 0 {
		d += rand.N(spread)
	}
	return d
}

// find returns the session that an opening wants: the one that is there, or a new one. It is
// nil when the session is not known and the client has to begin anew.
func (s *Server) find(o *session.Opening) (*Session, error) {
	id, _, secret := o.Session()
	s.mu.Lock()
	sess := s.sessions[id]
	switch {
	case sess != nil || !secret:
		s.mu.Unlock()
		return sess, nil
	case s.leaving || s.full():
		s.mu.Unlock()
		return nil, errFull
	}
	sess = s.newSession(s.profile.New(time.Now()))
	sess.key = id
	s.sessions[id] = sess
	s.mu.Unlock()
	if err := s.welcome(sess); err != nil {
		sess.Close(session.CloseHandler, err.Error())
	}
	return sess, nil // attaching to one that is closed tells the client
}

func (s *Server) newSession(m machine) *Session {
	return &Session{owner: s, handler: s.Handler, onOutcome: s.OnOutcome, log: s.log, m: m, ended: make(chan struct{})}
}

// welcome asks the user about a new session.
func (s *Server) welcome(sess *Session) error {
	if s.Monitor != nil {
		sess.monitor = s.Monitor(sess)
	}
	if s.OnOpen != nil {
		return s.OnOpen(sess)
	}
	return nil
}
