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
	defer s.tasks.Done()
	defer s.opened(conn)
	l := newLink(conn, conn.RemoteAddr().String(), &s.tasks, &s.gate)
	if sess := s.meet(l); sess != nil {
		go sess.begin(l, 0)
	}
}

// meet opens a connection and attaches it to its session. It returns nil when there is none; the
// connection is closed then.
func (s *Server) meet(l *link) *Session {
	ctx, cancel := context.WithTimeout(context.Background(), s.handshakeTimeout())
	key, err := keyOf(ctx, l.conn, s.SharedKey)
	cancel()
	if err != nil {
		s.log.Warn("transport: refused", "err", &Error{Kind: TLS, Endpoint: l.endpoint, Err: err})
		l.hangUp()
		return nil
	}
	o := s.profile.Open(time.Now(), key)
	for {
		if err := open(l.conn, o); err != nil {
			s.turnAway(l, o, err)
			return nil
		}
		if o.State() == session.OpeningLegacy {
			sess, err := s.newLegacy(l, o)
			if err != nil {
				s.turnAway(l, o, err)
			}
			return sess
		}
		sess, err := s.find(o)
		if sess == nil && err == nil {
			o.Unknown() // and the client may begin a new one
			continue
		}
		if err == nil {
			err = sess.attach(l, o)
		}
		if errors.Is(err, session.ErrContradicts) {
			s.remove(sess) // and the client begins a new one
			continue
		}
		if err != nil {
			s.turnAway(l, o, err)
			if sess != nil {
				sess.dismiss()
			}
			return nil
		}
		return sess
	}
}

func (s *Server) handshakeTimeout() time.Duration {
	return orDefault(s.Session.HandshakeTimeout, session.DefaultTimeout)
}

// turnAway closes a connection that did not come to a session. Its last words are written.
func (s *Server) turnAway(l *link, o *session.Opening, err error) {
	if out := o.Output(); out != nil {
		l.conn.SetWriteDeadline(time.Now().Add(lingerFor))
		l.conn.Write(out)
	}
	e := streamError(l.endpoint, err)
	l.linger = o.Err() != nil
	if l.linger {
		e = machineError(l.endpoint, err)
	}
	s.log.Warn("transport: refused", "err", e)
	l.hangUp()
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
	defer s.opened(conn)
	defer s.gate.refused()
	l := newLink(conn, conn.RemoteAddr().String(), &s.tasks, nil)
	ctx, cancel := context.WithTimeout(context.Background(), s.handshakeTimeout())
	defer cancel()
	if err := secured(ctx, conn); err != nil {
		l.hangUp()
		return
	}
	r := &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: s.retryAfter()}
	o := s.profile.OpenRefusing(time.Now(), r)
	s.turnAway(l, o, open(conn, o))
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
	return &Session{owner: s, rests: &s.rests, handler: s.Handler, onOutcome: s.OnOutcome, log: s.log, hooks: s.hooks, m: m, ended: make(chan struct{})}
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
