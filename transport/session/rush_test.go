package session_test

import (
	"strings"
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

// inARush is a client's machine with a peer that allows it so much, attached: what is sent now goes
// in one batch.
func inARush(t *testing.T, change func(*session.Config), allows negotiate.Offer) *peer {
	t.Helper()
	p := profile(t, negotiate.Client, change)
	x := newPeerWith(t, p, p.New(sessiontest.Epoch), 2, allows)
	x.attach()
	x.send(session.Envelope{Kind: session.KindAttached, Generation: x.take(session.KindAttach).Generation, Epoch: 5, First: 1})
	return x
}

// queue sends n messages of so many bytes, and writes nothing.
func (x *peer) queue(n, size int) {
	x.t.Helper()
	for range n {
		_, err := x.m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("x", size-18)}, session.SendOptions{}) // 18 of the codec
		x.must(err)
	}
}

// What is large enough to be compressed is compressed, wherever it stands in a batch.
func TestRushLeavesWhatIsCompressed(t *testing.T) {
	x := inARush(t, func(c *session.Config) { c.Compress = &session.Compression{MinSize: 200} }, negotiate.Offer{Window: 1 << 20})
	sizes := []int{50, 199, 200, 50, 199, 50, 200, 201, 199}
	for _, size := range sizes {
		x.queue(1, size)
	}
	x.pump()
	for i, size := range sizes {
		if got := x.take(session.KindData).Flags&session.FlagExt != 0; got != (size >= 200) {
			t.Errorf("message %d of %d bytes: compressed %v", i, size, got)
		}
	}
}

// A message larger than the peer takes is dropped, wherever it stands in a batch.
func TestRushKeepsToThePeersLargestMessage(t *testing.T) {
	x := inARush(t, nil, negotiate.Offer{Window: 1 << 20})
	x.queue(10, 100)
	x.queue(1, 101)
	x.queue(10, 100)
	x.m.Detach(x.now, x.gen, sessiontest.ErrCut) // and the server is another one when it comes back
	x = newPeerWith(t, profile(t, negotiate.Client, nil), x.m, 2, negotiate.Offer{Window: 1 << 20, MaxMessage: 100})
	x.attach()
	x.send(session.Envelope{Kind: session.KindAttached, Flags: session.FlagKnown, Generation: x.take(session.KindAttach).Generation, Epoch: 5, First: 1})
	if n := x.wrote(session.KindData); n != 20 {
		t.Errorf("%d messages were written, want 20", n)
	}
	if ev := x.event(session.EventOutcome); ev.ID != 11 || ev.Reason != session.TooLarge {
		t.Errorf("message %d is %v, %v; want 11, too large", ev.ID, ev.Outcome, ev.Reason)
	}
}

// Payloads that are written from where they are count in the length of a batch, which a PING waits
// for.
func TestRushBehindLargePayloadsKeepsTheBatchShort(t *testing.T) {
	const batch, payload = 64 << 10, 10_000
	x := inARush(t, nil, negotiate.Offer{Window: 1 << 20})
	x.queue(6, payload)
	x.queue(2000, 100)
	size := 0
	for _, b := range x.m.Output(x.now, x.gen) {
		size += len(b)
	}
	if size < batch || size > batch+200 {
		t.Errorf("a batch has %d bytes, want %d and the rest of the last message", size, batch)
	}
}
