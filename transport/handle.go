package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// handle runs the handler for one message, and answers a call. It tells whether the message, no
// call, is to be reported to its sender as dropped: its handler returned an error.
func (s *Session) handle(m *handling) (failed bool) {
	ctx := context.Context(handlerContext{s})
	if s.hooks != nil {
		ctx = s.hooks.open(ctx, slices.Clone(m.in.Metadata)) // the handler's belongs to it
	}
	reply, err := s.handler.Handle(ctx, s, m.in)
	if err != nil {
		s.log.Warn("transport: handler failed", "session", s, "seq", m.in.Seq, "call", m.call != 0, "err", err)
	}
	if m.call == 0 {
		return err != nil
	}
	s.mu.Lock()
	s.reply(m.call, reply, err)
	s.unlock()
	return false
}

// panicked logs that the handler did for m, and answers a call.
func (s *Session) panicked(m *handling, p any) {
	s.log.Error("transport: handler panicked", "session", s, "seq", m.in.Seq, "panic", p, "stack", string(debug.Stack()))
	if m.call != 0 {
		s.mu.Lock()
		s.reply(m.call, nil, errPanicked)
		s.unlock()
	}
}

var (
	errPanicked = errors.New("the handler panicked")
	errNoReply  = errors.New("the handler gave no reply")
)

// unwrap returns what a handler wants to be sent, and how.
func unwrap(reply codec.Message) (codec.Message, session.SendOptions) {
	switch r := reply.(type) {
	case Reply:
		return r.Message, r.Options
	case *Reply:
		if r == nil {
			return nil, session.SendOptions{}
		}
		return r.Message, r.Options
	}
	return reply, session.SendOptions{}
}

// reply answers a call; it waits for room when the queue is full.
func (s *Session) reply(call uint64, reply codec.Message, err error) {
	reply, o := unwrap(reply)
	o.Overflow = session.Block
	for s.err == nil {
		var sent error
		now := s.time()
		switch {
		case err != nil:
			_, sent = s.m.Fail(now, call, err.Error())
		case reply == nil:
			_, sent = s.m.Fail(now, call, errNoReply.Error())
		default:
			_, sent = s.m.Reply(now, call, reply, o)
		}
		switch {
		case errors.Is(sent, session.ErrQueueFull):
			room := s.waiting.roomLater()
			s.unlock()
			select {
			case <-room:
			case <-s.Done():
			}
			s.mu.Lock()
			continue
		case sent != nil && err == nil:
			err = fmt.Errorf("the reply cannot be sent: %w", sent)
			continue
		}
		return
	}
}
