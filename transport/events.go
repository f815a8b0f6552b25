package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// work takes all that the machine has to tell, in a goroutine that may run handlers: the one
// that reads. It is called with the lock, which is free while a handler runs; so after it
// anything may have changed.
func (s *Session) work() {
	s.each((*Session).message)
}

// settle is work in any other goroutine: handlers run elsewhere.
func (s *Session) settle() {
	s.each((*Session).postpone)
}

// events are used again: a machine is an interface, so where it puts an event escapes.
var events = sync.Pool{New: func() any { return new(session.Event) }}

// each takes all events. It gives the messages to f.
func (s *Session) each(f func(*Session, *session.Event)) {
	ev := events.Get().(*session.Event)
	for s.m.Next(ev) {
		if ev.Kind == session.EventMessage {
			f(s, ev)
		} else {
			s.event(ev)
		}
	}
	events.Put(ev)
}

func (s *Session) event(ev *session.Event) {
	w := &s.waiting
	switch ev.Kind {
	case session.EventReply:
		w.finish(ev.Call, incoming(ev), ev.Err)
	case session.EventOutcome:
		s.outcome(ev)
	case session.EventFlushed:
		w.flushed(ev.ID)
	case session.EventRoom:
		w.roomy()
	case session.EventUpgraded:
		w.upgraded(ev.Version, nil)
		s.note(slog.LevelInfo, "transport: speaks another version", "version", ev.Version)
	case session.EventUpgradeFailed:
		w.upgraded(ev.Version, ev.Err)
		s.note(slog.LevelWarn, "transport: stays in its version", "err", ev.Err)
	case session.EventLost:
		w.lost()
		if ev.Err != nil {
			s.note(slog.LevelWarn, "transport: the server has ended the session; a new one begins", "err", ev.Err)
		} else {
			s.note(slog.LevelWarn, "transport: the server has lost the session; a new one begins")
		}
	case session.EventGap:
		s.note(slog.LevelWarn, "transport: the peer gave up a message", "seq", ev.Seq, "reason", ev.Reason)
	case session.EventAttached:
		if l := s.link; l != nil && l.gen == ev.Generation {
			if l.readyAt != nil {
				*l.readyAt = time.Now()
			}
			resumed := ev.Resumed
			s.notify(func() { s.owner.attached(s, l, resumed) })
		}
	case session.EventDetached:
		if l := s.link; l != nil && l.gen == ev.Generation {
			s.detached(l, ev.Err)
		}
	case session.EventGoAway:
		if l := s.link; l != nil {
			errors.As(ev.Err, &l.away)
			s.note(slog.LevelInfo, "transport: the peer goes away", "err", ev.Err)
		}
	case session.EventDrained:
		s.drained()
	case session.EventClosed:
		s.closed(ev.Err)
	}
}

// outcome tells what became of a message to who wants to know.
func (s *Session) outcome(ev *session.Event) {
	w := &s.waiting
	if ev.Outcome == session.Unknown || ev.Reason == session.Unsent {
		s.parting.lost()
	}
	if ev.Call != 0 {
		switch ev.Outcome {
		case session.Acked:
			if c := w.calls[ev.Call]; c != nil {
				c.acked = true
			}
		case session.Dropped:
			w.finish(ev.Call, Incoming{}, &DroppedError{Reason: ev.Reason, Err: ev.Err})
		case session.Unknown:
			w.finish(ev.Call, Incoming{}, ErrUnknownOutcome)
		}
	}
	if s.onOutcome != nil {
		o := Outcome{Session: s, ID: ev.ID, Outcome: ev.Outcome, Reason: ev.Reason, Err: ev.Err}
		s.notify(func() { s.onOutcome(o) })
	}
}

// detached ends the use of connection l.
func (s *Session) detached(l *link, err error) {
	var last *session.CloseError
	s.drop(l, machineError(l.name(), err), errors.As(err, &last))
	s.notify(func() { s.owner.detached(s, l) })
}

// drained leaves the connection when the server goes away and nothing is on its way any more.
func (s *Session) drained() {
	if l := s.link; l != nil && l.away != nil {
		s.m.Detach(s.time(), l.gen, l.away)
	}
}

// closed ends the session.
func (s *Session) closed(err error) {
	if s.err != nil {
		return
	}
	if s.err = s.why; s.err == nil {
		s.err = endError(err)
	}
	if l := s.link; l != nil {
		s.drop(l, streamError(l.name(), s.err), true)
	}
	s.over.Store(true)
	s.tellEnded()
	s.runAfter()
	s.waiting.end(s.err)
	if s.timer != nil {
		s.timer.Stop()
	}
	s.notify(func() { s.owner.end(s, s.err) })
}

// notify calls f, after what was notified before it, when the lock is free.
func (s *Session) notify(f func()) { s.notices = append(s.notices, f) }

// note logs about the session when the lock is free: a handler of the log may ask the session
// for its name, or for anything else.
func (s *Session) note(level slog.Level, msg string, args ...any) {
	s.notify(func() { s.log.Log(context.Background(), level, msg, append([]any{"session", s}, args...)...) })
}

// unlock frees the lock and calls what was notified. One goroutine at a time does this, so
// the calls keep the order of the events.
func (s *Session) unlock() {
	if len(s.notices) > 0 && !s.noticing {
		s.noticing = true
		for len(s.notices) > 0 {
			all := s.notices
			s.notices = nil
			s.leave()
			s.call(all)
			s.mu.Lock()
		}
		s.noticing = false
	}
	s.leave()
}

// call calls all in order. Should one panic, and somebody recover that, the others are still owed.
func (s *Session) call(all []func()) {
	i := 0
	defer func() {
		if i < len(all) {
			s.mu.Lock()
			s.notices = append(all[i+1:], s.notices...)
			s.noticing = false
			s.mu.Unlock()
		}
	}()
	for ; i < len(all); i++ {
		all[i]()
	}
}

// leave frees the lock and wakes who made the call that was finished last.
func (s *Session) leave() {
	c := s.waiting.woken
	s.waiting.woken = nil
	s.mu.Unlock()
	if c != nil {
		c.done <- struct{}{}
	}
}
