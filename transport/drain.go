package transport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

var (
	// ErrDraining says that Shutdown has begun: nothing new is sent, so that what was sent
	// before comes to an end. Handlers may still send.
	ErrDraining = errors.New("transport: shutting down; send through another session")

	// ErrInHandler says that what was called in a handler would wait for that handler's end.
	ErrInHandler = errors.New("transport: this waits for the end of handlers, its own caller among them; call it in another goroutine, with another context")
)

// ShutdownError says that a Shutdown ended before all was settled, and what it left.
type ShutdownError struct {
	Sessions  int   // that had any of it
	Unsettled int   // messages sent that were not acknowledged: their outcome is unknown, or dropped(unsent)
	Unhandled int   // messages received that no handler has completed
	Err       error // ctx's error, or why a client's session ended; nil: peers were away, closed or lost their session
}

func (e *ShutdownError) Error() string {
	s := "transport: shutdown was cut short"
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + fmt.Sprintf("; of %d sessions, %d messages sent and %d received were left; give it more time, or ask the peers", e.Sessions, e.Unsettled, e.Unhandled)
}

// Unwrap returns Err.
func (e *ShutdownError) Unwrap() error { return e.Err }

// parting is a session's way to its end by a Shutdown. Guarded by the session's lock.
type parting struct {
	begun     bool  // what is lost from now on is counted
	refuses   bool  // nothing new is sent
	unsettled int32 // messages sent that got no good outcome
	unhandled int32 // messages received that no handler got before the end
}

// lost counts a message that was sent.
func (p *parting) lost() {
	if p.begun {
		p.unsettled++
	}
}

// beginShutdown begins to count what is lost. It tells whether the session has a connection
// whose client is to be sent away.
func (s *Session) beginShutdown() (connected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parting.begun = true
	return s.link != nil && !s.isLegacy()
}

// refuse takes no new messages from now on, but those of handlers. It is called with the lock.
func (s *Session) refuse() {
	s.parting.refuses = true
	s.waiting.roomy() // who waits for room need not
}

// goAway tells a session's client to go.
func (s *Session) goAway(retry time.Duration, alternatives []string) {
	s.mu.Lock()
	defer s.unlock()
	if s.err != nil {
		return
	}
	s.refuse()
	s.m.GoAway(s.time(), retry, alternatives)
	s.settle()
	s.flush(false)
}

// drain waits until the client has left, which it does when nothing is on its way in either
// direction, and no handler runs. A legacy client does not know how to leave: there it waits
// until all is written.
func (s *Session) drain(ctx context.Context) error {
	for written := false; ; {
		s.mu.Lock()
		var wait <-chan struct{}
		legacy := s.isLegacy()
		switch {
		case s.link != nil && !legacy:
			wait = s.link.overLater()
		case s.turns.busy:
			wait = s.waiting.restLater()
		}
		s.unlock()
		if wait == nil && legacy && !written {
			if err := s.Flush(ctx); err != nil && ctx.Err() != nil {
				return err
			}
			written = true
			continue
		}
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// closeSettled waits until nothing that was sent is without an outcome, and closes the session
// in that moment.
func (s *Session) closeSettled(ctx context.Context) error {
	for {
		s.mu.Lock()
		if err := s.err; err != nil {
			s.unlock()
			return err
		}
		id, done := s.beginFlush()
		select {
		case <-done:
			s.m.Close(s.time(), session.CloseNormal, "")
			s.settle()
			s.flush(false)
			s.unlock()
			return nil
		default:
		}
		s.unlock()
		if err := s.awaitFlush(ctx, id, done); err != nil {
			return err
		}
	}
}

// leftBehind says what a Shutdown has left of some sessions, which have ended.
func leftBehind(all ...*Session) *ShutdownError {
	e := new(ShutdownError)
	for _, s := range all {
		s.mu.Lock()
		p := s.parting
		unsettled, unhandled := int(p.unsettled), int(p.unhandled)+s.turns.left()
		s.mu.Unlock()
		if unsettled+unhandled > 0 {
			e.Sessions++
		}
		e.Unsettled += unsettled
		e.Unhandled += unhandled
	}
	return e
}
