package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func TestReplyOvertakesABusyHandler(t *testing.T) {
	p := pair(t, 2, nil)
	p.Server.Answer = true
	p.Client.Busy = true
	p.Server.Send(session.Normal, sessiontest.Msg{Body: "its handler does not return"}, session.SendOptions{})
	p.Settle()
	p.Client.Call(session.Normal, sessiontest.Msg{Body: "question"}, session.SendOptions{})
	p.Settle()
	if n := p.Client.Sent()[0].Replied; n != 1 {
		t.Errorf("%d replies while a handler runs, want 1", n)
	}
	if s := p.Client.Machine.Stats(); s.Inbox != 2 {
		t.Errorf("%d messages in the inbox, want 2: the reply is not acknowledged before the message in front of it", s.Inbox)
	}
	rest(t, p)
}

func TestFailedCall(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	call, err := x.m.Call(x.now, &sessiontest.Msg{}, session.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x.pump()
	if d := x.take(session.KindData); d.Flags&session.FlagCall == 0 || d.Call != call {
		t.Fatalf("the call went as %+v", d)
	}
	x.send(session.Envelope{Kind: session.KindData, Flags: session.FlagReply | session.FlagExt, Seq: 1, Call: call, Ext: []byte("\x09\x01x\x01\x04busy")})
	ev := x.event(session.EventReply)
	var failed *session.CallError
	if !errors.As(ev.Err, &failed) || failed.Text != "busy" || ev.Call != call || ev.Message != nil {
		t.Errorf("the reply is %+v", ev)
	}
}

func TestFailIsAReplyWithoutPayload(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	call := data(1, "question")
	call.Flags, call.Call = session.FlagCall, 7
	x.send(call)
	if ev := x.event(session.EventMessage); ev.Call != 7 {
		t.Fatalf("the call is %+v", ev)
	}
	x.m.Fail(x.now, 7, "no\nanswer")
	x.pump()
	d := x.take(session.KindData)
	if d.Flags&(session.FlagReply|session.FlagExt) != session.FlagReply|session.FlagExt || d.Call != 7 || len(d.Payload) != 0 || string(d.Ext) != "\x01\x09no?answer" {
		t.Errorf("the failure went as %+v", d)
	}
}

func TestExpiredCallIsTold(t *testing.T) {
	m, _ := queued(t, nil)
	call, _ := m.Call(sessionEpoch, &sessiontest.Msg{}, session.SendOptions{TTL: 1})
	m.Tick(sessionEpoch.Add(1))
	for _, ev := range outcomes(m) {
		if ev.Call == call && ev.Reason == session.Expired {
			return
		}
	}
	t.Error("nobody learned that the call was given up")
}

// A call that goes in fragments is a call, and so is its reply.
func TestCallInFragments(t *testing.T) {
	p := pair(t, 2, nil)
	p.Server.Answer = true
	p.Client.Call(session.Normal, sessiontest.Msg{Body: string(make([]byte, 3*session.MaxFragment))}, session.SendOptions{})
	rest(t, p)
	if got := p.Server.Got[0]; got.Call == 0 {
		t.Error("the server got a message, not a call")
	}
	if n := p.Client.Sent()[0].Replied; n != 1 {
		t.Errorf("%d replies, want 1", n)
	}
}
