package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// crash sends two messages whose acknowledgement does not come, queues a third, and restarts
// the server without its sessions.
func crash(t *testing.T, p *sessiontest.Pair) {
	t.Helper()
	p.Server.Busy = true
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "one"}, session.SendOptions{})
	p.Client.Call(session.Normal, sessiontest.Msg{Body: "two"}, session.SendOptions{})
	p.Settle()
	p.Cut(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "three"}, session.SendOptions{})
	p.Forget = true
	if !p.Connect() {
		t.Fatal("not attached to the new session")
	}
}

func TestLostSessionIsReported(t *testing.T) {
	p := pair(t, 2, nil)
	before := p.Client.Machine.ID()
	crash(t, p)
	rest(t, p)
	sent := p.Client.Sent()
	if sent[0].Outcome != session.Unknown || sent[1].Outcome != session.Unknown || sent[2].Outcome != session.Acked {
		t.Errorf("outcomes %v, %v, %v; want unknown, unknown, acked", sent[0].Outcome, sent[1].Outcome, sent[2].Outcome)
	}
	if p.Client.Saw(session.EventLost) != 1 || p.Client.Machine.ID() == before {
		t.Error("the client has not begun a new session")
	}
	if last := p.Server.Got[len(p.Server.Got)-1]; last.Seq != 1 || last.Dup {
		t.Errorf("the queued message came as %+v, want number 1 of the new session", last)
	}
}

func TestLostSessionIsSentAgain(t *testing.T) {
	p := pair(t, 2, func(client, server *session.Config) { client.OnUnknown = session.Resend })
	crash(t, p)
	rest(t, p)
	sent := p.Client.Sent()
	if sent[0].Outcome != session.Acked || sent[2].Outcome != session.Acked {
		t.Errorf("outcomes %v, %v; want acked: they were sent again", sent[0].Outcome, sent[2].Outcome)
	}
	if sent[1].Outcome != session.Unknown {
		t.Errorf("the call is %v, want unknown: calls are never sent again", sent[1].Outcome)
	}
	got := p.Server.Got[len(p.Server.Got)-2:]
	if got[0].Msg.Body != "one" || !got[0].Dup || got[1].Msg.Body != "three" || got[1].Dup {
		t.Errorf("the new session brought %+v, want one as a maybe-duplicate, then three", got)
	}
}

// A handler of the lost session that ends late completes nothing in the new one.
func TestLateDoneOfLostSession(t *testing.T) {
	p := pair(t, 2, nil)
	p.Client.Busy = true
	p.Server.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Settle()
	p.Cut(p.Conn)
	p.Forget = true
	p.Connect()
	p.Server.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Settle()
	p.Client.Finish(1) // of the old session
	if s := p.Client.Machine.Stats(); s.Inbox != 1 {
		t.Fatalf("%d messages in the new session's inbox, want 1", s.Inbox)
	}
	rest(t, p)
}

func TestRepliesOfLostSessionAreNotSent(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	call := data(1, "question")
	call.Flags, call.Call = session.FlagCall, 1
	x.send(call)
	x.m.Detach(x.now, x.gen, errors.New("cut"))
	id, _ := x.m.Reply(x.now, 1, &sessiontest.Msg{}, session.SendOptions{})
	y := newPeer(t, profile(t, negotiate.Client, nil), x.m, 2)
	a := y.take(session.KindAttach)
	y.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, First: 1})
	again := y.take(session.KindAttach)
	if again.Flags&session.FlagSecret == 0 || again.Session == a.Session || again.Generation != a.Generation {
		t.Fatalf("the second ATTACH is %+v, want a new session with its secret", again)
	}
	y.send(session.Envelope{Kind: session.KindAttached, Generation: again.Generation, Epoch: 6, First: 1})
	if y.wrote(session.KindData) != 0 {
		t.Error("a reply went to a session that did not call")
	}
	if ev := y.event(session.EventOutcome); ev.ID != id || ev.Outcome != session.Dropped {
		t.Errorf("the reply's outcome is %+v", ev)
	}
}

