package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func never(*session.CloseError) bool  { return false }
func always(*session.CloseError) bool { return true }

// Which ends of a session a client takes for the server's business, and begins a new one.
func TestRenewal(t *testing.T) {
	tests := []struct {
		code   session.CloseCode
		policy func(*session.CloseError) bool
		want   bool
	}{
		{session.CloseNormal, nil, false},
		{session.CloseSuperseded, nil, false},
		{session.CloseDenied, nil, false},
		{session.CloseViolation, nil, false},
		{session.CloseIdle, nil, true},
		{session.CloseLimits, nil, true},
		{session.CloseShutdown, nil, true},
		{session.CloseHandler, nil, false},
		{session.ClosePings, nil, false},
		{99, nil, false},
		{session.CloseShutdown, never, false},
		{session.CloseIdle, never, false},
		{session.CloseHandler, always, true},
		{session.CloseNormal, always, true},
		{session.CloseSuperseded, always, false},
		{session.CloseDenied, always, false},
		{session.CloseViolation, always, false},
	}
	for _, tt := range tests {
		x := newClientPeer(t, profile(t, negotiate.Client, func(c *session.Config) { c.Renew = tt.policy }))
		x.send(session.Envelope{Kind: session.KindClose, Code: uint64(tt.code), Text: []byte("because")})
		var why *session.CloseError
		if ev := x.event(session.EventDetached); !errors.As(ev.Err, &why) || why.Code != tt.code || !why.Remote || why.Renewed != tt.want {
			t.Errorf("CLOSE(%v), policy %t: detached by %+v", tt.code, tt.policy != nil, ev.Err)
		}
		if got := x.saw(session.EventClosed) == 0 && x.m.State() == session.Detached; got != tt.want {
			t.Errorf("CLOSE(%v), policy %t: renewed is %t, want %t", tt.code, tt.policy != nil, got, tt.want)
		}
	}
}

// A server's session ends with its client, and a client's with its own Close, whatever the policy.
func TestNoRenewalByOthers(t *testing.T) {
	renew := func(c *session.Config) { c.Renew = always }
	s := newServerPeer(t, profile(t, negotiate.Server, renew))
	s.send(session.Envelope{Kind: session.KindClose, Code: uint64(session.CloseShutdown)})
	c := newClientPeer(t, profile(t, negotiate.Client, renew))
	c.m.Close(c.now, session.CloseShutdown, "")
	c.send(session.Envelope{Kind: session.KindClose, Code: uint64(session.CloseShutdown)})
	for _, x := range []*peer{s, c} {
		if x.saw(session.EventClosed) != 1 || x.saw(session.EventLost) != 0 || x.m.State() != session.Ended {
			t.Errorf("the session whose peer is a %v goes on: %v", x.role, x.m.State())
		}
	}
}

// evict ends the session by its server, with two messages unacknowledged and one that has no
// number, and connects again.
func evict(t *testing.T, p *sessiontest.Pair, opt session.SendOptions) {
	t.Helper()
	p.Server.Busy = true
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "one"}, opt)
	p.Client.Call(session.Normal, sessiontest.Msg{Body: "two"}, session.SendOptions{})
	p.Settle()
	p.Server.Machine.Close(p.Now, session.CloseIdle, "too quiet")
	p.Flush(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "three"}, opt)
	p.Client.Machine.Flush(p.Now)
	p.DeliverDown(p.Conn, 1<<20)
	if s := p.Client.Machine.State(); s != session.Detached {
		t.Fatalf("after CLOSE(idle) the client is %v", s)
	}
}

func attachAnew(t *testing.T, p *sessiontest.Pair) {
	t.Helper()
	p.Forget = true
	p.Server.Busy = false
	if !p.Connect() {
		t.Fatal("not attached to the new session")
	}
	rest(t, p)
}

