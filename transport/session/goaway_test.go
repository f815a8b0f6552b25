package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func goAway(alternatives string) session.Envelope {
	return session.Envelope{Kind: session.KindGoAway, Retry: 1500, Text: []byte(alternatives)}
}

func ack(done, received uint64) session.Envelope {
	return session.Envelope{Kind: session.KindAck, Done: done, Received: received}
}

func (x *peer) sends(body string) {
	x.t.Helper()
	if _, err := x.m.Send(x.now, &sessiontest.Msg{Body: body}, session.SendOptions{}); err != nil {
		x.t.Fatal(err)
	}
}

func TestGoAwayStopsNumbering(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.sends("")
	x.pump()
	x.send(goAway("b:1,c:2"))
	var away *session.GoAwayError
	if ev := x.event(session.EventGoAway); !errors.As(ev.Err, &away) || away.RetryAfter != 1500*time.Millisecond || !slices.Equal(away.Alternatives, []string{"b:1", "c:2"}) {
		t.Errorf("told %+v", ev.Err)
	}
	x.sends("")
	x.pump()
	if n := x.wrote(session.KindData); n != 1 {
		t.Fatalf("%d messages were written, want no new one", n)
	}
	if x.saw(session.EventDrained) != 0 {
		t.Fatal("drained before the acknowledgement")
	}
	x.send(ack(1, 1))
	x.event(session.EventDrained)
	x.m.Detach(x.now, 1, errors.New("gone elsewhere"))
	y := newPeer(t, profile(t, negotiate.Client, nil), x.m, 2)
	y.send(session.Envelope{Kind: session.KindAttached, Flags: session.FlagKnown, Generation: 2, Epoch: 5, Received: 1, First: 1})
	if d := y.take(session.KindData); d.Seq != 2 {
		t.Errorf("elsewhere the queued message is number %d", d.Seq)
	}
}

// Who is sent away leaves when what it has received is done, and its peer has been told.
func TestGoAwayWaitsForTheHandlers(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.send(data(1, "one"))
	x.send(data(2, "two"))
	x.send(goAway(""))
	first, second := x.message(1), x.message(2)
	x.m.Done(first.ID)
	x.pump()
	if x.saw(session.EventDrained) != 0 {
		t.Fatal("it leaves while a handler runs")
	}
	x.m.Done(second.ID)
	bufs := x.m.Output(x.now, x.gen)
	var ev session.Event
	if x.m.Next(&ev) || len(bufs) == 0 {
		t.Fatalf("it leaves, or does not acknowledge at once: %d buffers", len(bufs))
	}
	x.m.Written(x.now, x.gen)
	x.pump()
	x.event(session.EventDrained)
}

// An acknowledgement that is being written may still fail to arrive.
func TestGoAwayWaitsForTheWriter(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.send(data(1, "one"))
	x.m.Done(x.message(1).ID)
	x.later(time.Second)
	x.send(data(2, "two"))
	x.m.Done(x.message(2).ID)
	x.now = x.now.Add(time.Second)
	x.m.Output(x.now, x.gen)
	b, err := formatOf(2).AppendFrame(nil, (&session.Envelope{Kind: session.KindGoAway}).Append(nil, false))
	x.must(err)
	x.m.Wrote(x.now, x.gen, copy(x.m.Space(x.gen), b))
	for ev := (session.Event{}); x.m.Next(&ev); {
		if ev.Kind == session.EventDrained {
			t.Fatal("it leaves while it writes")
		}
	}
	x.m.Written(x.now, x.gen)
	x.pump()
	x.event(session.EventDrained)
}

// A message that was refused comes again, so who refused it waits for it.
func TestGoAwayWaitsForWhatWasRefused(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	x.send(session.Envelope{Kind: session.KindData, Seq: 1, Payload: []byte{0xff}})
	x.take(session.KindNack)
	x.send(goAway(""))
	if x.saw(session.EventDrained) != 0 {
		t.Fatal("it leaves before the message came again")
	}
	x.send(session.Envelope{Kind: session.KindGap, Seq: 1, Code: 2})
	x.event(session.EventDrained)
}

