package session_test

import (
	"fmt"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/transport/session"
)

// transcript is a session with all that a connection may carry: three lanes, calls, replies,
// acknowledgements, an upgrade that both sides ask for, and one back.
type transcript struct {
	p      *sessiontest.Pair
	budget int // bytes until the connection is cut; negative: it is not
	next   int // the budget of the connection after it
}

func newTranscript(t testing.TB, budget, next int) *transcript {
	t.Helper()
	client, server := sessiontest.Configs(1)
	server.Offer.Prefer = []codec.Version{1}
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Server.Answer = true
	return &transcript{p: p, budget: budget, next: next}
}

// carry delivers all that is on its way, byte by byte near the cut, and cuts when the budget
// is spent. Then it connects again.
func (tr *transcript) carry() {
	p := tr.p
	if p.Conn == nil {
		p.Dial()
	}
	for idle := 0; idle < 2; {
		p.Flush(p.Conn)
		moved := 0
		for _, deliver := range []func(*sessiontest.Conn, int) int{p.DeliverUp, p.DeliverDown} {
			n := 1 << 20
			if tr.budget >= 0 {
				n = tr.budget
			}
			k := deliver(p.Conn, n)
			moved += k
			if tr.budget >= 0 {
				tr.budget -= k
			}
			if tr.budget == 0 {
				p.Cut(p.Conn)
				p.Dial()
				tr.budget, tr.next = tr.next, -1
				moved = 1
				break
			}
		}
		idle++
		if moved > 0 {
			idle = 0
		}
	}
}

// play goes through the session and returns how many bytes it took in all.
func (tr *transcript) play() {
	p := tr.p
	send := func(s *sessiontest.Side, lanes ...session.Lane) {
		for i, l := range lanes {
			if s.Machine != nil {
				s.Send(l, sessiontest.Msg{Body: fmt.Sprint("message ", i)}, session.SendOptions{})
			}
		}
	}
	upgrade := func(s *sessiontest.Side, v codec.Version) {
		if s.Machine != nil {
			s.Machine.Upgrade(p.Now, v)
		}
	}
	tr.carry()
	send(p.Client, session.Normal, session.Low, session.High, session.Normal)
	p.Client.Call(session.Normal, sessiontest.Msg{Body: "question"}, session.SendOptions{})
	send(p.Server, session.Normal, session.High)
	tr.carry()
	send(p.Client, session.Normal)
	upgrade(p.Server, 2)
	upgrade(p.Client, 3)
	send(p.Server, session.Normal, session.Normal)
	tr.carry()
	send(p.Client, session.Low, session.Normal)
	p.Client.Call(session.High, sessiontest.Msg{Body: "fail"}, session.SendOptions{})
	upgrade(p.Client, 1)
	tr.carry()
	send(p.Server, session.Normal)
	tr.carry()
}

func (tr *transcript) check(t *testing.T) {
	t.Helper()
	if !tr.p.Finish() {
		t.Fatalf("no rest: client %+v, server %+v", tr.p.Client.Machine.Stats(), tr.p.Server.Machine.Stats())
	}
	if err := tr.p.Check(true); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*sessiontest.Side{tr.p.Client, tr.p.Server} {
		for _, m := range s.Sent() {
			if m.Outcome != session.Acked {
				t.Fatalf("%s: message %d: %v %v, want acked: no connection was lost together with a session", s.Name, m.Msg.N, m.Outcome, m.Reason)
			}
			if m.Call != 0 && m.Replied != 1 {
				t.Fatalf("%s: call %d got %d replies", s.Name, m.Msg.N, m.Replied)
			}
		}
		if s.Saw(session.EventLost) != 0 {
			t.Fatalf("%s: the session was lost", s.Name)
		}
	}
}

func wholeTranscript(t *testing.T) int {
	tr := newTranscript(t, -1, -1)
	tr.play()
	tr.check(t)
	c, s := tr.p.Client, tr.p.Server
	if c.Saw(session.EventUpgraded) != 2 || s.Saw(session.EventUpgraded) != 2 {
		t.Fatalf("%d and %d upgrades in the transcript, want 2", c.Saw(session.EventUpgraded), s.Saw(session.EventUpgraded))
	}
	return tr.p.Conn.Up.Total + tr.p.Conn.Down.Total
}

func TestTranscriptCutAtEveryByte(t *testing.T) {
	total := wholeTranscript(t)
	for k := 1; k <= total; k++ {
		tr := newTranscript(t, k, -1)
		tr.play()
		tr.check(t)
	}
}

func TestTranscriptCutTwice(t *testing.T) {
	total := wholeTranscript(t)
	for k := 1; k <= total; k += 41 {
		for j := 1; j <= total; j += 97 {
			tr := newTranscript(t, k, j)
			tr.play()
			tr.check(t)
		}
	}
}
