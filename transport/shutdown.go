package transport

import (
	"context"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// maxFarewellGap is the longest time between two farewells of a Shutdown: a few clients need not
// be spread.
const maxFarewellGap = 10 * time.Millisecond

// Shutdown ends the server without losing anything. It closes the listeners and then parts with
// one client after the other: it waits until the client has acknowledged what it was sent, tells
// it where to go and when (GOAWAY), and waits until what it sent is handled and acknowledged, and
// it has left. At last it closes the sessions. From its turn on a session takes no new messages
// but those of its handlers; Send returns [ErrDraining].
//
// The turns come evenly over RetrySpread, or half of the time that ctx leaves if that is less, at
// least 100 a second: so a fleet does not fall upon its next server all at once.
//
// When ctx ends, what is left is closed at once; so is a session without a connection, whose
// client cannot come back. A [*ShutdownError] says how much was left and unwraps to ctx's error;
// nil means that nothing was: all that was sent and received has been handled. In a handler,
// with its context, it returns [ErrInHandler] and does nothing; with another it would wait for
// that handler.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.init(); err != nil {
		return err
	}
	if h := handlerOf(ctx); h != nil && h.owner == owner(s) {
		return ErrInHandler
	}
	s.stopAccepting()
	all := s.all()
	s.sendAway(ctx, all)
	var err error
	for _, sess := range all {
		if err = sess.drain(ctx); err != nil {
			break
		}
	}
	s.closeAll(session.CloseShutdown, "the server shuts down")
	e := leftBehind(all...)
	if e.Err = err; err == nil && e.Sessions == 0 {
		return nil
	}
	return e
}

// Close ends the server and all sessions at once. It returns when all connections are closed; a
// peer that does not read can delay it by 5 seconds. It does not wait for handlers that still
// run, because one of them may be who calls it: their context has ended.
func (s *Server) Close() error {
	if err := s.init(); err != nil {
		return err
	}
	s.stopAccepting()
	s.closeAll(session.CloseShutdown, "the server was closed")
	return nil
}

// stopAccepting closes the listeners and the connections that have no session yet. Those that have
// come to one are attached when it returns.
func (s *Server) stopAccepting() {
	s.mu.Lock()
	s.leaving = true
	for l := range s.listeners {
		l.Close()
	}
	for conn := range s.openings {
		conn.Close()
	}
	s.mu.Unlock()
	s.joining.Wait()
}

// closeAll closes all sessions and waits for the goroutines of their connections.
func (s *Server) closeAll(code session.CloseCode, text string) {
	s.stop.Do(func() { close(s.stopped) })
	for _, sess := range s.all() {
		sess.Close(code, text)
	}
	s.tasks.Wait()
}

// sendAway parts with the sessions, one after the other. When ctx ends the rest is told at once.
func (s *Server) sendAway(ctx context.Context, all []*Session) {
	var connected []*Session
	for _, sess := range all {
		if sess.beginShutdown() {
			connected = append(connected, sess)
		} else {
			sess.goAway(s.retryAfter(), s.Alternatives)
		}
	}
	gap := s.farewellGap(ctx, len(connected))
	next := time.Now()
	for _, sess := range connected {
		pause(ctx, time.Until(next))
		next = next.Add(gap)
		sess.goAway(s.retryAfter(), s.Alternatives)
	}
}

// farewellGap is the time between the farewells to n clients.
func (s *Server) farewellGap(ctx context.Context, n int) time.Duration {
	spread := max(orDefault(s.RetrySpread, defaultRetrySpread), 0)
	if end, ok := ctx.Deadline(); ok {
		spread = min(spread, time.Until(end)/2)
	}
	return min(max(spread, 0)/time.Duration(max(n, 1)), maxFarewellGap)
}
