package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// probe asks the machine for a probe and lets it write.
func (x *peer) probe() {
	x.m.Probe(x.now)
	x.later(0)
}

// ends tells how long the connection lasts from now on without a byte from the peer.
func (x *peer) ends(t *testing.T) time.Duration {
	t.Helper()
	for begin := x.now; ; x.later(100 * time.Millisecond) {
		if x.m.State() != session.Attached {
			if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrSilent) {
				t.Errorf("the connection ended by %v, want ErrSilent", ev.Err)
			}
			return x.now.Sub(begin)
		}
		if x.now.Sub(begin) > time.Hour {
			t.Fatal("the connection does not end")
		}
	}
}

func TestProbePingsAtOnce(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	first := x.take(session.KindPing)
	x.send(session.Envelope{Kind: session.KindPong, ID: first.ID})
	x.later(10 * time.Second)
	x.probe()
	p := x.take(session.KindPing)
	if p.ID != first.ID+1 || p.Next != 25000 {
		t.Errorf("the probe is %+v", p)
	}
	x.send(session.Envelope{Kind: session.KindPong, ID: p.ID})
	x.later(10 * time.Second)
	x.probe()
	if d := x.ends(t); d != 2*time.Second {
		t.Errorf("without an answer the connection ended after %v, want twice the timeout of 1 s", d)
	}
}

// A PING that is on its way serves, its time becomes short.
func TestProbeOfAPingOnItsWay(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.take(session.KindPing)
	x.later(time.Second)
	x.probe()
	if d := x.ends(t); d != 2*time.Second {
		t.Errorf("ended after %v, want 2s", d)
	}
}

// However often somebody probes, the peer has no reason to count strikes.
func TestProbesAreNotTooMany(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	last := x.take(session.KindPing)
	x.send(session.Envelope{Kind: session.KindPong, ID: last.ID})
	begin, pings := x.now, 0
	for x.now.Sub(begin) < time.Minute {
		x.probe()
		for range x.wrote(session.KindPing) {
			p := x.take(session.KindPing)
			pings++
			x.send(session.Envelope{Kind: session.KindPong, ID: p.ID})
		}
		x.later(100 * time.Millisecond)
	}
	if pings < 5 || pings > 6 {
		t.Errorf("%d PINGs in a minute, want one in each gap of 10 s", pings)
	}
}

// A message that was sent since the last PING clears the peer's count, so the probe goes at once.
func TestProbeBehindAMessage(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.later(time.Second)
	x.probe()
	x.take(session.KindPing)
}

// What is written after the probe does not extend its time; what is written before it does.
func TestProbeOfABusyConnection(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	x.later(10 * time.Second)
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("nothing to write")
	}
	x.m.Probe(x.now)
	x.now = x.now.Add(1500 * time.Millisecond) // the write takes long
	x.m.Written(x.now, x.gen)
	x.later(0)
	x.take(session.KindPing)
	begin := x.now
	for x.m.State() == session.Attached && x.now.Sub(begin) < time.Minute {
		x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
		x.later(100 * time.Millisecond)
	}
	if d := x.now.Sub(begin); d != 2*time.Second {
		t.Errorf("the connection ended %v after the PING was written, want 2s", d)
	}
}

func TestProbeOfABlockedConnection(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	x.later(10 * time.Second)
	x.m.Probe(x.now)
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("no PING to write")
	}
	x.now = x.now.Add(5 * time.Second) // the write does not return
	x.m.Tick(x.now)
	x.m.Written(x.now, x.gen)
	x.m.Tick(x.now)
	if x.m.State() != session.Attached {
		t.Fatal("a blocked writer made the peer look dead")
	}
	if d := x.ends(t); d != 2*time.Second {
		t.Errorf("ended %v after the write, want 2s", d)
	}
}

func TestProbeDoesNotAskForTheInterval(t *testing.T) {
	asked := 0
	x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) {
		c.Interval = func(session.Stats) time.Duration {
			asked++
			return 40 * time.Second
		}
	}))
	x.send(session.Envelope{Kind: session.KindPong, ID: x.take(session.KindPing).ID})
	x.later(20 * time.Second)
	x.probe()
	if p := x.take(session.KindPing); p.Next != 40000 || asked != 1 {
		t.Errorf("the probe promises the next in %d ms; the hook was asked %d times", p.Next, asked)
	}
}

// A plain connection is probed by the protocol's own ping, where an answer is expected.
func TestProbeOfAPlainConnection(t *testing.T) {
	d, _ := profile(t, negotiate.Client, nil).Dialect(1)
	now := sessionEpoch
	later := func(p *session.Plain, d time.Duration) error {
		now = now.Add(d)
		p.Tick(now)
		for {
			var ev session.Event
			if !p.Next(&ev) {
				return nil
			}
			if ev.Kind == session.EventClosed {
				return ev.Err
			}
		}
	}
	begin := func(silence time.Duration) *session.Plain {
		return session.NewPlain(now, d, session.PlainConfig{Silence: silence, Interval: time.Hour,
			Ping: func() codec.Message { return &sessiontest.Msg{Body: "ping"} }})
	}
	write := func(p *session.Plain) bool {
		wrote := p.Output(now) != nil
		p.Written(now)
		return wrote
	}

	p := begin(time.Hour)
	p.Probe(now)
	p.Probe(now)
	if !write(p) || write(p) {
		t.Error("two probes are not one ping")
	}
	if err := later(p, 4*time.Second); err != nil {
		t.Errorf("after 4 s: %v", err)
	}
	p.Wrote(now, copy(p.Space(), "x"))
	if err := later(p, time.Minute); errors.Is(err, session.ErrSilent) {
		t.Errorf("a byte came, and yet: %v", err)
	}

	p = begin(time.Hour)
	p.Probe(now)
	if p.Output(now) == nil {
		t.Error("a probe sent nothing")
	}
	if d := p.Deadline().Sub(now); d <= 5*time.Second {
		t.Errorf("the next deadline is in %v, though the writer is blocked", d)
	}
	if err := later(p, 6*time.Second); err != nil {
		t.Errorf("while the writer is blocked: %v", err)
	}
	p.Written(now)
	if d := p.Deadline().Sub(now); d != 5*time.Second {
		t.Errorf("the probe has %v after the write, want 5s", d)
	}
	if err := later(p, 5*time.Second); !errors.Is(err, session.ErrSilent) {
		t.Errorf("without an answer: %v, want ErrSilent", err)
	}

	p = begin(0)
	if p.Probe(now); write(p) {
		t.Error("a server that need not answer is probed")
	}
}
