package transport

import (
	"context"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// Shutdown ends the server without losing anything: it closes the listeners, tells each client
// where to go and when (GOAWAY), waits until what was sent and received is acknowledged, and
// closes the sessions. When ctx ends, it closes what is left, and returns ctx's error.
//
// A session without a connection is given up: its client cannot be told, and will find that
// the server has lost it.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.init(); err != nil {
		return err
	}
	s.stopAccepting()
	for _, sess := range s.all() {
		sess.goAway(s.retryAfter(), s.Alternatives)
	}
	var err error
	for _, sess := range s.all() {
		if err = sess.drain(ctx); err != nil {
			break
		}
	}
	s.closeAll(session.CloseShutdown, "the server shuts down")
	return err
}

// Close ends the server and all sessions at once. It returns when nothing of it runs any
// more; a peer that does not read can delay it by 5 seconds.
func (s *Server) Close() error {
	if err := s.init(); err != nil {
		return err
	}
	s.stopAccepting()
	s.closeAll(session.CloseShutdown, "the server was closed")
	return nil
}

// stopAccepting closes the listeners and the connections that have no session yet.
func (s *Server) stopAccepting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = true
	for l := range s.listeners {
		l.Close()
	}
	for conn := range s.openings {
		conn.Close()
	}
}

// closeAll closes all sessions and waits for the goroutines of their connections.
func (s *Server) closeAll(code session.CloseCode, text string) {
	s.stop.Do(func() { close(s.stopped) })
	for _, sess := range s.all() {
		sess.Close(code, text)
	}
	s.tasks.Wait()
}

// goAway tells a session's client to go.
func (s *Session) goAway(retry time.Duration, alternatives []string) {
	s.mu.Lock()
	defer s.unlock()
	if s.link == nil || s.err != nil {
		return
	}
	s.m.GoAway(s.time(), retry, alternatives)
	s.settle()
	s.flush(false)
}

// drain waits until nothing is on its way to the client, and the client has gone or nothing
// that it sent waits for its handler.
func (s *Session) drain(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.err != nil || s.link == nil || s.isLegacy() && !s.turns.busy {
			s.unlock()
			return nil
		}
		over := s.link.over
		s.unlock()
		select {
		case <-over:
		case <-s.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
