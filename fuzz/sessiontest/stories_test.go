package sessiontest_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/transport/session"
)

const all = 1 << 30 // bytes: whatever is on its way

// Stories that once broke a promise, as the shrinker told them.
func TestStories(t *testing.T) {
	stories := []struct {
		name  string
		seed  uint64
		steps []Step
	}{
		// A server that restarts between two attachments of which the client saw neither answer
		// knows the session, but not what the server before it received.
		{"early data is not sent again to a younger server", 918, []Step{
			{Pump, all, all}, {Lose, 1, 0}, {Send, 0, 6}, {Fragment, 1, 0}, {Restart, 0, 0},
			{Pump, all, all}, {Pump, all, 3}, {Wait, 100_000, 0}, {Pump, 0, 52}, {Fragment, 2, 0},
		}},
		{"early data is not sent again to a server that restarted", 918, []Step{
			{Pump, all, all}, {Lose, 1, 0}, {Send, 0, 6}, {Fragment, 1, 0}, {Restart, 0, 0},
			{Pump, all, all}, {Pump, all, all}, {Pump, all, all},
		}},
		// An acknowledgement that is due while nothing may be sent is no reason to ask for ticks.
		{"no ticks for an acknowledgement before the attachment", 14, []Step{
			{Pump, 0, all}, {Busy, 0, 0}, {Fragment, 1, 0}, {Send, 0, 1}, {Pump, 0, all}, {Cut, 0, 0},
			{Finish, 0, 0}, {Pump, all, all}, {Wait, 16, 0},
		}},
		{"no ticks for an acknowledgement to a server that is no more", 55, []Step{
			{Busy, 0, 0}, {Redial, 0, 0}, {Fragment, 1, 0}, {Send, 0, 7}, {Pump, 0, all}, {Restart, 0, 0},
			{Finish, 0, 0}, {Pump, 0, all}, {Wait, 16, 0}, {Fragment, 1, 0},
		}},
		// The first connection, with early data, comes when its session has ended.
		{"early data of a session that has ended is not taken", 13328, []Step{
			{Pump, 201405, all}, {Send, 0, 2}, {Redial, 0, 3}, {Fragment, 2, 0}, {Evict, 0, 7}, {Late, all, 0},
		}},
		// A client that closes attaches no more: its peer still writes on the connection before.
		{"an acknowledgement goes on the connection that a side has", 11887, []Step{
			{Pump, 217, 168}, {Stall, 0, 3}, {Send, 0, 6}, {Fragment, 1, 1}, {Close, 0, 2},
		}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			if _, err := Simulate(s.seed, s.steps); err != nil {
				t.Error(err)
			}
		})
	}
}

// On a network that works, heartbeats alone keep a connection for as long as it is wanted.
func TestQuietHour(t *testing.T) {
	p, err := NewPair(Configs(1))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Connect() {
		t.Fatal("not attached")
	}
	begin := p.Client.Machine.Stats().BytesIn
	for range 3600 {
		p.Advance(time.Second)
		p.Settle()
	}
	st := p.Client.Machine.Stats()
	if st.Generation != 1 || st.Silences > 0 || p.Client.Saw(session.EventDetached) > 0 {
		t.Errorf("after a quiet hour: %+v", st)
	}
	if got := st.BytesIn - begin; got == 0 || got > 10_000 {
		t.Errorf("an hour of heartbeats took %d bytes", got)
	}
}

// An upgrade waits until a message that is being written in pieces is whole.
func TestNoCutInsideAMessage(t *testing.T) {
	p, err := NewPair(Configs(1))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Connect() {
		t.Fatal("not attached")
	}
	p.Conn.Up.Blocked = true
	long := Msg{Body: strings.Repeat("x", 300_000)}
	if err := p.Client.Send(session.Normal, long, session.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	p.Flush(p.Conn) // the first pieces; the write does not return
	if err := p.Server.Machine.Upgrade(p.Now, 2); err != nil {
		t.Fatal(err)
	}
	p.Flush(p.Conn)
	p.DeliverDown(p.Conn, all)
	p.Conn.Up.Blocked = false
	p.Settle()
	if st := p.Client.Machine.Stats(); st.Version != 2 || st.Generation != 1 || len(p.Server.Got) != 1 {
		t.Errorf("the server got %d messages; the client: %+v", len(p.Server.Got), st)
	}
	p.Advance(time.Second)
	p.Settle()
	if err := p.Check(true); err != nil {
		t.Error(err)
	}
}
