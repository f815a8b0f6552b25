package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func TestCloseTellsEveryOutcome(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	written, _ := x.m.Send(x.now, &sessiontest.Msg{N: 1}, session.SendOptions{})
	x.pump()
	waiting, _ := x.m.Send(x.now, &sessiontest.Msg{N: 2}, session.SendOptions{})
	flush := x.m.Flush(x.now)
	x.m.Close(x.now, session.CloseHandler, "enough")
	if _, err := x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{}); !errors.Is(err, session.ErrEnded) {
		t.Errorf("Send after Close: %v", err)
	}
	x.pump()
	if c := x.take(session.KindClose); session.CloseCode(c.Code) != session.CloseHandler || string(c.Text) != "enough" {
		t.Errorf("the peer was told %+v", c)
	}
	got := map[uint64]session.Outcome{}
	for _, ev := range x.events {
		if ev.Kind == session.EventOutcome {
			got[ev.ID] = ev.Outcome
		}
	}
	if got[written] != session.Unknown || got[waiting] != session.Dropped {
		t.Errorf("outcomes %v, want unknown for the written, dropped for the waiting", got)
	}
	if x.event(session.EventFlushed).ID != flush {
		t.Error("the flush still waits")
	}
	last := x.events[len(x.events)-1]
	if !errors.Is(last.Err, &session.CloseError{Code: session.CloseHandler, Text: ""}) && last.Kind != session.EventClosed {
		t.Errorf("the last event is %+v", last)
	}
	if x.m.State() != session.Ended || !x.m.Deadline().IsZero() {
		t.Errorf("the session is %v, with a deadline at %v", x.m.State(), x.m.Deadline())
	}
}

func TestCloseUnderABlockedWriter(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("nothing to write")
	}
	x.m.Close(x.now, session.CloseShutdown, "")
	x.m.Tick(x.now.Add(time.Minute))
	if x.m.State() != session.Ended {
		t.Errorf("the session is %v: it waits for a writer that is blocked", x.m.State())
	}
}

func TestPeerCloses(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.pump()
	x.send(session.Envelope{Kind: session.KindClose, Code: uint64(session.CloseSuperseded), Text: []byte("another")})
	var closed *session.CloseError
	if ev := x.event(session.EventClosed); !errors.As(ev.Err, &closed) || !closed.Remote || closed.Code != session.CloseSuperseded || closed.Text != "another" {
		t.Errorf("closed by %v", ev.Err)
	}
	if ev := x.event(session.EventOutcome); ev.Outcome != session.Unknown {
		t.Errorf("the message's outcome is %v", ev.Outcome)
	}
}

func TestResumeWindowEnds(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	if d := x.m.Deadline(); !d.Equal(x.now.Add(session.DefaultResumeWindow)) {
		t.Errorf("the deadline is %v", d)
	}
	x.m.Tick(x.now.Add(session.DefaultResumeWindow))
	x.pump()
	if ev := x.event(session.EventClosed); !errors.Is(ev.Err, &session.CloseError{Code: session.CloseIdle}) && x.m.State() != session.Ended {
		t.Errorf("closed by %v", ev.Err)
	}
	p := profile(t, negotiate.Server, nil)
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1}, true)
	if _, err := y.m.Attach(y.now, y.o); err == nil {
		t.Error("a session that has ended was attached")
	}
}

func TestResumeWindowEndsWithTheAttachment(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1}, true)
	y.attach()
	for range 50 {
		y.later(3 * time.Second)
		y.send(session.Envelope{Kind: session.KindPong})
	}
	if y.m.State() != session.Attached {
		t.Errorf("150 s after it was attached again the session is %v", y.m.State())
	}
}

// Between Close and the end no timer of a heartbeat acts: nothing follows the CLOSE, which waits
// for a blocked writer, and the peer is not found silent.
func TestHeartbeatsEndWithClose(t *testing.T) {
	beat := func(c *session.Config) {
		c.Offer.Heartbeat = negotiate.Heartbeat{Interval: 10 * time.Second, Gap: time.Second}
	}
	x := newServerPeer(t, profile(t, negotiate.Server, beat))
	x.later(3600 * time.Millisecond)
	x.send(session.Envelope{Kind: session.KindPing, ID: 1, Next: 1000})
	x.unread = nil
	x.now = x.now.Add(5 * time.Second)
	x.send(session.Envelope{Kind: session.KindPing, ID: 2, Next: 1000}) // silent 2.5 s from now
	x.unread = nil
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("nothing to write")
	}
	x.m.Close(x.now, session.CloseNormal, "")
	if d := x.m.Deadline().Sub(x.now); d != 5*time.Second {
		t.Errorf("after Close the deadline is in %v, want that of the CLOSE", d)
	}
	for range 49 { // the PING is due after 1.4 s
		x.now = x.now.Add(100 * time.Millisecond)
		x.m.Tick(x.now)
	}
	if s := x.m.State(); s != session.Closing {
		t.Fatalf("the session is %v before the CLOSE was written", s)
	}
	x.m.Written(x.now, x.gen)
	x.pump()
	if x.take(session.KindClose); len(x.unread) > 0 {
		t.Errorf("after the CLOSE it wrote %v", x.unread)
	}
	for range 3 {
		x.later(time.Hour)
	}
	if s := x.m.State(); s != session.Ended || !x.m.Deadline().IsZero() {
		t.Errorf("the session is %v, with a deadline at %v", s, x.m.Deadline())
	}
	if last := x.events[len(x.events)-1]; last.Kind != session.EventClosed {
		t.Errorf("the last event is %+v", last)
	}
}

// A handler that closes is the last: frames that came with its message are not looked at.
func TestFramesBehindCloseAreNotLookedAt(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.unread = nil
	var b []byte
	for _, e := range []session.Envelope{data(1, "its handler closes"), data(2, "x"), {Kind: session.KindPing, ID: 9, Next: 1000}} {
		b, _ = formatOf(2).AppendFrame(b, e.Append(nil, false))
	}
	x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), b))
	if ev := (session.Event{}); !x.m.Next(&ev) || ev.Seq != 1 {
		t.Fatalf("the first event is %+v", ev)
	}
	x.m.Close(x.now, session.CloseHandler, "")
	x.pump()
	if x.take(session.KindClose); len(x.unread)+x.saw(session.EventMessage) > 0 {
		t.Errorf("after Close it wrote %v, and handed over %d messages", x.unread, x.saw(session.EventMessage))
	}
}

func TestGoAwayErrorNamesAlternatives(t *testing.T) {
	e := &session.GoAwayError{RetryAfter: time.Second}
	if got, want := e.Error(), "session: the peer goes away; come again after 1s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Alternatives = []string{"b:1", "c:2"}
	if got, want := e.Error(), "session: the peer goes away; come again after 1s, or try b:1, c:2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
