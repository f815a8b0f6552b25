package session_test

import (
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// TestLanesTakeTurnsInOneBatch checks that what is written in a rush keeps to the turns of lanes: a
// lower one is not passed more often, nor sooner, than in small batches.
func TestLanesTakeTurnsInOneBatch(t *testing.T) {
	p := profile(t, negotiate.Client, nil)
	x := newPeerOf(t, p, p.New(sessiontest.Epoch), 2, 1<<20)
	x.attach()
	x.send(session.Envelope{Kind: session.KindAttached, Generation: x.take(session.KindAttach).Generation, Epoch: 5, First: 1})
	send := func(l session.Lane, n int) {
		for range n {
			if _, err := x.m.Send(x.now, &sessiontest.Msg{Lane: uint8(l)}, session.SendOptions{Lane: l}); err != nil {
				t.Fatal(err)
			}
		}
	}
	// wrote checks the lanes of one batch: so many of one, so many of another, and so on.
	wrote := func(runs ...any) {
		t.Helper()
		x.pump()
		for i := 0; i < len(runs); i += 2 {
			for k := range runs[i+1].(int) {
				if got := session.Lane(decode(t, x.take(session.KindData)).Lane); got != runs[i] {
					t.Fatalf("message %d of part %d is %v, want %v", k, i/2, got, runs[i])
				}
			}
		}
		if n := x.wrote(session.KindData); n > 0 {
			t.Fatalf("%d messages more", n)
		}
	}
	send(session.Normal, 40)
	wrote(session.Normal, 40) // alone
	send(session.Normal, 20)
	send(session.Low, 2)
	wrote(session.Low, 1, session.Normal, 16, session.Low, 1, session.Normal, 4) // 16 have gone before already
	send(session.Normal, 20)
	send(session.High, 1)
	wrote(session.High, 1, session.Normal, 20)
	send(session.Low, 1)
	send(session.Normal, 3)
	wrote(session.Low, 1, session.Normal, 3)
}