func TestGoAwayDrains(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.sends("before")
	x.m.GoAway(x.now, 2*time.Second, []string{"b:1"})
	x.pump()
	if x.wrote(session.KindData) != 1 || x.wrote(session.KindGoAway) != 0 {
		t.Fatal("the peer is sent away before it has acknowledged what it was sent")
	}
	if x.take(session.KindAck).Flags&session.FlagAsk == 0 {
		t.Error("the peer is not asked to acknowledge")
	}
	x.sends("meanwhile")
	x.send(ack(1, 1))
	if g := x.take(session.KindGoAway); g.Retry != 2000 || string(g.Text) != "b:1" {
		t.Errorf("GOAWAY is %+v", g)
	}
	if x.saw(session.EventDrained) != 0 {
		t.Error("drained before the acknowledgement of the second message")
	}
	x.send(ack(2, 2))
	x.event(session.EventDrained)
}

func TestGoAwayWithoutMessages(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.GoAway(x.now, 0, nil)
	x.pump()
	x.take(session.KindGoAway)
	x.event(session.EventDrained)
}

// On each connection the peer is told anew.
func TestGoAwayIsToldOnTheNextConnection(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	x.m.GoAway(x.now, 0, nil)
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	y := reattach(t, p, x, session.Envelope{Generation: 2, First: 1}, true)
	y.attach()
	y.take(session.KindGoAway)
}

// After GOAWAY a message is acknowledged behind all that its handler has sent: the peer leaves when
// all of its own are acknowledged.
func TestGoAwayAcknowledgesBehindTheReplies(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.GoAway(x.now, 0, nil)
	x.pump()
	x.take(session.KindGoAway)
	x.send(data(1, "a question"))
	for range 3 { // more than the peer's window of 1,000 bytes
		x.sends(strings.Repeat("answer", 100))
	}
	x.m.Done(x.message(1).ID)
	x.pump()
	x.later(time.Minute / 2)
	for n := uint64(1); n <= 3; n++ {
		if d := x.take(session.KindData); d.Seq != n || d.Flags&session.FlagAck != 0 {
			t.Fatalf("message %d is %+v, want %d without acknowledgement", d.Seq, d, n)
		}
		if n < 3 {
			if x.wrote(session.KindAck) > 0 {
				t.Fatalf("the question is acknowledged behind %d of 3 answers", n)
			}
			if d := x.m.Deadline(); d.Before(x.now.Add(time.Millisecond)) {
				t.Fatalf("the driver is to come back at once, for an acknowledgement that cannot go: %v", d.Sub(x.now))
			}
			x.send(ack(n, n))
		}
	}
	if a := x.take(session.KindAck); a.Done != 1 {
		t.Errorf("acknowledged are %d messages, want 1", a.Done)
	}
}

// A CLOSE comes behind what the peer would have been told a little later.
func TestCloseTellsWhatIsDone(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	for n := uint64(1); n <= 3; n++ {
		x.send(data(n, ""))
	}
	x.m.Drop(x.message(1).ID)
	x.m.Done(x.message(2).ID)
	x.sends("never acknowledged")
	x.m.GoAway(x.now, time.Second, nil)
	x.m.Close(x.now, session.CloseShutdown, "")
	x.pump()
	x.take(session.KindGoAway)
	if a := x.take(session.KindAck); a.Done != 1 || a.Dropped != 1 {
		t.Errorf("the first ACK is %+v, want message 1 dropped", a)
	}
	if a := x.take(session.KindAck); a.Done != 2 || a.Dropped != 0 {
		t.Errorf("the second ACK is %+v, want 2 messages done", a)
	}
	x.take(session.KindClose)
	if len(x.unread) != 0 {
		t.Errorf("behind CLOSE comes %+v", x.unread)
	}
}

// message returns the event of the message seq.
func (x *peer) message(seq uint64) session.Event {
	x.t.Helper()
	for _, ev := range x.events {
		if ev.Kind == session.EventMessage && ev.Seq == seq {
			return ev
		}
	}
	x.t.Fatalf("message %d has not come: %+v", seq, x.events)
	return session.Event{}
}