func TestRenewedSessionGoesOn(t *testing.T) {
	p := pair(t, 2, nil)
	before := p.Client.Machine.ID()
	evict(t, p, session.SendOptions{})
	if sent := p.Client.Sent(); sent[0].Outcome != session.Unknown || sent[1].Outcome != session.Unknown || sent[2].Outcome != 0 {
		t.Errorf("outcomes %v, %v, %v; want unknown, unknown, none", sent[0].Outcome, sent[1].Outcome, sent[2].Outcome)
	}
	lost, _ := p.Client.Last(session.EventLost)
	var why *session.CloseError
	if !errors.As(lost.Err, &why) || why.Code != session.CloseIdle {
		t.Errorf("lost by %v, want the CLOSE", lost.Err)
	}
	if id := p.Client.Machine.ID(); id == before {
		t.Error("the new session has the old one's id")
	}
	attachAnew(t, p)
	if last := p.Server.Got[len(p.Server.Got)-1]; last.Msg.Body != "three" || last.Seq != 1 || last.Dup {
		t.Errorf("the queued message came as %+v, want number 1 of the new session", last)
	}
	if ev, _ := p.Client.Last(session.EventAttached); ev.Resumed {
		t.Error("the new session passes for one that goes on")
	}
	if p.Client.Saw(session.EventFlushed) != 1 || p.Client.Machine.Stats().Lost != 1 {
		t.Errorf("%d flushes ended, %+v", p.Client.Saw(session.EventFlushed), p.Client.Machine.Stats())
	}
}

func TestRenewedSessionSendsAgain(t *testing.T) {
	p := pair(t, 2, func(client, _ *session.Config) { client.OnUnknown = session.Resend })
	evict(t, p, session.SendOptions{})
	attachAnew(t, p)
	sent := p.Client.Sent()
	if sent[0].Outcome != session.Acked || sent[1].Outcome != session.Unknown || sent[2].Outcome != session.Acked {
		t.Errorf("outcomes %v, %v, %v; want acked, unknown for the call, acked", sent[0].Outcome, sent[1].Outcome, sent[2].Outcome)
	}
	if got := p.Server.Got[len(p.Server.Got)-2:]; got[0].Msg.Body != "one" || !got[0].Dup {
		t.Errorf("the new session brought %+v, want one as a maybe-duplicate first", got)
	}
}

// What waits to be sent again and is given up then was perhaps handed over before.
func TestGivenUpBeforeItIsSentAgain(t *testing.T) {
	p := pair(t, 2, func(client, _ *session.Config) { client.OnUnknown = session.Resend })
	evict(t, p, session.SendOptions{TTL: time.Minute})
	p.Advance(2 * time.Minute)
	if sent := p.Client.Sent(); sent[0].Outcome != session.Unknown || sent[2].Outcome != session.Dropped {
		t.Errorf("outcomes %v, %v; want unknown for what was written before, dropped", sent[0].Outcome, sent[2].Outcome)
	}
	attachAnew(t, p)
}

// A handler that is still at a call of the old session must not answer one of the new.
func TestReplyToACallOfTheOldSession(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	call := data(1, "question")
	call.Flags, call.Call = session.FlagCall, 1
	x.send(call)
	old := x.event(session.EventMessage).Call
	x.send(session.Envelope{Kind: session.KindClose, Code: uint64(session.CloseShutdown)})
	y := newPeer(t, profile(t, negotiate.Client, nil), x.m, 2)
	a := y.take(session.KindAttach)
	y.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: a.Generation, First: 1})
	y.send(call)
	if _, err := y.m.Reply(y.now, old, &sessiontest.Msg{}, session.SendOptions{}); !errors.Is(err, session.ErrCallLost) {
		t.Errorf("a reply to the old call: %v, want ErrCallLost", err)
	}
	if _, err := y.m.Fail(y.now, old, "late"); !errors.Is(err, session.ErrCallLost) {
		t.Errorf("a failure of the old call: %v, want ErrCallLost", err)
	}
	y.m.Reply(y.now, y.event(session.EventMessage).Call, &sessiontest.Msg{}, session.SendOptions{})
	y.pump()
	if n := y.wrote(session.KindData); n != 1 {
		t.Fatalf("%d replies were written, want that to the new call only", n)
	}
	if d := y.take(session.KindData); d.Call != 1 {
		t.Errorf("the reply is to call %d of the wire, want 1", d.Call)
	}
}

// A server may end a session before it has ever been attached.
func TestCloseInAnswerToAttach(t *testing.T) {
	for code, want := range map[session.CloseCode]bool{session.CloseShutdown: true, session.CloseHandler: false} {
		p := profile(t, negotiate.Client, nil)
		m := p.New(sessiontest.Epoch)
		x := newPeer(t, p, m, 2)
		x.take(session.KindAttach)
		x.send(session.Envelope{Kind: session.KindClose, Code: uint64(code)})
		if got := m.State() == session.Detached; got != want {
			t.Errorf("CLOSE(%v) in answer to ATTACH: renewed is %t, want %t", code, got, want)
		}
	}
}
