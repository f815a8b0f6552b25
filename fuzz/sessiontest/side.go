package sessiontest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// Side is one end of a [Pair]: its machine, what the application sent and what it got.
type Side struct {
	Name    string
	Profile *session.Profile
	Machine *session.Machine // nil at a server that has no session

	// Events are all but EventMessage, EventOutcome and EventReply, in order.
	Events []session.Event
	// Got is what was handed to the application, in order.
	Got []Received
	// Ended is the error of EventClosed.
	Ended error

	// Busy keeps handlers from completing: call Finish.
	Busy bool
	// Answer replies to calls, with the same message.
	Answer bool
	// CloseNext lets the handler of the next message close the session.
	CloseNext bool

	now     time.Time
	bare    bool      // the peer cannot get metadata
	latest  time.Time // that now ever was: a machine's time does not go back
	sent    []Sent
	byID    map[uint64]int // index in sent
	undone  []handled
	waiting []answer  // that found the queue full
	closed  *farewell // of the present machine; nil: Close was not called
	broken  error     // the first promise that an event broke
}

// Sent is a message that Send or Call accepted.
type Sent struct {
	Msg     Msg
	Lane    session.Lane
	Call    uint64
	Outcome session.Outcome // 0: none yet
	Reason  session.Reason
	Replied int   // times that the reply came
	Failed  error // what it said, when the peer's handler failed
	Over    bool  // the session in which it was called is over: no reply will come

	Metadata session.Metadata
	Optional bool // it may go without
}

// Received is a message that was handed over.
type Received struct {
	Msg      Msg
	Seq      uint64
	Dup      bool
	Call     uint64
	Answered bool

	Metadata session.Metadata
}

// answer is a reply, or a failure, to a call.
type answer struct {
	call uint64
	msg  Msg
	md   session.Metadata
}

// handled is a message whose handler has not ended yet.
type handled struct {
	id    uint64 // as Done wants it
	fails bool
}

func newSide(name string, p *session.Profile) *Side {
	return &Side{Name: name, Profile: p, byID: map[uint64]int{}}
}

// Sent returns all messages accepted so far.
func (s *Side) Sent() []Sent { return s.sent }

// Send queues the next message in a lane. The options' Lane and Notify are set by it. What is
// refused was not sent.
func (s *Side) Send(lane session.Lane, m Msg, opt session.SendOptions) error {
	m.N, m.Lane = uint64(len(s.sent)+1), uint8(lane)
	opt.Lane, opt.Notify = lane, true
	id, err := s.Machine.Send(s.now, &m, opt)
	if err != nil {
		return err
	}
	s.byID[id] = len(s.sent)
	s.sent = append(s.sent, Sent{Msg: m, Lane: lane, Metadata: opt.Metadata, Optional: opt.MetadataOptional})
	return nil
}

// Call is Send for a call. The answer comes with the same metadata.
func (s *Side) Call(lane session.Lane, m Msg, opt session.SendOptions) error {
	m.N, m.Lane = uint64(len(s.sent)+1), uint8(lane)
	opt.Lane, opt.Notify = lane, true
	id, err := s.Machine.Call(s.now, &m, opt)
	if err != nil {
		return err
	}
	s.byID[id] = len(s.sent)
	s.sent = append(s.sent, Sent{Msg: m, Lane: lane, Call: id, Metadata: opt.Metadata, Optional: opt.MetadataOptional})
	return nil
}

// Finish completes up to n messages whose handlers are busy.
func (s *Side) Finish(n int) {
	for ; n > 0 && len(s.undone) > 0; n-- {
		s.end(s.undone[0])
		s.undone = s.undone[1:]
	}
}

// end ends a handler.
func (s *Side) end(h handled) {
	if h.fails {
		s.Machine.Drop(h.id)
	} else {
		s.Machine.Done(h.id)
	}
}

