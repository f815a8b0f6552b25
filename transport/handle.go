package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// handle runs the handler for one message, and answers a call. It tells whether the message, no
// call, is to be reported to its sender as dropped: its handler returned an error.
func (s *Session) handle(ev *session.Event) (failed bool) {
	ctx := context.Context(handlerContext{s})
	if s.hooks != nil {
		ctx = s.hooks.open(ctx, ev.Metadata())
	}
	reply, err := s.handler.Handle(ctx, s, incoming(ev))
	if err != nil {
		s.log.Warn("transport: handler failed", "session", s, "seq", ev.Seq, "call", ev.Call != 0, "err", err)
	}
	if ev.Call == 0 {
		return err != nil
	}
	s.mu.Lock()
	s.reply(ev.Call, reply, err)
	s.unlock()
	return false
}

// panicked logs that the handler did for ev, and answers a call.
func (s *Session) panicked(ev *session.Event, p any) {
	s.log.Error("transport: handler panicked", "session", s, "seq", ev.Seq, "panic", p, "stack", string(debug.Stack()))
	if ev.Call != 0 {
		s.mu.Lock()
		s.reply(ev.Call, nil, errPanicked)
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
