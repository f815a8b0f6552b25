package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// reattach opens a second connection to the session of x, up to the ATTACH.
func reattach(t *testing.T, p *session.Profile, x *peer, e session.Envelope, prove bool) *peer {
	t.Helper()
	y := newPeer(t, p, nil, 2)
	if prove {
		e.Auth = [32]byte(y.digest.AttachProof([32]byte{1}, [16]byte{7}, e.Generation, e.Received))
	}
	y.attachAs(e)
	y.m = x.m
	return y
}

func TestSupersededConnectionIsInert(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	x.send(data(1, "before"))
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1}, true)
	half := x.m.Space(1)
	y.attach()
	if a := y.take(session.KindAttached); a.Flags&session.FlagKnown == 0 || a.Received != 1 || a.Generation != 2 {
		t.Fatalf("ATTACHED is %+v, want known, received 1, generation 2", a)
	}
	if ev := y.event(session.EventDetached); ev.Generation != 1 || !errors.Is(ev.Err, session.ErrStale) {
		t.Fatalf("the old connection's end is %+v", ev)
	}
	before := x.m.Stats()
	copy(half, "whatever was read before the new connection came")
	x.m.Wrote(x.now, 1, 20)
	x.m.Written(x.now, 1)
	x.m.Detach(x.now, 1, errors.New("late"))
	if x.m.Space(1) != nil || x.m.Output(x.now, 1) != nil {
		t.Error("a superseded connection may still read or write")
	}
	if ev := (session.Event{}); x.m.Next(&ev) {
		t.Errorf("a superseded connection caused %+v", ev)
	}
	if x.m.Stats() != before {
		t.Errorf("a superseded connection changed the session: %+v, was %+v", x.m.Stats(), before)
	}
	y.send(data(1, "before")) // again: a duplicate
	y.send(data(2, "after"))
	if n := y.saw(session.EventMessage); n != 1 {
		t.Errorf("%d messages on the new connection, want 1", n)
	}
}

func TestOnlyWhatWasNotReceivedIsSentAgain(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	for range 3 {
		x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	}
	x.pump()
	x.send(session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1, Received: 2}, true)
	y.attach()
	if a := y.take(session.KindAttached); a.First != 2 {
		t.Errorf("the lowest number retained is %d, want 2", a.First)
	}
	if d := y.take(session.KindData); d.Seq != 3 {
		t.Errorf("sent again from %d, want 3: 2 was received", d.Seq)
	}
}

func TestAttachIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		e     session.Envelope
		prove bool
		code  session.CloseCode
	}{
		{"the same generation", session.Envelope{Generation: 1, First: 1}, true, session.CloseSuperseded},
		{"a proof of another generation", session.Envelope{Generation: 3, First: 1, Auth: [32]byte{9}}, false, session.CloseDenied},
		{"a wrong secret", session.Envelope{Generation: 3, First: 1, Flags: session.FlagSecret, Auth: [32]byte{2}}, false, session.CloseDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := profile(t, negotiate.Server, nil)
			x := newServerPeer(t, p)
			y := reattach(t, p, x, tt.e, tt.prove)
			_, err := y.m.Attach(y.now, y.o)
			if !errors.Is(err, &session.CloseError{Code: tt.code}) {
				t.Errorf("Attach: %v, want %v", err, tt.code)
			}
			if s := y.o.State(); s != session.OpeningFailed || !errors.Is(y.o.Err(), err) {
				t.Errorf("the opening is %v: %v", s, y.o.Err())
			}
			y.pump()
			if c := y.take(session.KindClose); session.CloseCode(c.Code) != tt.code {
				t.Errorf("the peer was told %v, want %v", session.CloseCode(c.Code), tt.code)
			}
			if x.m.Generation() != 1 {
				t.Error("a refused ATTACH took the session")
			}
			if x.m.State() != session.Attached {
				t.Errorf("a refused ATTACH left the session %v", x.m.State())
			}
		})
	}
}

