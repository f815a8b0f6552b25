package transport

import (
	"context"
	"errors"
	"fmt"
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
	boundNear(conn)
	l := newLink(conn, &s.tasks, &s.gate)
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
		s.log.Warn("transport: refused", "err", &Error{Kind: TLS, Endpoint: l.name(), Err: err})
		l.hangUp()
		return nil
	}
	identity, denied := s.identify(l.conn)
	if r := new(negotiate.Refusal); errors.As(denied, &r) {
		s.refuseWith(l, r)
		return nil
	}
	o := s.profile.Open(time.Now(), key)
	o.Identify(identity)
	for {
		err := open(l.conn, o)
		if err == nil && denied != nil {
			o.Deny()
			err = &Error{Kind: Negotiation, Endpoint: l.name(), Err: denied}
		}
		if err != nil {
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
		sess, err := s.find(l, o)
		if sess == nil && err == nil {
			o.Unknown() // and the client may begin a new one
			continue
		}
		if err == nil {
			err = s.join(sess, l, o)
		}
		if errors.Is(err, session.ErrContradicts) {
			s.remove(sess) // and the client begins a new one
			continue
		}
		if errors.Is(err, session.ErrForeign) {
			o.Unknown() // and the client may begin one of its own
			continue
		}
		if r := new(negotiate.Refusal); errors.As(err, &r) {
			o.Refuse(r)
		}
		if errors.Is(err, errLate) {
			o.Deny()
		}
		if err != nil {
			if sess != nil {
				sess.dismiss()
			}
			s.turnAway(l, o, err)
			return nil
		}
		return sess
	}
}

// join gives a session its connection, which is the session's to end from then on: the client may know
// that it is attached before this returns, and a Shutdown has to part with it. One that begins
// meanwhile waits.
func (s *Server) join(sess *Session, l *link, o *session.Opening) error {
	s.mu.Lock()
	if s.leaving {
		s.mu.Unlock()
		return s.goingAway()
	}
	delete(s.openings, l.conn)
	s.joining.Add(1)
	s.mu.Unlock()
	defer s.joining.Done()
	err := sess.attach(l, o)
	if err != nil {
		s.reopen(l.conn)
	}
	return err
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
	e := streamError(l.name(), err)
	l.linger = o.Err() != nil
	if l.linger {
		e = machineError(l.name(), err)
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
	l := newLink(conn, &s.tasks, nil)
	ctx, cancel := context.WithTimeout(context.Background(), s.handshakeTimeout())
	defer cancel()
	if err := secured(ctx, conn); err != nil {
		l.hangUp()
		return
	}
	s.refuseWith(l, &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: s.retryAfter()})
}

// refuseWith answers the greeting of a client, whatever it is, with r.
func (s *Server) refuseWith(l *link, r *negotiate.Refusal) {
	o := s.profile.OpenRefusing(time.Now(), r)
	s.turnAway(l, o, open(l.conn, o))
}

// identify asks who the peer is.
func (s *Server) identify(conn net.Conn) (string, error) {
	f := s.Identify
	if f == nil {
		f = CertificateIdentity
	}
	identity, err := f(conn)
	if err != nil {
		return "", fmt.Errorf("Server.Identify: %w", err)
	}
	return identity, nil
}

const defaultRetrySpread = 2 * time.Minute

// retryAfter is what one client is told to wait.
func (s *Server) retryAfter() time.Duration {
	d := max(orDefault(s.RetryAfter, time.Second), 0)
	if spread := max(orDefault(s.RetrySpread, defaultRetrySpread), 0); spread > 0 {
		d += rand.N(spread)
	}
	return d
}