// forget forgets what a process forgets that dies: all that has no outcome yet ends with Unknown,
// and no reply will come.
func (s *Side) forget() {
	for i := range s.sent {
		s.sent[i].Over = true
		if s.sent[i].Outcome == 0 {
			s.sent[i].Outcome = session.Unknown
		}
	}
	clear(s.byID)
	s.undone, s.waiting = nil, nil
}

// lost ends the calls that the peer has acknowledged and, the session being over, will not answer.
func (s *Side) lost() {
	for i := range s.sent {
		s.sent[i].Over = s.sent[i].Over || s.sent[i].Outcome == session.Acked
	}
	s.waiting = nil
}

// take handles all events of the machine.
func (s *Side) take() {
	if s.Machine == nil {
		return
	}
	for ev := (session.Event{}); s.Machine.Next(&ev); {
		s.handle(&ev)
	}
}

// accuse notes a broken promise.
func (s *Side) accuse(format string, args ...any) {
	if s.broken == nil {
		s.broken = fmt.Errorf("%s: %s", s.Name, fmt.Sprintf(format, args...))
	}
}

func (s *Side) handle(ev *session.Event) {
	if s.Machine.State() >= session.Closing {
		s.late(ev)
	}
	switch ev.Kind {
	case session.EventMessage:
		m := *ev.Message.(*Msg)
		answers := ev.Call != 0 && s.Answer
		s.Got = append(s.Got, Received{Msg: m, Seq: ev.Seq, Dup: ev.Dup, Call: ev.Call, Answered: answers, Metadata: ev.Metadata()})
		if answers {
			s.reply(answer{ev.Call, m, ev.Metadata()})
		}
		h := handled{ev.ID, ev.Call == 0 && m.Fails()}
		if s.Busy || len(s.undone) > 0 {
			s.undone = append(s.undone, h)
		} else {
			s.end(h)
		}
		if s.CloseNext {
			s.CloseNext = false
			s.close(session.CloseNormal)
		}
	case session.EventReply:
		if i, ok := s.byID[ev.Call]; ok {
			s.sent[i].Replied++
			s.sent[i].Failed = ev.Err
			s.checkReply(i, ev)
		}
	case session.EventOutcome:
		i, ok := s.byID[ev.ID]
		if ok && s.sent[i].Outcome == 0 {
			s.sent[i].Outcome, s.sent[i].Reason = ev.Outcome, ev.Reason
		} else if ok {
			s.accuse("message %d has a second outcome: %v after %v", s.sent[i].Msg.N, ev.Outcome, s.sent[i].Outcome)
		}
	case session.EventClosed:
		s.Ended = ev.Err
		s.Events = append(s.Events, *ev)
		s.lost()
	case session.EventRoom:
		s.Events = append(s.Events, *ev)
		waiting := s.waiting
		s.waiting = nil
		for _, a := range waiting {
			s.reply(a)
		}
	case session.EventLost:
		s.Events = append(s.Events, *ev)
		s.lost()
	default:
		s.Events = append(s.Events, *ev)
	}
}

// arrives returns the metadata that its peer gets with a message, if it gets that.
func (s *Side) arrives(i int) session.Metadata {
	if m := &s.sent[i]; !s.bare || !m.Optional {
		return m.Metadata
	}
	return nil
}

// checkReply checks that a reply, if it is no failure, says what was asked.
func (s *Side) checkReply(i int, ev *session.Event) {
	m, ok := ev.Message.(*Msg)
	if !ok {
		return
	}
	if want := s.arrives(i); !slices.Equal(ev.Metadata(), want) {
		s.accuse("the reply to %d has the metadata %q, want %q", i+1, ev.Metadata(), want)
	}
	if *m != s.sent[i].Msg {
		s.accuse("call %d was answered by %+v", i+1, *m)
	}
}

// reply answers a call, as a driver does: with a failure if the reply cannot be sent, and later if
// there is no room.
func (s *Side) reply(a answer) {
	err := errors.New("failed")
	if a.msg.Body != "fail" {
		_, err = s.Machine.Reply(s.now, a.call, &a.msg, s.options(a))
	}
	if err != nil && !errors.Is(err, session.ErrQueueFull) {
		_, err = s.Machine.Fail(s.now, a.call, err.Error())
	}
	if errors.Is(err, session.ErrQueueFull) {
		s.waiting = append(s.waiting, a)
	}
}

