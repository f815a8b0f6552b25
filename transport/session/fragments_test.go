package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// attachClient attaches a client's machine to a peer that allows it a window.
func attachClient(t *testing.T, p *session.Profile, m *session.Machine, known session.Flags) *peer {
	t.Helper()
	x := newPeerOf(t, p, m, 2, 4<<20)
	x.attach()
	gen := x.take(session.KindAttach).Generation
	x.send(session.Envelope{Kind: session.KindAttached, Generation: gen, Epoch: 1, First: 1, Flags: known})
	return x
}

// say makes the machine take messages: long ones need several batches.
func (x *peer) say(opt session.SendOptions, bodies ...string) (id uint64) {
	x.t.Helper()
	for _, body := range bodies {
		var err error
		id, err = x.m.Send(x.now, &sessiontest.Msg{Body: body}, opt)
		x.must(err)
	}
	return id
}

// pumpAll reads all that a slow peer has before it.
func (x *peer) pumpAll() {
	x.t.Helper()
	for n := -1; n < len(x.unread); {
		n = len(x.unread)
		x.pump()
	}
}

// bodies takes the DATA that the machine wrote, and returns the bodies of the messages that are whole.
func (x *peer) bodies() (bodies []string) {
	x.t.Helper()
	var parts []byte
	for x.wrote(session.KindData) > 0 {
		e := x.take(session.KindData)
		if parts = append(parts, e.Payload...); e.Flags&session.FlagMore == 0 {
			e.Payload, parts = parts, nil
			bodies = append(bodies, decode(x.t, e).Body)
		}
	}
	return bodies
}

// openFragments are the ways to a message of which some fragments are written.
var openFragments = []struct {
	name   string
	bodies []string
	before uint64 // the highest number that the peer can have received
	open   func(x *peer)
}{
	{"the first time", []string{long, "b", "c", "d"}, 0, func(x *peer) {
		x.pump()
	}},
	{"again", []string{long, "b", "c", "d"}, 0, func(x *peer) {
		x.pumpAll()
		x.send(session.Envelope{Kind: session.KindNack, Seq: 1})
	}},
	{"again, behind one that was refused", []string{"a", long, "c", "d"}, 1, func(x *peer) {
		x.pumpAll()
		x.send(session.Envelope{Kind: session.KindNack, Seq: 1})
	}},
	{"while one before it is to be written again", []string{"a", long, "c", "d"}, 0, func(x *peer) {
		x.pump()
		x.send(session.Envelope{Kind: session.KindNack, Seq: 1})
	}},
	{"as early data", []string{long, "b", "c", "d"}, 0, nil},
}

// fragmentsOpen returns a peer in the middle of a message, as openFragments[i] says.
func fragmentsOpen(t *testing.T, i int) *peer {
	t.Helper()
	tt := openFragments[i]
	p := profile(t, negotiate.Client, func(c *session.Config) { c.EarlyData = tt.open == nil })
	if tt.open == nil {
		x := newPeerOf(t, p, p.New(sessiontest.Epoch), 2, 4<<20)
		x.slow = true
		x.say(session.SendOptions{}, tt.bodies...)
		x.attach()
		x.send(session.Envelope{Kind: session.KindAttached, Generation: 1, Epoch: 1, First: 1})
		return x
	}
	x := attachClient(t, p, p.New(sessiontest.Epoch), 0)
	x.say(session.SendOptions{}, tt.bodies...)
	x.slow = true
	tt.open(x)
	return x
}

