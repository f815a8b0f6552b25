package session_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func TestSenderLearnsThatAHandlerFailed(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for range 3 {
		x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{Notify: true})
	}
	x.pump()
	x.send(session.Envelope{Kind: session.KindAck, Done: 2, Received: 3, Dropped: 2})
	x.send(session.Envelope{Kind: session.KindAck, Done: 3, Received: 3})
	x.send(session.Envelope{Kind: session.KindAck, Done: 3, Received: 3, Dropped: 2}) // told again
	want := []session.Event{
		{Kind: session.EventOutcome, ID: 1, Seq: 1, Outcome: session.Acked},
		{Kind: session.EventOutcome, ID: 2, Seq: 2, Outcome: session.Dropped, Reason: session.Failed},
		{Kind: session.EventOutcome, ID: 3, Seq: 3, Outcome: session.Acked},
	}
	var got []session.Event
	for _, ev := range x.events {
		if ev.Kind == session.EventOutcome {
			got = append(got, ev)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("outcomes %+v, want %+v", got, want)
	}
	x.send(session.Envelope{Kind: session.KindAck, Done: 3, Received: 3, Dropped: 4})
	var violation *session.ProtocolError
	if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != "6.6" {
		t.Errorf("after a dropped message that is not done: %v, want a violation of 6.6", ev.Err)
	}
}

// failing is a server's machine that got n messages; the handlers of those in failed failed.
func failing(t *testing.T, n uint64, failed ...uint64) *peer {
	t.Helper()
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for seq := range n {
		x.send(data(seq+1, "x"))
	}
	for _, ev := range x.events {
		switch {
		case ev.Kind != session.EventMessage:
		case slices.Contains(failed, ev.Seq):
			x.m.Drop(ev.ID)
		default:
			x.m.Done(ev.ID)
		}
	}
	return x
}

// dropped takes the ACKs that the machine has written, and returns the numbers in them. No ACK
// and no DATA may have acknowledged such a number before.
func (x *peer) dropped() (seqs []uint64) {
	x.t.Helper()
	done := uint64(0)
	for _, e := range x.unread {
		if e.Dropped != 0 {
			seqs = append(seqs, e.Dropped)
			if e.Dropped <= done {
				x.t.Errorf("%d was acknowledged before it was told as dropped", e.Dropped)
			}
		}
		done = max(done, e.Done)
	}
	x.unread = nil
	return seqs
}

func TestFailureIsToldBeforeAnyAcknowledgement(t *testing.T) {
	x := failing(t, 5, 2, 4)
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{}) // no acknowledgement may ride on it
	x.pump()
	x.later(time.Second)
	if last := x.unread[len(x.unread)-1]; last.Done != 5 {
		t.Errorf("the last frame is %+v, want an acknowledgement of 5", last)
	}
	if got := x.dropped(); !slices.Equal(got, []uint64{2, 4}) {
		t.Errorf("told %v, want 2 and 4", got)
	}
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.pump()
	if got := x.dropped(); got != nil {
		t.Errorf("told %v again", got)
	}
}

func TestFailureIsToldAgainAfterACut(t *testing.T) {
	for first, want := range map[uint64][]uint64{1: {2, 4}, 3: {4}, 6: nil} {
		x := failing(t, 5, 2, 4)
		x.later(time.Second) // told; but the connection loses it
		x.m.Detach(x.now, x.gen, errors.New("cut"))
		y := newPeer(t, profile(t, negotiate.Server, nil), x.m, 2)
		y.attachAs(session.Envelope{Generation: 2, Received: 0, First: first, Flags: session.FlagSecret, Auth: [32]byte{1}})
		y.attach()
		y.later(time.Second)
		if got := y.dropped(); !slices.Equal(got, want) {
			t.Errorf("the client retains from %d on: told %v, want %v", first, got, want)
		}
	}
}

// What is kept to be told again is bounded by the window, whatever a connection's age.
func TestFailuresAreBounded(t *testing.T) {
	const window = 4096
	x := newServerPeer(t, profile(t, negotiate.Server, func(c *session.Config) { c.Offer.Window = window }))
	const n = 1000
	for seq := range uint64(n) {
		x.send(data(seq+1, ""))
		x.m.Drop(x.event(session.EventMessage).ID)
		x.events = nil
		x.later(time.Second)
	}
	if got := x.dropped(); len(got) != n {
		t.Errorf("told %d, want %d", len(got), n)
	}
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	y := newPeer(t, profile(t, negotiate.Server, nil), x.m, 2)
	y.attachAs(session.Envelope{Generation: 2, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}})
	y.attach()
	y.later(time.Second)
	if got := y.dropped(); len(got) != window/32+1 || got[len(got)-1] != n {
		t.Errorf("told %d again, want the last %d", len(got), window/32+1)
	}
}
