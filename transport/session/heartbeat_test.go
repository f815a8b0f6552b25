package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// The peers of these tests announce nothing, so the wire's defaults count: an interval of 25 s,
// and a gap of 10 s.

func TestPingsComeByTheTimerWhateverElseIsSent(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	first := x.take(session.KindPing)
	if first.Next != 25000 {
		t.Errorf("the PING promises the next in %d ms", first.Next)
	}
	x.send(session.Envelope{Kind: session.KindPong, ID: first.ID})
	for range 5 {
		x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
		x.later(5 * time.Second)
	}
	if p := x.take(session.KindPing); p.ID != first.ID+1 {
		t.Errorf("the second PING is %d after %d", p.ID, first.ID)
	}
}

func TestIntervalIsNotBelowThePeersGap(t *testing.T) {
	short := func(c *session.Config) { c.Offer.Heartbeat.Interval = time.Second }
	x := newServerPeer(t, profile(t, negotiate.Server, short))
	if p := x.take(session.KindPing); p.Next != 10000 {
		t.Errorf("the PING promises the next in %d ms; the peer tolerates 10 s", p.Next)
	}
}

func TestIntervalHook(t *testing.T) {
	asked := 0
	hook := func(c *session.Config) {
		c.Interval = func(s session.Stats) time.Duration {
			asked++
			return 40 * time.Second
		}
	}
	x := newServerPeer(t, profile(t, negotiate.Server, hook))
	if p := x.take(session.KindPing); p.Next != 40000 || asked != 1 {
		t.Errorf("the PING promises the next in %d ms; the hook was asked %d times", p.Next, asked)
	}
}

func TestRoundTripIsMeasured(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	p := x.take(session.KindPing)
	x.later(80 * time.Millisecond)
	x.send(session.Envelope{Kind: session.KindPong, ID: p.ID + 1}) // of no PING
	if rtt := x.m.Stats().RTT; rtt != 0 {
		t.Fatalf("a PONG of no PING measured %v", rtt)
	}
	x.send(session.Envelope{Kind: session.KindPong, ID: p.ID})
	x.send(session.Envelope{Kind: session.KindPong, ID: p.ID})
	if s := x.m.Stats(); s.RTT != 80*time.Millisecond || s.RTTVar != 40*time.Millisecond {
		t.Errorf("round trip %v ± %v, want 80 ms ± 40 ms", s.RTT, s.RTTVar)
	}
}

func TestSilenceEndsTheConnection(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.PongTimeout = time.Hour }))
	// 1.5 × 8 s and the retransmission timeout of 1 s.
	x.send(session.Envelope{Kind: session.KindPing, ID: 1, Next: 8000})
	if d := x.m.Deadline().Sub(x.now); d != 13*time.Second {
		t.Errorf("the deadline is in %v, want 13 s", d)
	}
	x.later(13*time.Second - time.Millisecond)
	if x.m.State() != session.Attached {
		t.Fatalf("the session is %v before the silence is too long", x.m.State())
	}
	x.later(time.Millisecond)
	if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrSilent) {
		t.Errorf("the connection ended by %v, want ErrSilent", ev.Err)
	}
}

func TestMissingPongEndsTheConnection(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.later(4 * time.Second)
	if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrSilent) {
		t.Errorf("the connection ended by %v, want ErrSilent", ev.Err)
	}
}

func TestBlockedWriterSuspendsThePong(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	for range 4 {
		x.later(5 * time.Second)
		x.send(session.Envelope{Kind: session.KindPing, ID: 1, Next: 60000})
	}
	x.now = x.now.Add(5 * time.Second)
	x.m.Tick(x.now)
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("no PING to write")
	}
	x.now = x.now.Add(10 * time.Second) // the write does not return
	x.m.Tick(x.now)
	if x.m.State() != session.Attached {
		t.Fatal("a blocked writer made the peer look dead")
	}
	x.m.Written(x.now, x.gen)
	if d := x.m.Deadline().Sub(x.now); d != 4*time.Second {
		t.Errorf("after the write the PONG has %v, want its whole time", d)
	}
}

func TestPongUnderARunningHandler(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(data(1, "x")) // its handler does not return
	x.send(session.Envelope{Kind: session.KindPing, ID: 9, Next: 25000})
	if p := x.take(session.KindPong); p.ID != 9 {
		t.Errorf("PONG of %d", p.ID)
	}
}

func TestTooManyPings(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	ping := func(times int) {
		for range times {
			x.send(session.Envelope{Kind: session.KindPing, ID: 1, Next: 25000})
		}
	}
	ping(3)
	x.send(data(1, "clears the strikes"))
	ping(3)
	if x.m.State() != session.Attached {
		t.Fatal("two PINGs too many closed the session")
	}
	ping(1)
	if c := x.take(session.KindClose); session.CloseCode(c.Code) != session.ClosePings {
		t.Errorf("closed with %v", session.CloseCode(c.Code))
	}
	if len(x.unread) > 0 {
		t.Errorf("after the CLOSE it wrote %v", x.unread)
	}
	if x.m.State() != session.Ended {
		t.Errorf("the session is %v", x.m.State())
	}
}

func TestFrameHasADeadline(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.FrameTimeout = 3 * time.Second }))
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	x.write([]byte{0, 0, 1, 0, 1, 0})
	x.later(2 * time.Second)
	x.write([]byte{1}) // a byte now and then does not help
	x.later(2 * time.Second)
	if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrSlowFrame) {
		t.Errorf("the connection ended by %v, want ErrSlowFrame", ev.Err)
	}
}

// A PING gives memory back when nothing is queued, but not that of a lane in which a message was
// given up whose place has not been passed.
func TestPingLeavesALaneWithPlaces(t *testing.T) {
	x := inARush(t, nil, negotiate.Offer{Window: 1 << 20})
	x.queue(1, session.MaxFragment) // a whole batch
	x.queue(1, 100)
	if !x.m.Cancel(x.now, 2) {
		t.Fatal("message 2 has a number")
	}
	x.m.Output(x.now, x.gen)
	x.tell(session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
	x.now = x.now.Add(negotiate.DefaultInterval)
	x.m.Tick(x.now) // while the write is blocked
	x.m.Written(x.now, x.gen)
	x.pump()
	x.take(session.KindPing)
	x.queue(1, 100)
	x.pump()
	if d := x.take(session.KindData); d.Seq != 2 {
		t.Errorf("DATA %d, want 2", d.Seq)
	}
}
