package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// knock is a client that has sent its ATTACH to session 7, with the identity that a driver knows.
func knock(t *testing.T, p *session.Profile, identity string, e session.Envelope) *peer {
	t.Helper()
	x := newPeer(t, p, nil, 2)
	if e.Flags&session.FlagSecret == 0 {
		e.Auth = [32]byte(x.digest.AttachProof([32]byte{1}, [16]byte{7}, e.Generation, e.Received))
	}
	x.attachAs(e)
	x.o.Identify(identity)
	return x
}

var (
	first  = session.Envelope{Generation: 1, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}}
	second = session.Envelope{Generation: 2, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}}
	proven = session.Envelope{Generation: 2, First: 1}
)

func TestSessionIsKnownBeforeItIsAttached(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := knock(t, p, "alice", first)
	x.m = p.NewFor(x.now, x.o)
	check := func(when string) {
		t.Helper()
		m := x.m
		if m.ID() != [16]byte{7} || m.Identity() != "alice" || m.Stats().Version != 2 {
			t.Errorf("%s: id %x, identity %q, %v; want 7, alice, v2", when, m.ID(), m.Identity(), m.Stats().Version)
		}
		if a := m.Agreement(); a == nil || a.Version != 2 || !a.Peer.Versions.Has(2) || a.Peer.Versions.Has(1) {
			t.Errorf("%s: agreement %+v, want that the peer offers v2", when, a)
		}
	}
	check("before")
	x.attach()
	check("attached")
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	check("detached")
}

// The session that was made for one client is not another's, also before it is attached.
func TestSessionBelongsToItsIdentity(t *testing.T) {
	other := second
	other.Auth = [32]byte{2}
	for _, tt := range []struct {
		name, identity string
		e              session.Envelope
		want           error // of Attach
	}{
		{"the same with the secret", "alice", second, nil},
		{"the same with a proof", "alice", proven, nil},
		{"another with the secret", "mallory", second, &session.CloseError{Code: session.CloseDenied}},
		{"another with a proof", "mallory", proven, session.ErrForeign},
		{"none with the secret", "", second, &session.CloseError{Code: session.CloseDenied}},
		{"none with a proof", "", proven, session.ErrForeign},
		{"the same with another secret", "alice", other, &session.CloseError{Code: session.CloseDenied}},
	} {
		for _, attached := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				p := profile(t, negotiate.Server, nil)
				x := knock(t, p, "alice", first)
				x.m = p.NewFor(x.now, x.o)
				if attached {
					x.attach()
				}
				before := x.m.Stats()
				y := knock(t, p, tt.identity, tt.e)
				y.m = x.m
				_, err := y.m.Attach(y.now, y.o)
				if !errors.Is(err, tt.want) {
					t.Fatalf("Attach: %v, want %v", err, tt.want)
				}
				if tt.want == nil {
					return
				}
				if x.m.Stats() != before {
					t.Errorf("the session has changed: %+v, was %+v", x.m.Stats(), before)
				}
				if tt.want != session.ErrForeign {
					y.pump()
					if c := y.take(session.KindClose); c.Code != uint64(session.CloseDenied) || len(c.Text) != 0 {
						t.Errorf("the client was told %+v, want denied without a word", c)
					}
					return
				}
				y.o.Unknown() // as for a session that is not there
				y.pump()
				if a := y.take(session.KindAttached); a.Flags&session.FlagKnown != 0 {
					t.Errorf("the client was told %+v, want that the session is not known", a)
				}
			})
		}
	}
}

// An ATTACH that begins a session with a past would be at odds with every new session there is.
func TestNewSessionHasNoPast(t *testing.T) {
	for _, change := range []func(*session.Envelope){
		func(e *session.Envelope) { e.Received = 1 },
		func(e *session.Envelope) { e.First = 2 },
	} {
		p := profile(t, negotiate.Server, nil)
		e := second
		change(&e)
		x := knock(t, p, "", e)
		var violation *session.ProtocolError
		if _, err := p.NewFor(x.now, x.o).Attach(x.now, x.o); !errors.As(err, &violation) {
			t.Errorf("Attach: %v, want a *ProtocolError", err)
		}
		if x.o.State() != session.OpeningFailed {
			t.Errorf("the opening is %v, want failed", x.o.State())
		}
	}
}

func TestRefuse(t *testing.T) {
	x := knock(t, profile(t, negotiate.Server, nil), "", first)
	r := &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: 3 * time.Second}
	x.o.Refuse(r)
	if x.o.State() != session.OpeningFailed || x.o.Err() != r {
		t.Errorf("the opening is %v: %v", x.o.State(), x.o.Err())
	}
	x.pump()
	if a := x.take(session.KindGoAway); a.Retry != 3000 {
		t.Errorf("the client was told %+v, want to come again after 3 s", a)
	}
}

func TestDeny(t *testing.T) {
	x := knock(t, profile(t, negotiate.Server, nil), "", first)
	x.o.Deny()
	x.pump()
	if c := x.take(session.KindClose); c.Code != uint64(session.CloseDenied) {
		t.Errorf("the client was told %+v, want denied", c)
	}
}

// A client that is refused keeps its session and what it has to send.
func TestRefusedClientKeepsItsSession(t *testing.T) {
	for _, tt := range []struct {
		alternatives string
		code         negotiate.RefusalCode
	}{{"", negotiate.CodeOverload}, {"b:7000,c:7000", negotiate.CodeGoAway}} {
		p := profile(t, negotiate.Client, nil)
		m := p.New(sessiontest.Epoch)
		if _, err := m.Send(sessiontest.Epoch, &sessiontest.Msg{Body: "kept"}, session.SendOptions{}); err != nil {
			t.Fatal(err)
		}
		id := m.ID()
		x := newPeer(t, p, m, 2)
		x.take(session.KindAttach)
		x.send(session.Envelope{Kind: session.KindGoAway, Retry: 3000, Text: []byte(tt.alternatives)})
		var refused *negotiate.RefusedError
		ev := x.event(session.EventDetached)
		if !errors.As(ev.Err, &refused) || refused.Refusal.Code != tt.code || refused.Refusal.RetryAfter != 3*time.Second {
			t.Errorf("detached with %v, want a refusal %s with 3 s", ev.Err, tt.code)
		}
		if n := len(refused.Refusal.Alternatives); n != 2*len(tt.alternatives)/len("b:7000,c:7000") {
			t.Errorf("%d alternatives", n)
		}
		y := newPeer(t, p, m, 2)
		a := y.take(session.KindAttach)
		y.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: a.Generation, First: 1})
		if d := y.take(session.KindData); a.Session != id || a.Generation != 2 || d.Seq != 1 {
			t.Errorf("came again with %+v, %+v; want the same session and message 1", a, d)
		}
		if y.m.Stats().Lost != 0 || x.saw(session.EventOutcome)+y.saw(session.EventOutcome) != 0 {
			t.Error("something was lost")
		}
	}
}
