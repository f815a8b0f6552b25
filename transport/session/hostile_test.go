package session_test

import (
	"math/rand/v2"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// hostile lets a peer say what the script says: four bytes make an envelope, of any kind and
// with small numbers, that may or may not be legal where it comes. The machine must stay
// bounded, and either go on or give the connection up with a reason.
func hostile(t *testing.T, script []byte) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for i := uint64(1); len(script) >= 4 && x.m.State() == session.Attached; script = script[4:] {
		kind, flags, a, b := script[0], script[1], uint64(script[2]), uint64(script[3])
		e := data(a, "x")
		if kind&0x40 == 0 {
			e = session.Envelope{Seq: a, Done: b, Received: a, Call: b, ID: a, Next: b * 100, Generation: a, First: b, Epoch: a, Version: b % 5, Last: a, Frames: b, Code: b, Retry: a}
		}
		e.Kind, e.Flags = session.Kind(kind%17), session.Flags(flags)
		if e.Kind != session.KindData {
			e.Flags &= 1
		}
		if kind&0x20 != 0 { // what would be legal next, to get further
			e = data(i, "x")
			i++
		}
		if kind&0x80 != 0 {
			x.m.Send(x.now, &sessiontest.Msg{N: a}, session.SendOptions{})
		}
		if e.Kind != 0 {
			x.send(e)
		}
	}
	if x.m.State() == session.Attached {
		return
	}
	for _, ev := range x.events {
		if ev.Kind == session.EventDetached && ev.Err == nil {
			t.Fatal("the connection was given up without a reason")
		}
	}
	if s := x.m.Stats(); s.State != session.Detached && s.State != session.Ended {
		t.Fatalf("the session is %v", s.State)
	}
}

func TestHostilePeer(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 3))
		script := make([]byte, 4*(1+r.IntN(40)))
		for i := range script {
			if script[i] = byte(r.Uint32()); i%4 >= 2 && r.IntN(2) == 0 {
				script[i] %= 6
			}
		}
		hostile(t, script)
	}
}

func FuzzHostilePeer(f *testing.F) {
	f.Add([]byte{0x20, 0, 1, 1, 0x88, 0, 1, 3, 2, 1, 0, 0, 0x0d, 0, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) <= 400 {
			hostile(t, script)
		}
	})
}

// Raw bytes instead of envelopes, from the connection's first byte, in both spellings.
func FuzzBytes(f *testing.F) {
	f.Add([]byte("PARLEY/1 sessiontest v=1\nPROBE epoch=0 proof=00\n"))
	f.Add([]byte("PARLEY/1 sessiontest v=2\n\x00\x00\x00\x02\x05\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := profile(t, negotiate.Server, func(c *session.Config) { c.Recognizer = negotiate.RecognizeLines(codec.Version(1)) })
		o := p.Open(sessionEpoch, negotiate.Key{})
		feed(o, string(b))
		if o.State() == session.OpeningReady {
			t.Fatal("ready without a proof")
		}
		if o.State() == session.OpeningFailed && o.Err() == nil {
			t.Fatal("failed without a reason")
		}
	})
}
