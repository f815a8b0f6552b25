package transport

import (
	"context"
	"errors"
)

// errInterrupted ends what a client does about its connection, because Reconnect was called.
var errInterrupted = errors.New("transport: interrupted by Reconnect")

// Reconnect connects now. Call it when the device has changed its network, or has slept.
//
// A wait ends, also one that a server asked for; an attempt that is under way, with its questions
// to the name service, is given up for a fresh one; the backoff begins anew. A connection that
// carries the session is kept, but has to prove itself: a ping goes at once, and unless anything
// comes within twice the retransmission timeout (2 s on most paths) the connection is given up.
// See [session.Machine.Probe] for when the ping is later.
func (c *Client) Reconnect() {
	if c.Session.probe() {
		return
	}
	c.state.Lock()
	defer c.state.Unlock()
	if c.state.kick != nil {
		c.state.kick(errInterrupted)
	}
}

// interruptible returns the context of one round of the run loop, which Reconnect ends while no
// connection carries the session.
func (c *Client) interruptible(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	round, stop := context.WithCancelCause(ctx)
	c.state.Lock()
	defer c.state.Unlock()
	c.state.kick = stop
	return round, stop
}

// interrupted tells whether Reconnect ended the round.
func interrupted(round context.Context) bool { return context.Cause(round) == errInterrupted }

// probe makes the connection prove itself. It returns false if none carries the session.
func (s *Session) probe() bool {
	s.mu.Lock()
	defer s.unlock()
	l := s.link
	if l == nil || l.readyAt.IsZero() {
		return false
	}
	if !l.plain || !s.turns.busy { // while a plain client's handler runs nothing is read
		s.m.Probe(s.time())
		s.flush(false)
	}
	return true
}

// abandon ends the use of a connection that has not become ready.
func (s *Session) abandon(l *link) {
	s.mu.Lock()
	defer s.unlock()
	if s.link == l {
		s.m.Detach(s.time(), l.gen, errInterrupted)
		s.settle()
		s.flush(false)
	}
}
