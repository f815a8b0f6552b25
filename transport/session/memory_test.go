package session_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// What Output returned stays as it is while a blocked write still reads it, though a newer
// connection is attached, the message acknowledged and its memory used again.
func TestBytesBeingWrittenAreNotUsedAgain(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	for range 10 { // fill the first small chunk
		x.m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("s", 100)}, session.SendOptions{})
	}
	x.pump()
	x.send(session.Envelope{Kind: session.KindAck, Done: 10, Received: 10})
	for _, size := range []int{100, 5000, 50_000} {
		id := x.m.Generation()
		m := x.m
		m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("a", size)}, session.SendOptions{})
		written := m.Output(x.now, id)
		before := slices.Concat(written...)
		sent := uint64(m.Stats().MessagesOut)
		y := reattach(t, p, x, session.Envelope{Generation: id + 1, First: 1, Received: sent}, true)
		y.attach()
		y.send(session.Envelope{Kind: session.KindAck, Done: sent, Received: sent})
		for range 40 {
			m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("z", 900)}, session.SendOptions{})
		}
		m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("z", size)}, session.SendOptions{})
		y.pump()
		if !bytes.Equal(slices.Concat(written...), before) {
			t.Fatalf("a message of %d bytes changed while it was written", size)
		}
		for m.Stats().Unacked > 0 {
			all := m.Stats().MessagesOut
			y.send(session.Envelope{Kind: session.KindAck, Done: all, Received: all})
		}
	}
}

// Chunks that are used again are not used by two lanes at once.
func TestLanesDoNotShareMemory(t *testing.T) {
	p := pair(t, 2, nil)
	for round := range 20 {
		for i := range 30 {
			for _, l := range []session.Lane{session.Normal, session.Low, session.High} {
				if round%3 != int(l) {
					p.Client.Send(l, sessiontest.Msg{Body: strings.Repeat(string(rune('a'+i)), 300+round)}, session.SendOptions{})
				}
			}
		}
		p.Settle()
		p.Advance(session.DefaultAckDelay)
		p.Settle()
	}
	rest(t, p)
}

// A text with line ends is refused before it can break a connection, also when a message
// becomes text only on its way.
func TestTextWithLineEnds(t *testing.T) {
	p := pair(t, 1, nil)
	var unfit *frame.Error
	for _, body := range []string{"two\nlines", "ends with CR\r"} {
		if err := p.Client.Send(session.Normal, sessiontest.Msg{Body: body}, session.SendOptions{}); !errors.As(err, &unfit) {
			t.Errorf("Send(%q): %v, want a *frame.Error", body, err)
		}
	}
	p.Cut(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "two\nlines"}, session.SendOptions{})
	p.Connect()
	rest(t, p)
	if m := p.Client.Sent()[0]; m.Reason != session.Unencodable || p.Client.Machine.Stats().Attaches != 2 {
		t.Errorf("%v %v after %d attaches", m.Outcome, m.Reason, p.Client.Machine.Stats().Attaches)
	}
}

// A line cannot end with CR, so no fragment of a text does.
func TestTextFragmentDoesNotEndWithCR(t *testing.T) {
	p := pair(t, 1, nil)
	const before = session.MaxFragment - len("1 0 0 ") - 2
	p.Client.Send(session.Normal, sessiontest.Msg{Body: strings.Repeat("x", before) + "\r\r" + "rest"}, session.SendOptions{})
	rest(t, p)
	if n := p.Client.Saw(session.EventDetached); n != 0 {
		t.Errorf("the connection broke %d times", n)
	}
}

// The memory of a message that is acknowledged before its write has returned belongs to that
// write until then: no other session gets it.
func TestAcknowledgedBeforeTheWriteReturns(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x, other := newServerPeer(t, p), newServerPeer(t, p)
	for round := range uint64(30) {
		for _, s := range []*peer{x, other} { // both get their memory from the pool from now on
			s.m.Send(s.now, &sessiontest.Msg{Body: strings.Repeat("-", 20_000)}, session.SendOptions{})
			s.pump()
			s.send(session.Envelope{Kind: session.KindAck, Done: 2*round + 1, Received: 2*round + 1})
		}
		x.m.Send(x.now, &sessiontest.Msg{Body: strings.Repeat("a", 20_000)}, session.SendOptions{})
		written := x.m.Output(x.now, x.gen)
		before := slices.Concat(written...)
		ack, _ := formatOf(2).AppendFrame(nil, (&session.Envelope{Kind: session.KindAck, Done: 2*round + 2, Received: 2*round + 2}).Append(nil, false))
		x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), ack))
		x.m.Next(new(session.Event))
		if n := x.m.Stats().Unacked; n != 0 {
			t.Fatalf("%d messages are not acknowledged", n)
		}
		other.m.Send(other.now, &sessiontest.Msg{Body: strings.Repeat("z", 20_000)}, session.SendOptions{})
		if !bytes.Equal(slices.Concat(written...), before) {
			t.Fatal("another session wrote into memory that is being written")
		}
		x.m.Written(x.now, x.gen)
		x.pump()
		other.pump()
		other.send(session.Envelope{Kind: session.KindAck, Done: 2*round + 2, Received: 2*round + 2})
	}
}
