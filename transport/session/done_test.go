package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// DoneAll is as if each were done by itself: the acknowledgement goes as far as all are done, over
// numbers that were given up, and what was done before, or failed, stays as it is.
func TestDoneAll(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for _, seq := range []uint64{1, 2, 3, 5, 6, 7} {
		if seq == 5 {
			x.send(session.Envelope{Kind: session.KindGap, Seq: 4, Code: uint64(session.Expired)})
		}
		x.send(data(seq, ""))
	}
	done := func(want, dropped uint64) {
		t.Helper()
		x.later(session.DefaultAckDelay)
		if a := x.take(session.KindAck); a.Done != want || a.Received != 7 || a.Dropped != dropped {
			t.Errorf("ACK of %d done, %d received, %d dropped; want %d, 7, %d", a.Done, a.Received, a.Dropped, want, dropped)
		}
	}
	x.m.Drop(3)
	x.m.DoneAll(2, 6)
	x.m.DoneAll(0, 1)
	done(3, 3)
	done(6, 0)
	x.m.DoneAll(1, 100) // nobody has these
	x.m.DoneAll(9, 7)   // nor is this a range
	if n := x.m.Stats().Inbox; n != 1 {
		t.Fatalf("%d messages are not done, want 1", n)
	}
	x.m.DoneAll(1, 7)
	done(7, 0)
}

// A handler may be at messages of two sessions, one of which is lost: their IDs follow each other.
func TestDoneAllOverALostSession(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.send(data(1, ""))
	x.send(data(2, ""))
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	y := newPeer(t, profile(t, negotiate.Client, nil), x.m, 2)
	y.send(session.Envelope{Kind: session.KindAttached, Generation: y.take(session.KindAttach).Generation, First: 1})
	y.send(session.Envelope{Kind: session.KindAttached, Generation: y.take(session.KindAttach).Generation, Epoch: 6, First: 1})
	y.send(data(1, ""))
	y.send(data(2, ""))
	for _, test := range []struct {
		first, last uint64
		left        int
	}{{1, 2, 2}, {4, 3, 2}, {4, 1, 2}, {1, 3, 1}, {2, 5, 1}, {4, 4, 0}} {
		y.m.DoneAll(test.first, test.last)
		if n := y.m.Stats().Inbox; n != test.left {
			t.Fatalf("after %d to %d, %d messages are not done, want %d", test.first, test.last, n, test.left)
		}
	}
}

// What is told of a number a second time, or of one that was given up, concerns no other.
func TestDoneTwice(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(data(1, ""))
	x.send(session.Envelope{Kind: session.KindGap, Seq: 2, Code: uint64(session.Expired)})
	x.send(data(3, ""))
	x.m.Done(1)
	for _, seq := range []uint64{1, 2} {
		x.m.Done(seq)
		x.m.Drop(seq)
		if n := x.m.Stats().Inbox; n != 1 {
			t.Fatalf("after %d, %d messages are not done, want 1", seq, n)
		}
	}
	x.m.Done(3)
	x.later(session.DefaultAckDelay)
	if a := x.take(session.KindAck); a.Done != 3 || a.Dropped != 0 {
		t.Errorf("ACK of %d done, %d dropped; want 3 and none", a.Done, a.Dropped)
	}
}
