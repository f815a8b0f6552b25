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

// yieldAfter is how long a handler may keep the reading role. The watch ticks at this pace, so
// it is taken between one and two of it.
const yieldAfter = 10 * time.Millisecond

// turns lets a session's handlers run one at a time. Guarded by the session's lock.
type turns struct {
	queue   []session.Event // messages that wait for their turn, or for Messages
	busy    bool            // a handler runs, or a Messages loop has a message
	count   uint64          // of the handlers begun
	seen    uint64          // count when the watch last looked
	watch   *time.Timer
	watched bool
}

// message handles one message, and those that came meanwhile; or queues it when another
// goroutine is at it, or when it has to wait for Messages.
func (s *Session) message(ev *session.Event) {
	t := &s.turns
	if s.handler == nil || t.busy {
		t.queue = append(t.queue, *ev)
		s.waiting.poke()
		return
	}
	t.busy = true
	s.handle(ev)
	s.handleQueue()
}

// postpone queues one message for another goroutine.
func (s *Session) postpone(ev *session.Event) {
	t := &s.turns
	t.queue = append(t.queue, *ev)
	s.waiting.poke()
	if s.handler == nil || t.busy {
		return
	}
	t.busy = true
	go func() {
		s.mu.Lock()
		s.handleQueue()
		s.unlock()
	}()
}

// handleQueue handles what is queued. Who calls it has made the turns busy.
func (s *Session) handleQueue() {
	t := &s.turns
	for len(t.queue) > 0 {
		ev := t.pop()
		s.handle(&ev)
		s.flush(false)
	}
	t.busy = false
}

func (t *turns) pop() session.Event {
	ev := t.queue[0]
	t.queue[0] = session.Event{}
	if t.queue = t.queue[1:]; len(t.queue) == 0 {
		t.queue = nil
	}
	return ev
}

// handle runs the handler for one message, without the lock, and tells the machine.
func (s *Session) handle(ev *session.Event) {
	s.turns.begin(s)
	in := Incoming{Message: ev.Message, Seq: ev.Seq, Size: ev.Size, Dup: ev.Dup, Call: ev.Call != 0}
	s.unlock()
	reply, err := s.run(in)
	s.mu.Lock()
	if ev.Call != 0 {
		s.reply(ev.Call, reply, err)
	} else if err != nil {
		s.log.Warn("transport: handler failed", "session", s, "seq", ev.Seq, "err", err)
	}
	s.m.Done(ev.ID)
}

// run calls the handler. A panic becomes an error.
func (s *Session) run(in Incoming) (reply codec.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("transport: handler panicked", "session", s, "seq", in.Seq, "panic", p, "stack", string(debug.Stack()))
			reply, err = nil, errPanicked
		}
	}()
	return s.handler.Handle(handlerContext{s}, s, in)
}

var (
	errPanicked = errors.New("the handler panicked")
	errNoReply  = errors.New("the handler gave no reply")
)

// reply answers a call; it waits for room when the queue is full.
func (s *Session) reply(call uint64, reply codec.Message, err error) {
	for s.err == nil {
		var sent error
		now := time.Now()
		switch {
		case err != nil:
			_, sent = s.m.Fail(now, call, err.Error())
		case reply == nil:
			_, sent = s.m.Fail(now, call, errNoReply.Error())
		default:
			_, sent = s.m.Reply(now, call, reply, session.SendOptions{})
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

// begin counts a handler, and starts the watch if it sleeps.
func (t *turns) begin(s *Session) {
	t.count++
	if t.watched {
		return
	}
	t.watched, t.seen = true, t.count
	if t.watch == nil {
		t.watch = time.AfterFunc(yieldAfter, s.look)
	} else {
		t.watch.Reset(yieldAfter)
	}
}

// look runs every 10 ms while handlers run. What was answered meanwhile goes out; and when it
// is still the same handler, somebody else reads from now on. It sleeps when there was
// nothing to do.
func (s *Session) look() {
	s.mu.Lock()
	defer s.unlock()
	t := &s.turns
	if t.count == t.seen && t.busy {
		s.yield()
	}
	t.watched = t.count != t.seen
	if t.watched {
		t.seen = t.count
		t.watch.Reset(yieldAfter)
	}
	s.flush(false)
}

// yield takes the reading role from the goroutine that has it, unless it reads.
func (s *Session) yield() {
	if l := s.link; l != nil && !l.reading && !l.plain {
		l.reader++
		go s.read(l, l.reader)
	}
}

// handlerContext is the context of a session's handlers. It ends with the session.
type handlerContext struct{ s *Session }

type handlerKey struct{}

func (c handlerContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c handlerContext) Done() <-chan struct{}       { return c.s.ended }

func (c handlerContext) Err() error {
	select {
	case <-c.s.ended:
		return context.Canceled
	default:
		return nil
	}
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
