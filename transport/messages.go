package transport

import (
	"context"
	"errors"
	"iter"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// Messages yields the messages that the peer sends, for a session without a Handler. Each is
// acknowledged when the loop comes back for the next, or is left. It ends with an error: ctx's
// or what [Session.Err] returns. A peer's call fails: replies need a Handler.
func (s *Session) Messages(ctx context.Context) iter.Seq2[codec.Message, error] {
	return func(yield func(codec.Message, error) bool) {
		for in, err := range s.Incoming(ctx) {
			if !yield(in.Message, err) {
				return
			}
		}
	}
}

// Incoming is Messages for who wants to know more of each: its number, its metadata.
func (s *Session) Incoming(ctx context.Context) iter.Seq2[Incoming, error] {
	return func(yield func(Incoming, error) bool) {
		for {
			ev, err := s.next(ctx)
			if err != nil {
				yield(Incoming{}, err)
				return
			}
			if more := s.take(&ev, yield); !more {
				return
			}
		}
	}
}

// next waits for a message.
func (s *Session) next(ctx context.Context) (session.Event, error) {
	s.mu.Lock()
	for {
		if s.turns.queue.n > 0 && s.handler == nil {
			ev := s.turns.queue.pop()
			if s.turns.queue.n > 0 {
				s.waiting.poke() // for another loop
			}
			s.unlock()
			return ev, nil
		}
		if s.err != nil {
			err := s.err
			s.unlock()
			return session.Event{}, err
		}
		arrived := s.waiting.arrivedLater()
		s.unlock()
		select {
		case <-arrived:
		case <-s.Done():
		case <-ctx.Done():
			return session.Event{}, ctx.Err()
		}
		s.mu.Lock()
	}
}

// take yields one message and completes it, however the loop's body ends.
func (s *Session) take(ev *session.Event, yield func(Incoming, error) bool) (more bool) {
	defer func() {
		s.mu.Lock()
		if ev.Call != 0 {
			s.reply(ev.Call, nil, errNoHandler)
		}
		s.m.Done(ev.ID)
		s.time()
		s.settle()
		s.flush(s.m.Backlog() <= direct)
		s.unlock()
	}()
	return yield(incoming(ev), nil)
}

var errNoHandler = errors.New("this side has no handler that could reply")
