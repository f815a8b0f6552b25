package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

var sessionEpoch = sessiontest.Epoch

func TestPeerThatBreaksARule(t *testing.T) {
	ack := func(done, received uint64) session.Envelope {
		return session.Envelope{Kind: session.KindAck, Done: done, Received: received}
	}
	bad := data(1, "x")
	bad.Flags = session.FlagCont
	more := data(1, "x")
	more.Flags = session.FlagMore
	for _, tt := range []struct {
		name    string
		frames  []session.Envelope
		section string
	}{
		{"acknowledges what was not sent", []session.Envelope{ack(0, 2)}, "6.6"},
		{"completes what it did not receive", []session.Envelope{ack(1, 0)}, "6.6"},
		{"acknowledges in DATA what was not sent", []session.Envelope{{Kind: session.KindData, Flags: session.FlagAck, Seq: 1, Done: 2, Received: 2}}, "6.6"},
		{"skips a number", []session.Envelope{data(2, "x")}, "6.5"},
		{"skips a number by GAP", []session.Envelope{{Kind: session.KindGap, Seq: 2, Code: 1}}, "6.5"},
		{"begins with a further fragment", []session.Envelope{bad}, "5.5"},
		{"puts DATA between fragments", []session.Envelope{more, data(2, "x")}, "5.5"},
		{"puts a whole message between fragments", []session.Envelope{more, data(1, "x")}, "5.5"},
		{"puts a GAP between fragments", []session.Envelope{more, {Kind: session.KindGap, Seq: 1, Code: 1}}, "5.5"},
		{"refuses what was not sent", []session.Envelope{{Kind: session.KindNack, Seq: 2}}, "6.8"},
		{"refuses what it has received", []session.Envelope{ack(0, 1), {Kind: session.KindNack, Seq: 1}}, "6.8"},
		{"attaches twice", []session.Envelope{{Kind: session.KindAttach, Generation: 2, First: 1}}, "5.7"},
		{"answers no ATTACH", []session.Envelope{{Kind: session.KindAttached, Generation: 1, First: 1}}, "6.3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newServerPeer(t, profile(t, negotiate.Server, nil))
			x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
			x.pump()
			for _, e := range tt.frames {
				x.send(e)
			}
			var violation *session.ProtocolError
			if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != tt.section {
				t.Fatalf("the connection ended by %v, want a violation of %s", ev.Err, tt.section)
			}
			if x.m.State() != session.Detached {
				t.Errorf("the session is %v, want detached: it can be attached anew", x.m.State())
			}
		})
	}
}

// A peer that asks and asks, and does not read the answers, is given up.
func TestUnreadAnswersAreBounded(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	if x.m.Output(x.now, x.gen) == nil {
		t.Fatal("nothing to write")
	}
	propose := session.Envelope{Kind: session.KindPropose, Version: 60000}
	for propose.Epoch = 1; x.m.State() == session.Attached; propose.Epoch++ {
		if propose.Epoch > 100_000 {
			t.Fatal("100,000 answers wait to be written")
		}
		b, _ := formatOf(2).AppendFrame(nil, propose.Append(nil, false))
		x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), b))
		for ev := (session.Event{}); x.m.Next(&ev); {
		}
	}
}

func TestDuplicatesAreDropped(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for _, seq := range []uint64{1, 2, 1, 2, 3, 3} {
		x.send(data(seq, "x"))
	}
	if n := x.saw(session.EventMessage); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}

func TestWindowIsKept(t *testing.T) {
	// With the codec's 18 bytes and the 32 that a message counts besides, 250 and 251 bytes.
	for size, want := range map[int]int{200: 4, 201: 3} {
		x := newClientPeer(t, profile(t, negotiate.Client, nil))
		for range 10 {
			x.m.Send(x.now, &sessiontest.Msg{Body: string(make([]byte, size))}, session.SendOptions{})
		}
		x.pump()
		if n := x.wrote(session.KindData); n != want {
			t.Fatalf("%d messages of %d bytes in a window of %d, want %d", n, size+50, peerWindow, want)
		}
		x.send(session.Envelope{Kind: session.KindAck, Done: 0, Received: 3})
		if n := x.wrote(session.KindData); n != want {
			t.Errorf("what is received and not done made room: %d messages", n)
		}
		x.send(session.Envelope{Kind: session.KindAck, Done: 2, Received: 3})
		if n := x.wrote(session.KindData); n != want+2 {
			t.Errorf("after two were done %d messages were written, want %d", n, want+2)
		}
	}
}