// options gives some replies a lane or a time to live.
func (s *Side) options(a answer) session.SendOptions {
	o := session.SendOptions{Lane: session.Lane(a.call % 3), Metadata: a.md}
	if a.call%8 == 7 {
		o.TTL = time.Duration(a.call) * time.Millisecond
	}
	return o
}

// Saw returns how many events of a kind came.
func (s *Side) Saw(k session.EventKind) int {
	n := 0
	for _, ev := range s.Events {
		if ev.Kind == k {
			n++
		}
	}
	return n
}

// Last returns the last event of a kind.
func (s *Side) Last(k session.EventKind) (ev session.Event, ok bool) {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if s.Events[i].Kind == k {
			return s.Events[i], true
		}
	}
	return session.Event{}, false
}

// Check compares what s sent with what its peer got. With final, every message must have an
// outcome. It returns the first promise that was broken.
func (s *Side) Check(peer *Side, final bool) error {
	if s.broken != nil {
		return s.broken
	}
	got, answered := make([]int, len(s.sent)+1), make([]bool, len(s.sent)+1)
	var last [3]uint64
	for _, r := range peer.Got {
		n := r.Msg.N
		if n == 0 || n > uint64(len(s.sent)) {
			return fmt.Errorf("%s got message %d, which was not sent", peer.Name, n)
		}
		answered[n] = r.Answered
		if want := s.sent[n-1].Msg; r.Msg != want {
			return fmt.Errorf("%s got message %d as %+v, sent was %+v", peer.Name, n, r.Msg, want)
		}
		if want := s.arrives(int(n - 1)); !slices.Equal(r.Metadata, want) {
			return fmt.Errorf("%s got message %d with the metadata %q, want %q", peer.Name, n, r.Metadata, want)
		}
		if got[n]++; got[n] > 1 && !r.Dup {
			return fmt.Errorf("%s got message %d twice", peer.Name, n)
		}
		if l := r.Msg.Lane; n <= last[l] && !r.Dup {
			return fmt.Errorf("%s got message %d after %d, in lane %v", peer.Name, n, last[l], session.Lane(l))
		} else {
			last[l] = n
		}
	}
	if final && s.Machine != nil {
		if st := s.Machine.Stats(); st.Queued+st.Unacked == 0 && st.QueueBytes != 0 {
			return fmt.Errorf("%s: %d bytes of no message are left in the queue", s.Name, st.QueueBytes)
		}
	}
	for i, m := range s.sent {
		switch handed, fails := got[i+1] > 0, m.Call == 0 && m.Msg.Fails(); {
		case m.Outcome == 0 && final:
			return fmt.Errorf("%s: message %d has no outcome", s.Name, i+1)
		case m.Outcome == session.Acked && !handed:
			return fmt.Errorf("%s: message %d is acknowledged and was not handed over", s.Name, i+1)
		case m.Outcome == session.Acked && fails:
			return fmt.Errorf("%s: message %d is acknowledged, and its handler failed", s.Name, i+1)
		case m.Outcome == session.Dropped && m.Reason == session.Failed && handed && fails:
		case m.Outcome == session.Dropped && m.Reason == session.Failed:
			return fmt.Errorf("%s: message %d is dropped (failed); handed over: %v, its handler fails: %v", s.Name, i+1, handed, fails)
		case m.Outcome == session.Dropped && handed:
			return fmt.Errorf("%s: message %d is dropped (%v) and was handed over", s.Name, i+1, m.Reason)
		case final && m.Call != 0 && m.Outcome == session.Acked && m.Replied == 0 && answered[i+1] && !m.Over:
			return fmt.Errorf("%s: call %d waits for ever: its reply was given up", s.Name, i+1)
		case m.Replied > 1:
			return fmt.Errorf("%s: call %d got %d replies", s.Name, i+1, m.Replied)
		}
	}
	return nil
}