// Nobody can have received a message whose fragments are open, nor what is to be written again. Who
// says so all the same would have the memory that the fragments are in.
func TestNumberBeyondOpenFragments(t *testing.T) {
	for i, tt := range openFragments {
		for name, lie := range map[string]func(seq uint64) session.Envelope{
			"done": func(seq uint64) session.Envelope {
				return session.Envelope{Kind: session.KindAck, Done: seq, Received: seq}
			},
			"received": func(seq uint64) session.Envelope { return session.Envelope{Kind: session.KindAck, Received: seq} },
			"refused":  func(seq uint64) session.Envelope { return session.Envelope{Kind: session.KindNack, Seq: seq} },
			"with DATA": func(seq uint64) session.Envelope {
				e := data(1, "x")
				e.Flags, e.Done, e.Received = session.FlagAck, seq, seq
				return e
			},
		} {
			for seq := tt.before + 1; seq <= uint64(len(tt.bodies)); seq++ {
				t.Run(tt.name+"/"+name, func(t *testing.T) {
					x := fragmentsOpen(t, i)
					x.unread = nil
					x.send(lie(seq))
					var violation *session.ProtocolError
					if err := x.event(session.EventDetached).Err; !errors.As(err, &violation) || violation.Section != "6.6" && violation.Section != "6.8" {
						t.Fatalf("%d %s: %v, want a violation of 6.6 or 6.8", seq, name, err)
					}
					x.must(x.m.Audit())
					if n := x.wrote(session.KindData); n > 0 {
						t.Errorf("%d frames after the violation", n)
					}
					y := attachClient(t, profile(t, negotiate.Client, nil), x.m, session.FlagKnown)
					checkBodies(t, y.bodies(), tt.bodies)
				})
			}
		}
	}
}

// Who speaks only of what came before the open fragments is heard, and of them when they are closed.
func TestNumberBeforeOpenFragments(t *testing.T) {
	for i, tt := range openFragments {
		t.Run(tt.name, func(t *testing.T) {
			x := fragmentsOpen(t, i)
			x.send(session.Envelope{Kind: session.KindAck, Done: tt.before, Received: tt.before})
			x.pumpAll()
			for seq := tt.before + 1; seq <= uint64(len(tt.bodies)); seq++ {
				x.send(session.Envelope{Kind: session.KindAck, Done: seq, Received: seq})
			}
			if s := x.m.Stats(); s.State != session.Attached || s.Unacked != 0 {
				t.Errorf("after all was acknowledged the session is %v, with %d messages", s.State, s.Unacked)
			}
			x.must(x.m.Audit())
		})
	}
}

func checkBodies(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("message %d is another, of %d bytes", i+1, len(got[i]))
		}
	}
}

// earlyFragments is a client that has written one batch of its first messages as early data.
func earlyFragments(t *testing.T, window uint64, opt session.SendOptions, bodies ...string) (x *peer, id uint64) {
	t.Helper()
	p := profile(t, negotiate.Client, func(c *session.Config) { c.EarlyData = true })
	x = newPeerOf(t, p, p.New(sessiontest.Epoch), 2, window)
	x.slow = true
	opt.Notify = true
	id = x.say(opt, bodies...)
	x.attach()
	return x, id
}

// A message that was begun as early data is told as what it becomes, when it would have been given up
// by the time of ATTACHED.
func TestEarlyFragmentsAreNotGivenUp(t *testing.T) {
	for name, giveUp := range map[string]func(x *peer, id uint64){
		"expired": func(x *peer, _ uint64) { x.now = x.now.Add(2 * time.Second) },
		"cancelled": func(x *peer, id uint64) {
			if x.m.Cancel(x.now, id) {
				t.Error("what is half written was cancelled")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			x, id := earlyFragments(t, 1<<20, session.SendOptions{TTL: time.Second}, long)
			giveUp(x, id)
			x.send(session.Envelope{Kind: session.KindAttached, Generation: 1, Epoch: 1, First: 1})
			x.pumpAll()
			checkBodies(t, x.bodies(), []string{long})
			if n := x.saw(session.EventOutcome); n > 0 {
				t.Fatalf("its outcome was told before it was known: %+v", x.event(session.EventOutcome))
			}
			x.send(session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
			if ev := x.event(session.EventOutcome); ev.ID != id || ev.Outcome != session.Acked {
				t.Errorf("its outcome is %+v, want acked", ev)
			}
			x.must(x.m.Audit())
		})
	}
}

// What was begun as early data stays in the peer's window.
func TestEarlyFragmentsCountInTheWindow(t *testing.T) {
	x, _ := earlyFragments(t, uint64(len(long)*3/2), session.SendOptions{}, long, long)
	x.send(session.Envelope{Kind: session.KindAttached, Generation: 1, Epoch: 1, First: 1})
	x.pumpAll()
	checkBodies(t, x.bodies(), []string{long})
	x.send(session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
	x.pumpAll()
	checkBodies(t, x.bodies(), []string{long})
	x.must(x.m.Audit())
}
