package transport

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// handle runs the handler for one message, and answers a call.
func (s *Session) handle(ev *session.Event) {
	ctx := context.Context(handlerContext{s})
	if s.hooks != nil {
		ctx = s.hooks.open(ctx, ev.Metadata())
	}
	reply, err := s.handler.Handle(ctx, s, incoming(ev))
	if ev.Call != 0 {
		s.mu.Lock()
		s.reply(ev.Call, reply, err)
		s.unlock()
	} else if err != nil {
		s.log.Warn("transport: handler failed", "session", s, "seq", ev.Seq, "err", err)
	}
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

// reply answers a call; it waits for room when the queue is full.
func (s *Session) reply(call uint64, reply codec.Message, err error) {
	reply, o := unwrap(reply)
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
			case <-s.ended:
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

// handlerContext is the context of a session's handlers. It ends with the session.
type handlerContext struct{ s *Session }

type handlerKey struct{}

func (c handlerContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c handlerContext) Done() <-chan struct{}       { return c.s.ended }

func (c handlerContext) Err() error {
	if c.s.over.Load() {
		return context.Canceled
	}
	return nil
}

func (c handlerContext) Value(key any) any {
	if key == (handlerKey{}) {
		return c.s
	}
	return nil
}

// handling tells whether ctx is that of one of s's handlers.
func (s *Session) handling(ctx context.Context) bool {
	h, _ := ctx.Value(handlerKey{}).(*Session)
	return h == s
}
