package session_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// flood is a client's machine that sends many messages of whose acknowledgement it mostly does not
// want to hear, so that they are settled in runs, and a model of what it owes.
type flood struct {
	*peer
	rnd       *rand.Rand
	p         *session.Profile
	told      map[uint64]bool // by the ids of messages without an outcome: their sender hears of it
	cancelled map[uint64]bool // in vain until the next attachment
	ids       map[uint64]uint64
	lastID    uint64
	flushes   map[uint64]uint64 // which id each waits for
	done      uint64            // by the peer
	got       uint64            // that it has said it has received
	last      uint64            // that it has received
	due       map[uint64]session.Outcome
}

func newFlood(t *testing.T, seed uint64) *flood {
	f := &flood{rnd: rand.New(rand.NewPCG(seed, 3)), p: profile(t, negotiate.Client, nil), told: map[uint64]bool{},
		cancelled: map[uint64]bool{}, ids: map[uint64]uint64{}, flushes: map[uint64]uint64{}, due: map[uint64]session.Outcome{}}
	f.connect(t, f.p.New(sessiontest.Epoch))
	return f
}

// connect attaches the machine to a peer that has received messages up to one of the last.
func (f *flood) connect(t *testing.T, m *session.Machine) {
	e := session.Envelope{Kind: session.KindAttached, Epoch: 5, First: 1}
	if f.peer != nil {
		f.last = f.got + f.rnd.Uint64N(f.last-f.got+1)
		e.Flags, e.Received, f.got = session.FlagKnown, f.last, f.last
	}
	for seq, id := range f.ids {
		if seq > f.last && f.cancelled[id] {
			f.settle(id, session.Dropped)
		}
	}
	f.peer = newPeerOf(t, f.p, m, 2, 1<<18)
	f.attach()
	e.Generation = f.take(session.KindAttach).Generation
	f.send(e)
}

// settle notes an outcome that is due.
func (f *flood) settle(id uint64, o session.Outcome) {
	if o == session.Dropped || f.told[id] {
		f.due[id] = o
	}
	delete(f.told, id)
	delete(f.cancelled, id)
}

func (f *flood) step(t *testing.T) {
	switch op := f.rnd.IntN(100); {
	case op < 60:
		o := session.SendOptions{Notify: f.rnd.IntN(40) == 0}
		if f.rnd.IntN(20) == 0 {
			o.Lane = session.Lane(f.rnd.IntN(3))
		}
		for range f.rnd.IntN(30) {
			f.give(f.rnd.IntN(200), o)
		}
	case op < 62:
		f.give(70_000, session.SendOptions{}) // in fragments
	case op < 64: // most of a chunk is given up
		for first := f.lastID; f.lastID < first+500; {
			f.give(100, session.SendOptions{})
			if id := f.lastID; id%20 > 0 && f.m.Cancel(f.now, id) {
				f.settle(id, session.Dropped)
			}
		}
		f.pump()
	case op < 75:
		f.pump()
	case op < 90 && f.last > f.done:
		f.acknowledge()
	case op < 93:
		id := f.m.Flush(f.now)
		f.flushes[id], f.lastID = f.lastID, id
	case op < 97 && f.lastID > 0:
		id := f.lastID - f.rnd.Uint64N(min(f.lastID, 500))
		if _, open := f.told[id]; !open {
			break
		}
		if f.m.Cancel(f.now, id) {
			f.settle(id, session.Dropped)
			f.pump()
		} else {
			f.cancelled[id] = true
		}
	case op < 98:
		f.m.Detach(f.now, f.gen, sessiontest.ErrCut)
		f.pump()
		f.hear(t)
		for range f.rnd.IntN(100) { // in the newest version, which the peer does not speak
			f.give(f.rnd.IntN(200), session.SendOptions{})
		}
		f.connect(t, f.m)
	}
	f.hear(t)
}

func (f *flood) give(size int, o session.SendOptions) {
	id, err := f.m.Send(f.now, &sessiontest.Msg{N: f.lastID, Body: strings.Repeat("x", size)}, o)
	f.must(err)
	f.told[id], f.lastID = o.Notify, id
}

// acknowledge says that some messages are done, and perhaps that one of them was dropped.
func (f *flood) acknowledge() {
	e := session.Envelope{Kind: session.KindAck, Done: f.done + 1 + f.rnd.Uint64N(f.last-f.done), Received: f.last}
	if f.rnd.IntN(3) == 0 {
		e.Dropped = f.done + 1 + f.rnd.Uint64N(e.Done-f.done)
	}
	f.got = f.last
	for f.done < e.Done {
		f.done++
		id, sent := f.ids[f.done]
		delete(f.ids, f.done)
		switch _, open := f.told[id]; {
		case !sent || !open: // a GAP
		case f.done == e.Dropped:
			f.settle(id, session.Dropped)
		default:
			f.settle(id, session.Acked)
		}
	}
	f.send(e)
}

