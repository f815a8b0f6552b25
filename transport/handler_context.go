package transport

import (
	"context"
	"time"
)

// handlerContext is the context of a session's handlers. It ends with the session.
type handlerContext struct{ s *Session }

type handlerKey struct{}

func (c handlerContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c handlerContext) Done() <-chan struct{}       { return c.s.Done() }

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

// AfterFunc is what package context looks for in a parent: contexts made from c need no goroutine
// that waits for its end.
func (c handlerContext) AfterFunc(f func()) (stop func() bool) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Load() {
		go f()
		return func() bool { return false }
	}
	if s.after == nil {
		s.after = map[*func()]struct{}{}
	}
	s.after[&f] = struct{}{}
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, waits := s.after[&f]
		delete(s.after, &f)
		return waits
	}
}

// runAfter calls what waits for the session's end, each in its own goroutine.
func (s *Session) runAfter() {
	for f := range s.after {
		go (*f)()
	}
	s.after = nil
}

// handling tells whether ctx is that of one of s's handlers.
func (s *Session) handling(ctx context.Context) bool { return handlerOf(ctx) == s }

// handlerOf returns the session whose handler ctx is of, or nil.
func handlerOf(ctx context.Context) *Session {
	s, _ := ctx.Value(handlerKey{}).(*Session)
	return s
}