func TestEarlyData(t *testing.T) {
	p := profile(t, negotiate.Client, func(c *session.Config) { c.EarlyData = true })
	m := p.New(sessionEpoch)
	m.Send(sessionEpoch, &sessiontest.Msg{N: 1}, session.SendOptions{})
	x := newPeer(t, p, m, 2)
	a := x.take(session.KindAttach)
	if d := x.take(session.KindData); d.Seq != 1 {
		t.Fatalf("behind ATTACH came %+v, want message 1", d)
	}
	x.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: 5, First: 1})
	x.send(session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
	if s := m.Stats(); s.Unacked != 0 || s.State != session.Attached || x.wrote(session.KindData) != 0 || x.saw(session.EventLost) != 0 {
		t.Errorf("after the acknowledgement: %+v", s)
	}
}

// Without EarlyData nothing is written before the answer, so a first connection that dies
// loses nothing.
func TestFirstConnectionDiesBeforeTheAnswer(t *testing.T) {
	p := profile(t, negotiate.Client, nil)
	m := p.New(sessionEpoch)
	m.Send(sessionEpoch, &sessiontest.Msg{N: 1}, session.SendOptions{})
	x := newPeer(t, p, m, 2)
	x.take(session.KindAttach)
	if x.wrote(session.KindData) != 0 {
		t.Fatal("data before ATTACHED")
	}
	m.Detach(x.now, 1, errors.New("cut"))
	y := newPeer(t, p, m, 2)
	a := y.take(session.KindAttach)
	if a.Flags&session.FlagSecret == 0 || a.Generation != 2 {
		t.Fatalf("the second ATTACH is %+v, want the secret again", a)
	}
	y.send(session.Envelope{Kind: session.KindAttached, Generation: 2, Epoch: 5, First: 1})
	if d := y.take(session.KindData); d.Seq != 1 || y.saw(session.EventLost) != 0 {
		t.Error("the message was not sent to the new session as its first")
	}
}

// Early data whose answer never came was perhaps handed over, by a server that is no more.
func TestEarlyDataOfALostSession(t *testing.T) {
	for name, answer := range map[string]session.Envelope{
		"to a server that does not know the session": {Generation: 2, Epoch: 2, First: 1},
		"to a server that knows it since just now":   {Generation: 2, Epoch: 2, First: 1, Flags: session.FlagKnown},
	} {
		t.Run(name, func(t *testing.T) {
			p := profile(t, negotiate.Client, func(c *session.Config) { c.EarlyData = true })
			m := p.New(sessionEpoch)
			m.Send(sessionEpoch, &sessiontest.Msg{N: 1}, session.SendOptions{})
			x := newPeer(t, p, m, 2)
			x.take(session.KindData)
			m.Detach(x.now, 1, errors.New("cut"))
			y := newPeer(t, p, m, 2)
			answer.Kind = session.KindAttached
			y.send(answer)
			if y.saw(session.EventLost) != 1 || y.event(session.EventOutcome).Outcome != session.Unknown {
				t.Errorf("lost %d times", y.saw(session.EventLost))
			}
			if y.wrote(session.KindData) != 0 {
				t.Error("early data was sent again")
			}
		})
	}
}

// Whose handler failed in the lost session, did not fail in the new one.
func TestFailuresOfALostSession(t *testing.T) {
	p := profile(t, negotiate.Client, nil)
	x := newClientPeer(t, p)
	x.send(data(1, "its handler fails"))
	x.m.Drop(x.event(session.EventMessage).ID)
	x.m.Detach(x.now, 1, errors.New("cut"))
	y := newPeer(t, p, x.m, 2)
	a := y.take(session.KindAttach)
	y.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, First: 1})
	y.take(session.KindAttach)
	y.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: 6, First: 1})
	y.unread = nil
	y.send(data(1, "of the new session"))
	y.m.Done(y.event(session.EventMessage).ID)
	y.later(session.DefaultAckDelay)
	if ack := y.take(session.KindAck); ack.Done != 1 || ack.Dropped != 0 {
		t.Errorf("the new session's first message is told as %+v", ack)
	}
}