// hear compares what the machine tells with what is due.
func (f *flood) hear(t *testing.T) {
	t.Helper()
	for i, e := range f.unread {
		switch e.Kind {
		case session.KindData:
			if e.Flags&session.FlagMore != 0 { // the other half is next, whatever is written
				next := f.unread[i+1]
				next.Payload = append(e.Payload, next.Payload...)
				f.unread[i+1] = next
				continue
			}
			f.ids[e.Seq] = idOf(decode(t, e))
			fallthrough
		case session.KindGap:
			f.last = max(f.last, e.Seq)
		}
	}
	f.unread = nil
	for _, ev := range f.events {
		switch ev.Kind {
		case session.EventOutcome:
			if f.due[ev.ID] != ev.Outcome {
				t.Fatalf("message %d is %v (%v), want %v", ev.ID, ev.Outcome, ev.Reason, f.due[ev.ID])
			}
			delete(f.due, ev.ID)
		case session.EventFlushed:
			upTo := f.flushes[ev.ID]
			delete(f.flushes, ev.ID)
			for id := range f.told {
				if id <= upTo {
					t.Fatalf("flush %d has ended before message %d", ev.ID, id)
				}
			}
		}
	}
	f.events = nil
	for id, o := range f.due {
		t.Fatalf("message %d is %v, and nobody was told", id, o)
	}
	if err := f.m.Audit(); err != nil {
		t.Fatal(err)
	}
}

// idOf is the id that a message will get: its text names the one before.
func idOf(m *sessiontest.Msg) uint64 { return m.N + 1 }

func TestAcknowledgedInRuns(t *testing.T) {
	for seed := range uint64(40) {
		f := newFlood(t, seed)
		for range 400 {
			if f.step(t); t.Failed() {
				return
			}
		}
		for f.last > f.done || len(f.told) > 0 {
			f.pump()
			f.hear(t)
			f.acknowledge()
			f.hear(t)
		}
		if len(f.flushes) > 0 {
			t.Fatalf("seed %d: %d flushes have not ended", seed, len(f.flushes))
		}
	}
}

// A message that is refused until it is given up, in the middle of a run, confuses nothing when the
// peer acknowledges the one before it, before the GAP can be written.
func TestGivenUpInARun(t *testing.T) {
	x := inARush(t, nil, negotiate.Offer{Window: 1 << 20})
	x.queue(3, 100)
	x.pump()
	nack := session.Envelope{Kind: session.KindNack, Seq: 2}
	x.send(nack)
	x.send(nack)
	x.tell(nack, session.Envelope{Kind: session.KindAck, Done: 1, Received: 1})
	if ev := x.event(session.EventOutcome); ev.ID != 2 || ev.Reason != session.Undecodable {
		t.Errorf("message %d is %v, %v; want 2, undecodable", ev.ID, ev.Outcome, ev.Reason)
	}
	x.must(x.m.Audit())
	x.pump()
	x.send(session.Envelope{Kind: session.KindAck, Done: 3, Received: 3})
	x.must(x.m.Audit())
	if s := x.m.Stats(); s.Unacked != 0 || s.QueueBytes != 0 {
		t.Errorf("%d messages are not acknowledged, %d bytes are queued; want none", s.Unacked, s.QueueBytes)
	}
}

// The memory for runs has a bound, whatever the lanes that messages are sent in.
func TestRunsAreFew(t *testing.T) {
	x := inARush(t, nil, negotiate.Offer{Window: 1 << 20})
	const n = 3000
	before := x.m.Held()
	for i := range n {
		_, err := x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{Lane: session.Lane(i % 2), Notify: i == 2000})
		x.must(err)
		x.pump()
	}
	x.must(x.m.Audit())
	if r := x.m.Runs(); r != session.MaxRuns {
		t.Errorf("%d runs, want %d", r, session.MaxRuns)
	}
	if held := x.m.Held() - before; held < n*(session.ItemSize+18)+session.MaxRuns*session.RunSize {
		t.Errorf("%d bytes are held, less than the messages and the runs take", held)
	}
	for _, done := range []uint64{500, 1500, 2500, n} {
		x.send(session.Envelope{Kind: session.KindAck, Done: done, Received: n})
		x.must(x.m.Audit())
	}
	if s := x.m.Stats(); s.QueueBytes != 0 || x.saw(session.EventOutcome) != 1 {
		t.Errorf("%d bytes are queued, %d outcomes were told; want 0 and 1", s.QueueBytes, x.saw(session.EventOutcome))
	}
	if held := x.m.Held() - before; held < n*session.ItemSize*9/10 {
		t.Errorf("%d bytes are held, less than the places take, which are spare now", held)
	}
}
