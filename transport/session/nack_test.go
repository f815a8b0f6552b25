package session_test

import (
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// pair connects a pair that begins in a version.
func pair(t *testing.T, begin codec.Version, change func(client, server *session.Config)) *sessiontest.Pair {
	t.Helper()
	client, server := sessiontest.Configs(1)
	server.Offer.Prefer = []codec.Version{begin}
	if change != nil {
		change(&client, &server)
	}
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Connect() {
		t.Fatal("not attached")
	}
	return p
}

// rest brings a pair to rest and checks it.
func rest(t *testing.T, p *sessiontest.Pair) {
	t.Helper()
	if !p.Finish() {
		t.Fatalf("no rest: client %+v, server %+v", p.Client.Machine.Stats(), p.Server.Machine.Stats())
	}
	if err := p.Check(true); err != nil {
		t.Fatal(err)
	}
}

func TestUndecodableMessageIsGivenUp(t *testing.T) {
	p := pair(t, 2, nil)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "good"}, session.SendOptions{})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "bad", Bad: 0xff}, session.SendOptions{})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "good"}, session.SendOptions{})
	rest(t, p)
	sent := p.Client.Sent()
	if sent[1].Outcome != session.Dropped || sent[1].Reason != session.Undecodable {
		t.Errorf("the bad message: %v %v", sent[1].Outcome, sent[1].Reason)
	}
	if len(p.Server.Got) != 2 || p.Server.Got[1].Seq != 3 {
		t.Errorf("the server got %+v, want messages 1 and 3", p.Server.Got)
	}
	if ev, ok := p.Server.Last(session.EventGap); !ok || ev.Seq != 2 || ev.Reason != session.Undecodable {
		t.Errorf("the gap is %+v", ev)
	}
	if n := p.Server.Machine.Stats().Nacks; n != 3 {
		t.Errorf("%d NACKs, want 3", n)
	}
}

func TestSecondNackDowngrades(t *testing.T) {
	p := pair(t, 1, nil)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "proves version 1"}, session.SendOptions{})
	p.Settle()
	p.Server.Machine.Upgrade(p.Now, 2)
	p.Settle()
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "bad in version 2", Bad: 1 << 2}, session.SendOptions{})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "good"}, session.SendOptions{})
	rest(t, p)
	for _, m := range p.Client.Sent() {
		if m.Outcome != session.Acked {
			t.Errorf("message %d: %v %v", m.Msg.N, m.Outcome, m.Reason)
		}
	}
	if v := p.Client.Machine.Stats().Version; v != 1 {
		t.Errorf("the sides speak %v, want the last version that worked, v1", v)
	}
	if n := p.Server.Machine.Stats().Nacks; n != 2 {
		t.Errorf("%d NACKs, want 2", n)
	}
	if n := p.Client.Saw(session.EventDetached); n != 0 {
		t.Errorf("the connection broke %d times: what was discarded counts in the CUT's last", n)
	}
}

func TestNoDowngrade(t *testing.T) {
	p := pair(t, 1, func(client, server *session.Config) { client.NoDowngrade = true })
	p.Server.Machine.Upgrade(p.Now, 2)
	p.Settle()
	p.Client.Send(session.Normal, sessiontest.Msg{Bad: 1 << 2}, session.SendOptions{})
	rest(t, p)
	if m := p.Client.Sent()[0]; m.Reason != session.Undecodable {
		t.Errorf("%v %v, want dropped undecodable", m.Outcome, m.Reason)
	}
	if v := p.Client.Machine.Stats().Version; v != 2 {
		t.Errorf("the sides speak %v, want v2", v)
	}
}

// What follows a message that was refused, fragments too, is discarded until it comes again.
func TestNackDiscardsWhatFollows(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	bad := session.Envelope{Kind: session.KindData, Seq: 1, Payload: []byte("short")}
	x.send(bad)
	if n := x.take(session.KindNack); n.Seq != 1 {
		t.Fatalf("NACK of %d", n.Seq)
	}
	further := data(3, "x")
	further.Flags = session.FlagCont
	for _, e := range []session.Envelope{data(2, "x"), further, {Kind: session.KindGap, Seq: 4, Code: 1}} {
		x.send(e)
	}
	if x.saw(session.EventMessage) != 0 || x.wrote(session.KindNack) != 0 {
		t.Fatal("what followed the refused message was not discarded")
	}
	for seq := range uint64(3) {
		x.send(data(seq+1, "x"))
	}
	if n := x.saw(session.EventMessage); n != 3 {
		t.Errorf("%d messages after the sender went back, want 3", n)
	}
}

// A NACK that comes while a message is written in fragments waits for its last one.
func TestNackBetweenFragments(t *testing.T) {
	p := pair(t, 2, nil)
	p.Client.Send(session.Normal, sessiontest.Msg{Bad: 1 << 2}, session.SendOptions{})
	p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 300_000))}, session.SendOptions{})
	p.Conn.Up.Blocked = true
	p.Flush(p.Conn)
	p.DeliverUp(p.Conn, 1<<20)
	p.DeliverDown(p.Conn, 1<<20) // the NACK arrives after the first fragment
	p.Conn.Up.Blocked = false
	rest(t, p)
	if n := len(p.Server.Got); n != 1 {
		t.Errorf("the server got %d messages, want 1", n)
	}
}