func TestLargeMessageGoesAlone(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	for _, size := range []int{10, 5000, 10} {
		x.m.Send(x.now, &sessiontest.Msg{Body: string(make([]byte, size))}, session.SendOptions{})
	}
	x.pump()
	for done := range uint64(3) {
		if n := x.wrote(session.KindData); n != int(done)+1 {
			t.Fatalf("with %d done, %d messages were written", done, n)
		}
		x.send(session.Envelope{Kind: session.KindAck, Done: done + 1, Received: done + 1})
	}
}

func TestWindowIsEnforced(t *testing.T) {
	small := func(c *session.Config) { c.Offer.Window = 300 }
	x := newServerPeer(t, profile(t, negotiate.Server, small))
	body := string(make([]byte, 100))
	x.send(data(1, body))
	x.send(data(2, body))
	if x.saw(session.EventMessage) != 2 || x.saw(session.EventDetached) != 0 {
		t.Fatal("two messages fill the window exactly, and were refused")
	}
	x.send(data(3, ""))
	var violation *session.ProtocolError
	if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != "6.7" {
		t.Errorf("the connection ended by %v, want a violation of 6.7", ev.Err)
	}
}

func TestDoneMakesRoomAndIsAcknowledged(t *testing.T) {
	small := func(c *session.Config) { c.Offer.Window = 300 }
	x := newServerPeer(t, profile(t, negotiate.Server, small))
	x.send(data(1, ""))
	x.send(data(2, ""))
	first, second := x.events[len(x.events)-2].ID, x.events[len(x.events)-1].ID
	x.m.Done(second)
	x.pump()
	if x.wrote(session.KindAck) != 0 {
		t.Error("a message was acknowledged before the one in front of it was done")
	}
	x.m.Done(first)
	x.m.Done(first)
	x.pump()
	if a := x.take(session.KindAck); a.Done != 2 || a.Received != 2 {
		t.Errorf("ACK of %d done, %d received; want 2, 2, as a third of the window is owed", a.Done, a.Received)
	}
}

func TestAcknowledgementWaitsAndRides(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(data(1, "x"))
	x.m.Done(x.event(session.EventMessage).ID)
	x.pump()
	if x.wrote(session.KindAck) != 0 {
		t.Fatal("a single message was acknowledged at once")
	}
	if d := x.m.Deadline().Sub(x.now); d != session.DefaultAckDelay {
		t.Fatalf("the deadline is in %v, want that of the acknowledgement, %v", d, session.DefaultAckDelay)
	}
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.pump()
	if d := x.take(session.KindData); d.Flags&session.FlagAck == 0 || d.Done != 1 {
		t.Errorf("DATA carries no acknowledgement: %+v", d)
	}
	x.send(data(2, "x"))
	x.m.Done(x.event(session.EventMessage).ID)
	x.later(session.DefaultAckDelay)
	if a := x.take(session.KindAck); a.Done != 2 {
		t.Errorf("the late acknowledgement says %d", a.Done)
	}
}

func TestAskIsAnsweredWhenDone(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(data(1, "x"))
	x.send(session.Envelope{Kind: session.KindAck, Flags: session.FlagAsk})
	if x.wrote(session.KindAck) != 0 {
		t.Fatal("answered before the message was done")
	}
	x.m.Done(x.event(session.EventMessage).ID)
	x.pump()
	if a := x.take(session.KindAck); a.Done != 1 {
		t.Errorf("the answer says %d done", a.Done)
	}
	x.send(session.Envelope{Kind: session.KindAck, Flags: session.FlagAsk})
	x.take(session.KindAck)
}
