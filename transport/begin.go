package transport

import (
	"errors"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// find returns the session that an opening wants: the one that is there, or a new one. It is
// nil when the session is not known and the client has to begin anew. The error is a
// *negotiate.Refusal, or errLate.
func (s *Server) find(l *link, o *session.Opening) (*Session, error) {
	id, generation, secret := o.Session()
	s.mu.Lock()
	for s.welcoming[id] != nil { // another connection of the client's has begun it
		welcomed := s.welcoming[id]
		s.mu.Unlock()
		<-welcomed
		s.mu.Lock()
	}
	if sess := s.sessions[id]; sess != nil || !secret {
		s.mu.Unlock()
		return sess, nil
	}
	if generation == 1 && s.late.has(id) {
		s.mu.Unlock()
		return nil, errLate
	}
	welcomed := make(chan struct{})
	s.welcoming[id] = welcomed
	s.mu.Unlock()

	sess := s.newSession(s.profile.NewFor(time.Now(), o), l)
	sess.slot.id, sess.meeting = id, l
	refusal := s.admit(sess)
	if refusal == nil {
		refusal = s.welcome(sess, func() { s.sessions[id] = sess })
	}
	s.mu.Lock()
	delete(s.welcoming, id)
	s.mu.Unlock()
	close(welcomed)
	if refusal != nil {
		return nil, refusal
	}
	return sess, nil // attaching to one that is closed tells the client
}

// errLate: the first connection of a session comes when that has ended, begun by a later one.
var errLate = errors.New("transport: the session has ended, and a later connection had begun it")

// newLegacy makes the session of a legacy client, with its only connection.
func (s *Server) newLegacy(l *link, o *session.Opening) (*Session, error) {
	now := time.Now()
	p := &plain{stats: session.Stats{State: session.Attached, Version: o.Agreement().Version, Begun: now, Since: now},
		identity: o.Identity()}
	p.Plain = o.Plain(now)
	p.stats.BytesIn, p.stats.LastReceived = uint64(p.Plain.Buffered()), now
	sess := s.newSession(p, l)
	l.plain = true
	sess.link = l
	refusal := s.admit(sess)
	if refusal == nil {
		refusal = s.welcome(sess, func() {
			s.legacy[sess] = struct{}{}
			delete(s.openings, l.conn) // a Shutdown parts with it from now on
		})
	}
	if refusal != nil {
		return nil, refusal
	}
	return sess, nil
}

func (s *Server) newSession(m machine, l *link) *Session {
	return &Session{shared: &s.shared, m: m, slot: new(slot), remote: l.conn.RemoteAddr()}
}

// welcome asks the user about a new session, which nobody else knows yet; one that is refused has ended
// then. It is listed, by list, unless the server goes away.
func (s *Server) welcome(sess *Session, list func()) *negotiate.Refusal {
	if s.Monitor != nil {
		sess.judgeBy(s.Monitor(sess))
	}
	if s.OnOpen != nil {
		if err := s.OnOpen(sess); err != nil {
			sess.Close(session.CloseHandler, err.Error())
		}
	}
	s.mu.Lock()
	leaving := s.leaving
	if !leaving && !sess.over.Load() {
		list()
	}
	s.mu.Unlock()
	if leaving {
		sess.Close(session.CloseShutdown, "the server shuts down")
		return s.goingAway()
	}
	return nil
}

// maxLooks bounds how many sessions are looked at to find one that can be given up.
const maxLooks = 16

// admit gives a new session a slot; another session may be given up for it.
func (s *Server) admit(sess *Session) *negotiate.Refusal {
	addr := hostOf(sess.remote)
	s.mu.Lock()
	defer s.mu.Unlock()
	for looks := 0; ; looks++ {
		if s.leaving {
			return s.goingAway()
		}
		candidates, full := s.slots.full(addr)
		if !full {
			s.slots.enter(sess, addr)
			return nil
		}
		spare := s.slots.spare(candidates)
		if spare == nil || looks == maxLooks {
			return s.tooMany()
		}
		s.mu.Unlock()
		if spare.giveUp() {
			s.remove(spare)
		}
		s.mu.Lock()
	}
}

// tooMany refuses a client for now.
func (s *Server) tooMany() *negotiate.Refusal {
	return &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: s.retryAfter(), Message: "too many sessions"}
}

// goingAway refuses a client that comes while the server shuts down.
func (s *Server) goingAway() *negotiate.Refusal {
	return &negotiate.Refusal{Code: negotiate.CodeGoAway, RetryAfter: s.retryAfter(), Alternatives: s.Alternatives, Message: "the server shuts down"}
}

// giveUp ends a session that has no connection and holds nothing that somebody waits for. It tells whether the
// session has ended.
func (s *Session) giveUp() bool {
	s.mu.Lock()
	defer s.unlock()
	if s.err != nil {
		return true
	}
	st := s.m.Stats()
	if s.link != nil || st.QueueBytes > 0 || st.Inbox > 0 || len(s.waiting.calls) > 0 {
		return false
	}
	s.m.Close(s.time(), session.CloseLimits, "given up for another session")
	s.settle()
	s.flush(false)
	return true
}