// A client whose first ATTACH reached this server, and which had the session with another server
// since, comes back. It is not at fault: what this server has is useless, and ends.
func TestContradictingAttachEndsTheServersState(t *testing.T) {
	for name, e := range map[string]session.Envelope{
		"received beyond what was sent":  {Generation: 3, First: 1, Received: 1},
		"first beyond what was received": {Generation: 3, First: 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := profile(t, negotiate.Server, nil)
			x := newServerPeer(t, p)
			y := reattach(t, p, x, e, true)
			if _, err := y.m.Attach(y.now, y.o); !errors.Is(err, session.ErrContradicts) {
				t.Errorf("Attach: %v, want ErrContradicts", err)
			}
			if s := x.m.State(); s != session.Closing {
				t.Errorf("the server's state is %v, want closing", s)
			}
			if s := y.o.State(); s != session.OpeningReady {
				t.Errorf("the opening is %v, want ready: the client may begin anew", s)
			}
		})
	}
}

func TestSecretAttachesAgainUntilAnswered(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	y := reattach(t, p, x, session.Envelope{Generation: 9, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}}, false)
	y.attach()
	if y.m.Generation() != 9 {
		t.Errorf("generation %d, want 9", y.m.Generation())
	}
}

func TestUnknownSessionIsTold(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newPeer(t, p, nil, 2)
	x.attachAs(session.Envelope{Generation: 4, First: 1, Received: 3})
	if id, gen, secret := x.o.Session(); id != [16]byte{7} || gen != 4 || secret {
		t.Fatalf("Session() = %x, %d, %v", id, gen, secret)
	}
	x.o.Unknown()
	x.pump()
	if a := x.take(session.KindAttached); a.Flags != 0 || a.Received != 0 || a.Generation != 4 {
		t.Errorf("ATTACHED is %+v, want not known", a)
	}
	x.attachAs(session.Envelope{Generation: 4, First: 1})
	x.o.Unknown()
	if x.o.State() != session.OpeningFailed {
		t.Errorf("after a second unknown session the opening is %v", x.o.State())
	}
}

func TestUnansweredAttachTimesOut(t *testing.T) {
	p := profile(t, negotiate.Client, nil)
	x := newPeer(t, p, p.New(sessionEpoch), 2)
	x.take(session.KindAttach)
	x.later(session.DefaultTimeout)
	if ev := x.event(session.EventDetached); !errors.Is(ev.Err, session.ErrHandshakeTimeout) {
		t.Errorf("the connection ended by %v, want ErrHandshakeTimeout", ev.Err)
	}
}

func TestClientBelievesOnlyWhatCanBe(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    session.Envelope
		lost int
	}{
		{"answer to another generation", session.Envelope{Generation: 2, First: 1}, 0},
		{"received without knowing", session.Envelope{Generation: 1, First: 1, Received: 1}, 0},
		{"known, with more received than sent", session.Envelope{Generation: 1, First: 1, Received: 1, Flags: session.FlagKnown}, 1},
		{"known, and has dropped what was not received", session.Envelope{Generation: 1, First: 2, Flags: session.FlagKnown}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := profile(t, negotiate.Client, nil)
			x := newPeer(t, p, p.New(sessionEpoch), 2)
			x.take(session.KindAttach)
			tt.e.Kind = session.KindAttached
			x.send(tt.e)
			var violation *session.ProtocolError
			if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) {
				t.Errorf("the connection ended by %v, want a *ProtocolError", ev.Err)
			}
			if n := x.saw(session.EventLost); n != tt.lost {
				t.Errorf("the session was lost %d times, want %d", n, tt.lost)
			}
		})
	}
}

// Between the answer to an unknown session and the next ATTACH a client may only PING.
func TestFramesAfterUnknown(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	for _, tt := range []struct {
		e  session.Envelope
		ok bool
	}{
		{session.Envelope{Kind: session.KindPing, ID: 4, Next: 1000}, true},
		{data(1, "x"), false},
		{session.Envelope{Kind: session.KindAck}, false},
	} {
		x := newPeer(t, p, nil, 2)
		x.attachAs(session.Envelope{Generation: 4, First: 1})
		x.o.Unknown()
		x.pump()
		x.send(tt.e)
		if ok := x.o.State() == session.OpeningWaits; ok != tt.ok {
			t.Errorf("after %v the opening is %v: %v", tt.e.Kind, x.o.State(), x.o.Err())
		}
		if tt.ok && x.take(session.KindPong).ID != tt.e.ID {
			t.Error("the PING was not answered")
		}
	}
	x := newPeer(t, p, nil, 2)
	if x.send(session.Envelope{Kind: session.KindPing, ID: 4, Next: 1000}); x.o.State() != session.OpeningFailed {
		t.Errorf("after a PING before ATTACH the opening is %v", x.o.State())
	}
}
