package transport

import (
	"context"
	"errors"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// Send queues m for the peer. It is encoded at once, so the caller may change it afterwards.
// It is delivered once, in order, over any number of connections, also when there is none
// now; [Session.Flush] waits until the peer has handled it.
//
// When the queue is full Send does what Config.Session.Overflow says: it waits for room, for as
// long as ctx allows; or fails with [session.ErrQueueFull]; or drops older messages. Errors:
// ctx's, what [Session.Err] returns, [ErrDraining], or what [session.Machine.Send] says of the
// message. After an error nothing was queued.
func (s *Session) Send(ctx context.Context, m codec.Message) error {
	_, err := s.SendWith(ctx, m, session.SendOptions{})
	return err
}

// SendWith is Send with a lane, a time to live, the wish to be told that m was acknowledged, or
// another policy for a full queue. The id is what the outcome will name.
func (s *Session) SendWith(ctx context.Context, m codec.Message, o session.SendOptions) (id uint64, err error) {
	if s.hooks != nil {
		s.hooks.inform(ctx, &o)
	}
	id, err = s.put(ctx, &o, func(now time.Time) (uint64, error) {
		if o.TTL > 0 {
			now = s.time()
		}
		return s.m.Send(now, m, o)
	})
	s.unlock()
	return id, err
}

// Call sends m and waits for the reply of the peer's handler. Errors: as for Send, and
// [*session.CallError] when the handler failed, or its reply cannot be delivered; [*DroppedError]
// when m was given up and will not be executed; [ErrUnknownOutcome] when the session ended or was
// lost in between. While the session lives every call is answered.
//
// When ctx ends first the error matches ctx's. If it is a [*DroppedError] besides, the call was
// still queued and will not be executed. If not, it was on its way: it may have been executed, and
// is not sent again over later connections. That ctx was cancelled before its deadline may be
// noticed up to 4 ms late.
func (s *Session) Call(ctx context.Context, m codec.Message) (codec.Message, error) {
	reply, err := s.CallWith(ctx, m, session.SendOptions{})
	return reply.Message, err
}

// CallWith is Call with a lane, a time to live until it is written, or another policy for a full
// queue, and returns all that is known of the reply. [Config].OnOutcome is told of calls as if
// Notify were set.
func (s *Session) CallWith(ctx context.Context, m codec.Message, o session.SendOptions) (Incoming, error) {
	if err := ctx.Err(); err != nil {
		return Incoming{}, err
	}
	if s.handling(ctx) {
		s.stepAside()
	}
	o.Notify = true
	if s.hooks != nil {
		s.hooks.inform(ctx, &o)
	}
	var c *waitingCall
	var l *link // whose reading role this call has
	id, err := s.put(ctx, &o, func(now time.Time) (uint64, error) {
		if o.TTL > 0 {
			now = s.time()
		}
		id, err := s.m.Call(now, m, o)
		if err == nil {
			c = s.waiting.call(id)
			l = s.borrow(ctx)
		}
		return id, err
	})
	if l != nil {
		s.fetch(ctx, l, c)
	}
	s.unlock()
	if err != nil {
		return Incoming{}, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if err := s.takeBack(id, c, ctx.Err()); err != nil {
			return Incoming{}, err
		}
		<-c.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply, err := c.reply, c.err
	s.waiting.release(c)
	return reply, err
}

// takeBack takes a call back whose caller does not wait any more, as far as that is still possible.
// It returns nil when the call has just been finished: its wait is being woken.
func (s *Session) takeBack(id uint64, c *waitingCall, why error) error {
	s.mu.Lock()
	defer s.unlock()
	if s.waiting.calls[id] != c {
		return nil
	}
	delete(s.waiting.calls, id)
	acked := c.acked
	s.waiting.release(c)
	if acked || !s.m.Cancel(s.time(), id) {
		return why
	}
	s.settle()
	s.flush(false) // what waited for it, such as a GOAWAY, may go
	return &DroppedError{Reason: session.Cancelled, Err: why}
}

// put queues what give gives to the machine, waits for room if it must and may, and sends it on its
// way. It takes the lock.
func (s *Session) put(ctx context.Context, o *session.SendOptions, give func(now time.Time) (uint64, error)) (uint64, error) {
	if o.Overflow == 0 {
		o.Overflow = s.overflow
	}
	s.mu.Lock()
	for {
		if s.parting.refuses && s.err == nil && !s.handling(ctx) {
			return 0, ErrDraining
		}
		id, err := s.accept(give)
		if err == nil || o.Overflow > session.Block || !errors.Is(err, session.ErrQueueFull) {
			return id, err
		}
		room := s.waiting.roomLater()
		s.unlock()
		if s.handling(ctx) {
			s.stepAside()
		}
		var gone error
		select {
		case <-room:
		case <-s.Done():
		case <-ctx.Done():
			gone = ctx.Err()
		}
		s.mu.Lock()
		if gone != nil {
			return 0, errors.Join(gone, err)
		}
	}
}

// accept gives the machine one message. When nothing is on its way, it is written here.
func (s *Session) accept(give func(now time.Time) (uint64, error)) (uint64, error) {
	if s.err != nil {
		return 0, s.err
	}
	alone := s.m.Backlog() == 0
	if l := s.link; l == nil || !l.writing {
		s.time() // else the writer's will do: nothing that counts from here is short
	}
	id, err := give(s.clock)
	if s.link == nil {
		s.settle() // else who writes does it
	}
	told := err == nil || errors.Is(err, session.ErrExhausted) // which may end the session
	if l := s.link; told && (l == nil || !l.writing) {
		s.flush(alone && s.m.Backlog() <= direct) // else who writes will find it
	} else if err == nil && l.starting && s.m.Unsent() >= l.burst {
		s.takeOver(l)
	}
	return id, err
}

// stepAside gives the reading role away when the handler that calls it has it and is about to
// wait: what it waits for has to be read.
func (s *Session) stepAside() {
	s.mu.Lock()
	s.yield()
	s.unlock()
}

// Flush waits until all that was accepted before has an outcome: it was handled by the peer,
// or given up. It asks the peer to answer at once. Under the context of one of the session's
// own handlers it returns [ErrInHandler]. Of a peer without envelopes no outcome is known: it waits until all
// is written.
func (s *Session) Flush(ctx context.Context) error {
	if s.handling(ctx) {
		return ErrInHandler
	}
	s.mu.Lock()
	if s.err != nil {
		s.unlock()
		return s.err
	}
	id, done := s.beginFlush()
	s.unlock()
	return s.awaitFlush(ctx, id, done)
}

// beginFlush returns a channel that is closed when all that was accepted has an outcome.
func (s *Session) beginFlush() (id uint64, done chan struct{}) {
	done = make(chan struct{})
	if s.waiting.flushes == nil {
		s.waiting.flushes = map[uint64]chan struct{}{}
	}
	id = s.m.Flush(s.time())
	s.waiting.flushes[id] = done
	s.settle()
	s.flush(false)
	return id, done
}

// awaitFlush waits for the end of a flush.
func (s *Session) awaitFlush(ctx context.Context, id uint64, done chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-s.Done():
		return s.Err()
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waiting.flushes, id)
		s.m.Unflush(id)
		return ctx.Err()
	}
}

// Upgrade moves the connection to version v, higher or lower, without losing or reordering
// anything. It waits until both directions speak it. The session's later connections negotiate
// anew.
func (s *Session) Upgrade(ctx context.Context, v codec.Version) error {
	if s.handling(ctx) {
		s.stepAside()
	}
	u := &waitingUpgrade{version: v, done: make(chan error, 1)}
	s.mu.Lock()
	if s.err != nil {
		s.unlock()
		return s.err
	}
	place := s.place()
	if !s.rests.Allows(place, s.time()) {
		s.unlock()
		return &RestingError{Place: place}
	}
	s.waiting.await(u)
	if err := s.m.Upgrade(s.clock, v); err != nil {
		delete(s.waiting.upgrades, u)
		s.unlock()
		return err
	}
	s.settle()
	s.flush(false)
	s.unlock()
	select {
	case err := <-u.done:
		s.judge(place, err)
		return err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waiting.upgrades, u)
		return ctx.Err()
	}
}
