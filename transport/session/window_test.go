package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// What empty messages weigh in the peer's window: version 1 spells "0 0 0 ", version 2 takes 18
// bytes, and each message counts 32 more (docs/protocol.md, 6.7).
const (
	textFit   = peerWindow / (6 + 32)
	packedFit = peerWindow / (18 + 32)
)

// reattachIn is reattach in a version, with what the peer has received; the machine is attached.
func reattachIn(t *testing.T, p *session.Profile, x *peer, v codec.Version, received uint64) *peer {
	t.Helper()
	e := session.Envelope{Generation: x.m.Generation() + 1, First: 1, Received: received}
	y := newPeer(t, p, nil, v)
	e.Auth = [32]byte(y.digest.AttachProof([32]byte{1}, [16]byte{7}, e.Generation, e.Received))
	y.attachAs(e)
	y.m = x.m
	y.attach()
	return y
}

func empties(t *testing.T, x *peer, n int) {
	t.Helper()
	for range n {
		if _, err := x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// A message weighs what was written, not what is kept.
func TestTranscodedMessageWeighsWhatWasWritten(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	empties(t, x, 60)
	x.pump()
	if n := x.wrote(session.KindData); n != packedFit {
		t.Fatalf("%d messages fill the window, want %d", n, packedFit)
	}
	y := reattachIn(t, p, x, 1, 0)
	if n := y.wrote(session.KindData); n != textFit {
		t.Errorf("in version 1 %d messages fill the window, want %d", n, textFit)
	}
	y.send(session.Envelope{Kind: session.KindAck, Done: 10, Received: 12})
	if n := y.wrote(session.KindData); n != textFit+10 {
		t.Errorf("after 10 were done %d messages were written, want %d", n, textFit+10)
	}
	z := reattachIn(t, p, y, 2, textFit)
	weigh := textFit - 10 // received in version 1, and still in the window
	want := (peerWindow - weigh*(6+32)) / (18 + 32)
	if n := z.wrote(session.KindData); n != want {
		t.Errorf("in version 2 again %d messages fill the window, want %d", n, want)
	}
}

// What is sent again takes the place in the window that it had.
func TestResendingKeepsTheWindow(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	empties(t, x, 5*packedFit)
	x.pump()
	done := uint64(0)
	for range 3 {
		x = reattachIn(t, p, x, 2, done)
		for range 2 { // sent again, then new ones
			if n := x.wrote(session.KindData); n != packedFit {
				t.Fatalf("after %d, %d messages fill the window, want %d", done, n, packedFit)
			}
			x.unread = nil
			if done == 4*packedFit {
				return
			}
			done += packedFit
			x.send(session.Envelope{Kind: session.KindAck, Done: done, Received: done})
		}
	}
}

// A message that exceeds what the peer accepts is refused by Send, when the peer is known.
func TestTooLargeForThePeer(t *testing.T) {
	p := pair(t, 2, func(client, server *session.Config) { server.Offer.MaxMessage = 1000 })
	var large *session.TooLargeError
	err := p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 983))}, session.SendOptions{})
	if !errors.As(err, &large) || large.Limit != 1000 || large.Size != 1001 {
		t.Errorf("Send of 1001 bytes: %v", err)
	}
	if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 982))}, session.SendOptions{}); err != nil {
		t.Errorf("Send of 1000 bytes: %v", err)
	}
	rest(t, p)
}

// A message that was queued before the peer was known is given up when it proves too large.
func TestQueuedMessageProvesTooLarge(t *testing.T) {
	client, server := sessiontest.Configs(1)
	server.Offer.MaxMessage = 1000
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 983))}, session.SendOptions{})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 982))}, session.SendOptions{})
	p.Connect()
	rest(t, p)
	if m := p.Client.Sent(); m[0].Reason != session.TooLarge || m[1].Outcome != session.Acked {
		t.Errorf("of 1001 bytes: %v %v; of 1000: %v", m[0].Outcome, m[0].Reason, m[1].Outcome)
	}
}
