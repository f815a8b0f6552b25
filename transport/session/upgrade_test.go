package session_test

import (
	"errors"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

func TestUpgradeTranscodesWhatWaits(t *testing.T) {
	p := pair(t, 1, nil)
	p.Conn.Up.Blocked = true
	for range 3 {
		p.Client.Send(session.Normal, sessiontest.Msg{Body: "encoded in version 1"}, session.SendOptions{})
		p.Flush(p.Conn)
	}
	p.Server.Machine.Upgrade(p.Now, 3)
	p.Settle()
	p.Conn.Up.Blocked = false
	rest(t, p)
	for _, s := range []*sessiontest.Side{p.Client, p.Server} {
		if ev, ok := s.Last(session.EventUpgraded); !ok || ev.Version != 3 {
			t.Errorf("%s: upgraded to %v", s.Name, ev.Version)
		}
	}
	if n := len(p.Server.Got); n != 3 {
		t.Errorf("the server got %d messages", n)
	}
}

func TestReconnectInAnotherVersionTranscodes(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil)) // version 2
	x.m.Send(x.now, &sessiontest.Msg{N: 1, Body: "b"}, session.SendOptions{})
	x.pump()
	x.m.Detach(x.now, 1, errors.New("cut"))
	y := newPeer(t, profile(t, negotiate.Client, nil), x.m, 1)
	y.send(session.Envelope{Kind: session.KindAttached, Flags: session.FlagKnown, Generation: 2, Epoch: 5, First: 1})
	if d := y.take(session.KindData); string(d.Payload) != "1 0 0 b" || d.Seq != 1 {
		t.Errorf("in version 1 the message is %q, number %d", d.Payload, d.Seq)
	}
}

func TestWhatTheVersionCannotCarry(t *testing.T) {
	p := pair(t, 1, nil)
	var loss *codec.LossError
	if err := p.Client.Send(session.Normal, sessiontest.Msg{New: 1}, session.SendOptions{}); !errors.As(err, &loss) {
		t.Errorf("Send in version 1: %v, want a *codec.LossError", err)
	}
	p.Cut(p.Conn)
	p.Client.Send(session.Normal, sessiontest.Msg{New: 1}, session.SendOptions{}) // kept in the newest version
	p.Client.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Connect() // in version 1 again
	rest(t, p)
	sent := p.Client.Sent()
	if sent[0].Reason != session.Unencodable || sent[1].Outcome != session.Acked {
		t.Errorf("%v %v, %v; want dropped unencodable, acked", sent[0].Outcome, sent[0].Reason, sent[1].Outcome)
	}
}

func TestDowngradeThatWouldLoseIsNotProposed(t *testing.T) {
	p := pair(t, 2, nil)
	p.Conn.Up.Blocked = true
	for range 2 {
		p.Client.Send(session.Normal, sessiontest.Msg{New: 1}, session.SendOptions{})
		p.Flush(p.Conn)
	}
	var loss *codec.LossError
	if err := p.Client.Machine.Upgrade(p.Now, 1); !errors.As(err, &loss) {
		t.Errorf("Upgrade: %v, want a *codec.LossError", err)
	}
	if err := p.Server.Machine.Upgrade(p.Now, 1); err != nil {
		t.Fatal(err)
	}
	p.Settle()
	p.Conn.Up.Blocked = false
	rest(t, p)
	ev, ok := p.Server.Last(session.EventUpgradeFailed)
	var why *session.RejectedError
	if !ok || !errors.As(ev.Err, &why) || why.Code != negotiate.RejectLoss {
		t.Errorf("the server's downgrade: %v, want rejected for loss", ev.Err)
	}
	if p.Client.Machine.Stats().Version != 2 {
		t.Error("the version changed")
	}
}

// The dialect is not switched while a message's fragments are open.
func TestUpgradeBetweenFragments(t *testing.T) {
	p := pair(t, 1, nil)
	p.Client.Send(session.Normal, sessiontest.Msg{Body: string(make([]byte, 300_000))}, session.SendOptions{})
	p.Conn.Up.Blocked = true
	p.Flush(p.Conn) // the first fragments
	p.Server.Machine.Upgrade(p.Now, 2)
	p.Settle()
	p.Conn.Up.Blocked = false
	rest(t, p)
	if s := p.Server.Machine.Stats(); s.Nacks != 0 || s.Attaches != 1 || s.Upgrades != 1 || len(p.Server.Got) != 1 {
		t.Errorf("%d NACKs, %d attaches, %d upgrades, %d messages", s.Nacks, s.Attaches, s.Upgrades, len(p.Server.Got))
	}
}

// What CUT counts begins anew with a connection, but for what was received before.
func TestUpgradeRightAfterReconnect(t *testing.T) {
	p := pair(t, 1, nil)
	p.Client.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Server.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{})
	p.Settle()
	p.Cut(p.Conn)
	p.Connect()
	p.Server.Machine.Upgrade(p.Now, 2)
	rest(t, p)
	if s := p.Client.Machine.Stats(); s.Upgrades != 1 || s.Attaches != 2 {
		t.Errorf("%d upgrades, %d attaches; want 1 and 2", s.Upgrades, s.Attaches)
	}
}

func TestUpgradePolicy(t *testing.T) {
	p := pair(t, 1, func(client, server *session.Config) {
		client.AcceptUpgrade = func(from, to codec.Version) bool { return to != 3 }
	})
	p.Server.Machine.Upgrade(p.Now, 3)
	p.Settle()
	p.Server.Machine.Upgrade(p.Now, 2)
	rest(t, p)
	if p.Server.Saw(session.EventUpgradeFailed) != 1 || p.Server.Saw(session.EventUpgraded) != 1 {
		t.Errorf("%d failed, %d done; want one of each", p.Server.Saw(session.EventUpgradeFailed), p.Server.Saw(session.EventUpgraded))
	}
}

func TestUpgradeWithoutConnection(t *testing.T) {
	m, _ := queued(t, nil)
	var failed *session.UpgradeError
	if err := m.Upgrade(sessionEpoch, 2); !errors.As(err, &failed) {
		t.Errorf("Upgrade: %v, want an *UpgradeError", err)
	}
}

// Data is held from the own PROBE until the peer's; control frames are not.
func TestUpgradeHoldsDataOnly(t *testing.T) {
	p := pair(t, 1, nil)
	p.Server.Machine.Upgrade(p.Now, 2)
	p.Flush(p.Conn)
	p.DeliverDown(p.Conn, 1<<20) // PROPOSE; the client accepts, cuts and holds
	up := p.Conn.Up.Total
	p.Client.Send(session.Normal, sessiontest.Msg{Body: "held"}, session.SendOptions{})
	p.Flush(p.Conn)
	if p.Conn.Up.Total != up {
		t.Error("data was written between the own PROBE and the peer's")
	}
	rest(t, p)
}

// A CUT may not stand between the fragments of a message.
func TestCutBetweenFragments(t *testing.T) {
	x := newServerPeer(t, profile(t, negotiate.Server, nil))
	first := data(1, "a fragment")
	first.Flags = session.FlagMore
	x.send(first)
	x.send(session.Envelope{Kind: session.KindCut, Epoch: 1, Last: 1, Frames: 9})
	var violation *session.ProtocolError
	if ev := x.event(session.EventDetached); !errors.As(ev.Err, &violation) || violation.Section != "7.4" {
		t.Errorf("the connection ended by %v, want a violation of 7.4", ev.Err)
	}
}
