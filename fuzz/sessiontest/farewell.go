package sessiontest

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// closeTime is how long a machine may take to end after Close: as long as a CLOSE may wait for a
// blocked writer (docs/transport.md).
const closeTime = 5 * time.Second

// farewell is what a side did since its application called Close.
type farewell struct {
	machine *session.Machine
	at      time.Time
	writes  int
	over    bool // EventClosed came
}

// Close ends the session of this side's application. It returns false if it had none to end.
func (s *Side) Close() bool {
	done := s.close(session.CloseNormal)
	s.take()
	return done
}

func (s *Side) close(code session.CloseCode) bool {
	if s.Machine == nil || s.Machine.State() >= session.Closing {
		return false
	}
	s.closed = &farewell{machine: s.Machine, at: s.latest}
	s.Machine.Close(s.now, code, "")
	return true
}

// parting returns the farewell of the present machine, or nil.
func (s *Side) parting() *farewell {
	if f := s.closed; f != nil && f.machine == s.Machine {
		return f
	}
	return nil
}

// wrote counts a batch. What was queued before the CLOSE goes with it, in one batch, and nothing
// comes after: no PING, PONG or acknowledgement.
func (s *Side) wrote() {
	if f := s.parting(); f != nil {
		if f.writes++; f.writes > 1 {
			s.accuse("it writes after the CLOSE")
		}
	}
}

// late looks at an event of a machine that is closing or has ended.
func (s *Side) late(ev *session.Event) {
	f := s.parting()
	if f == nil {
		return
	}
	if f.over {
		s.accuse("event %d after EventClosed", ev.Kind)
	}
	var last *session.CloseError
	switch ev.Kind {
	case session.EventDetached: // when the CLOSE is written, or the connection was cut before
		if !errors.As(ev.Err, &last) && !errors.Is(ev.Err, ErrCut) {
			s.accuse("after Close the connection is given up for %v", ev.Err)
		}
	case session.EventMessage, session.EventReply, session.EventAttached, session.EventUpgraded:
		s.accuse("event %d after Close", ev.Kind)
	case session.EventClosed:
		f.over = true
	}
}

// closing checks that a session that was closed stays closed and ends in time, whatever timers
// and heartbeats do.
func (s *Side) closing() error {
	f := s.parting()
	if f == nil {
		return nil
	}
	m := s.Machine
	switch st := m.State(); {
	case st < session.Closing:
		return fmt.Errorf("%s: the session is %v after Close", s.Name, st)
	case st == session.Ended && !m.Deadline().IsZero():
		return fmt.Errorf("%s: the session has ended and wants a tick in %v", s.Name, m.Deadline().Sub(s.now))
	case st == session.Closing && m.Deadline().After(f.at.Add(closeTime)):
		return fmt.Errorf("%s: Close wants %v", s.Name, m.Deadline().Sub(f.at))
	case st == session.Closing && s.now.Sub(f.at) > closeTime:
		return fmt.Errorf("%s: the session is closing for %v", s.Name, s.now.Sub(f.at))
	}
	return nil
}
