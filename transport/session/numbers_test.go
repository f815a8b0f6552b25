package session_test

import (
	"errors"
	"math"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

const last = session.LastNumber

// serverAt is a server's machine whose numbers stand at n, and its peer.
func serverAt(t *testing.T, n session.Numbers) *peer {
	t.Helper()
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.m.StartAt(n)
	x.gen = x.m.Generation()
	x.unread = nil
	return x
}

func post(x *peer) error {
	_, err := x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	return err
}

// The last number is used, none after it; and the session ends when all is acknowledged.
func TestLastNumberIsUsedOnce(t *testing.T) {
	x := serverAt(t, session.Numbers{Sent: last - 3})
	for range 3 { // two are in the flight when the last is accepted
		if err := post(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := post(x); !errors.Is(err, session.ErrExhausted) {
		t.Fatalf("Send without a number left, all of them promised: %v, want ErrExhausted", err)
	}
	x.pump()
	if _, err := x.m.Fail(x.now, 1, "no"); !errors.Is(err, session.ErrExhausted) {
		t.Fatalf("Fail without a number left: %v, want ErrExhausted", err)
	}
	for want := uint64(last - 2); want <= last; want++ {
		if d := x.take(session.KindData); d.Seq != want {
			t.Fatalf("DATA %d, want %d", d.Seq, want)
		}
	}
	x.send(session.Envelope{Kind: session.KindAck, Done: last - 1, Received: last})
	if s := x.m.State(); s != session.Attached {
		t.Fatalf("the session is %v, and a message is not acknowledged", s)
	}
	x.send(session.Envelope{Kind: session.KindAck, Done: last, Received: last})
	if c := x.take(session.KindClose); session.CloseCode(c.Code) != session.CloseLimits {
		t.Errorf("the peer was told %v, want limits", session.CloseCode(c.Code))
	}
	if ev := x.event(session.EventClosed); !errors.Is(ev.Err, &session.CloseError{Code: session.CloseLimits}) {
		t.Errorf("closed by %v", ev.Err)
	}
}

// With nothing on its way the refusal itself ends the session.
func TestExhaustedSessionEndsAtOnce(t *testing.T) {
	for name, n := range map[string]session.Numbers{
		"seq": {Sent: last}, "message ids": {IDs: last},
	} {
		x := serverAt(t, n)
		if err := post(x); !errors.Is(err, session.ErrExhausted) {
			t.Errorf("%s: Send: %v, want ErrExhausted", name, err)
		}
		x.pump()
		if s := x.m.State(); s != session.Ended {
			t.Errorf("%s: the session is %v", name, s)
		}
	}
}

// A message that was given up leaves its number to another.
func TestNumberOfACancelledMessageIsFree(t *testing.T) {
	x := serverAt(t, session.Numbers{Sent: last - 1})
	id, _ := x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.m.Cancel(x.now, id)
	if err := post(x); err != nil {
		t.Fatal(err)
	}
	if x.pump(); x.take(session.KindData).Seq != last {
		t.Error("the last number was not used")
	}
}

// What was written with the last numbers is sent again over another connection.
func TestLastNumbersAreSentAgain(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	x := newServerPeer(t, p)
	x.m.StartAt(session.Numbers{Sent: last - 2, Received: last - 1, Generation: last - 1})
	x.gen = last - 1
	post(x)
	post(x)
	x.pump()
	y := reattach(t, p, x, session.Envelope{Generation: last, First: last, Received: last - 1}, true)
	y.attach()
	if a := y.take(session.KindAttached); a.Received != last-1 || a.First != last-1 || a.Generation != last {
		t.Fatalf("ATTACHED is %+v", a)
	}
	if d := y.take(session.KindData); d.Seq != last {
		t.Errorf("sent again from %d, want %d", d.Seq, uint64(last))
	}
	y.send(data(last, "the peer's last"))
	y.m.Done(y.event(session.EventMessage).ID)
	y.later(session.DefaultAckDelay)
	if a := y.take(session.KindAck); a.Done != last {
		t.Errorf("done is %d, want %d", a.Done, uint64(last))
	}
}

// A peer cannot make the machine count beyond the end.
func TestNumbersBeyondTheEnd(t *testing.T) {
	for name, e := range map[string]session.Envelope{
		"DATA after the last":        data(last+1, "x"),
		"DATA of the highest number": data(math.MaxUint64, "x"),
		"GAP after the last":         {Kind: session.KindGap, Seq: last + 1, Code: 1},
		"GAP of the highest number":  {Kind: session.KindGap, Seq: math.MaxUint64, Code: 1},
		"NACK of the highest number": {Kind: session.KindNack, Seq: math.MaxUint64},
		"NACK after the last sent":   {Kind: session.KindNack, Seq: last},
		"ACK of the highest number":  {Kind: session.KindAck, Done: math.MaxUint64, Received: math.MaxUint64},
		"ACK that received it":       {Kind: session.KindAck, Received: math.MaxUint64},
		"ACK after the last sent":    {Kind: session.KindAck, Received: last},
		"ACK of a dropped beyond":    {Kind: session.KindAck, Dropped: math.MaxUint64},
		"ATTACHED":                   {Kind: session.KindAttached, Generation: math.MaxUint64, Received: math.MaxUint64, First: math.MaxUint64},
	} {
		t.Run(name, func(t *testing.T) {
			x := serverAt(t, session.Numbers{Sent: last - 2, Received: last})
			post(x)
			x.pump()
			x.send(e)
			var violation *session.ProtocolError
			if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) {
				t.Errorf("the connection ended by %v, want a *ProtocolError", ev.Err)
			}
			if s := x.m.Stats(); s.Unacked != 1 || x.saw(session.EventOutcome)+x.saw(session.EventMessage)+x.saw(session.EventGap) != 0 {
				t.Errorf("the session was touched: %+v", s)
			}
		})
	}
}

// While a refused message is awaited, everything else is discarded; what it says of the end does
// not count.
func TestHighestNumberWhileDiscarding(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	x.send(session.Envelope{Kind: session.KindData, Seq: 1, Payload: []byte("short")})
	x.take(session.KindNack)
	x.send(session.Envelope{Kind: session.KindGap, Seq: last, Code: 1})
	x.send(data(last, "x"))
	x.send(session.Envelope{Kind: session.KindAck, Flags: session.FlagAsk})
	x.send(data(1, "x"))
	x.m.Done(x.event(session.EventMessage).ID)
	x.later(session.DefaultAckDelay)
	if a := x.take(session.KindAck); a.Done != 1 || a.Received != 1 {
		t.Errorf("ACK is %+v, want 1 done", a)
	}
}

func TestAttachWithNumbersBeyondTheEnd(t *testing.T) {
	p := profile(t, negotiate.Server, nil)
	for name, e := range map[string]session.Envelope{
		"generation after the last": {Generation: last + 1, First: 1},
		"highest generation":        {Generation: math.MaxUint64, First: 1},
	} {
		y := newPeer(t, p, nil, 2)
		e.Kind, e.Flags = session.KindAttach, session.FlagSecret
		y.send(e)
		var violation *session.ProtocolError
		if !errors.As(y.o.Err(), &violation) {
			t.Errorf("%s: %v, want a *ProtocolError", name, y.o.Err())
		}
	}
	for name, e := range map[string]session.Envelope{
		"first":    {Generation: 2, First: math.MaxUint64},
		"received": {Generation: 2, First: 1, Received: math.MaxUint64},
		"both":     {Generation: 2, First: math.MaxUint64, Received: math.MaxUint64},
	} {
		x := newServerPeer(t, p)
		y := reattach(t, p, x, e, true)
		if _, err := y.m.Attach(y.now, y.o); !errors.Is(err, session.ErrContradicts) {
			t.Errorf("%s: Attach: %v, want ErrContradicts", name, err)
		}
	}
}

// A client has no generation after the last, and its session ends.
func TestLastGeneration(t *testing.T) {
	p := profile(t, negotiate.Client, nil)
	m := p.New(sessiontest.Epoch)
	m.StartAt(session.Numbers{Generation: last - 1})
	x := newPeer(t, p, m, 2)
	if a := x.take(session.KindAttach); a.Generation != last {
		t.Fatalf("generation %d, want the last", a.Generation)
	}
	m.Detach(x.now, last, errors.New("cut"))
	if _, err := m.Attach(x.now, openPeer(t, p, m, 2).o); !errors.Is(err, session.ErrEnded) {
		t.Errorf("Attach: %v, want ErrEnded", err)
	}
	for ev := (session.Event{}); m.Next(&ev); {
		x.events = append(x.events, ev)
	}
	if ev := x.event(session.EventClosed); !errors.Is(ev.Err, &session.CloseError{Code: session.CloseLimits}) {
		t.Errorf("closed by %v", ev.Err)
	}
}

// The ids of Done go on over a lost session, and around.
func TestDoneIDsGoAround(t *testing.T) {
	x := serverAt(t, session.Numbers{Base: math.MaxUint64 - 1})
	for seq := range uint64(4) {
		x.send(data(seq+1, "x"))
		x.m.Done(x.event(session.EventMessage).ID)
		x.m.Done(math.MaxUint64 - 1)
	}
	x.later(session.DefaultAckDelay)
	if s := x.m.Stats(); s.Inbox != 0 {
		t.Errorf("%d messages are not done", s.Inbox)
	}
}
