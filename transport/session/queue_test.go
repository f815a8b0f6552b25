package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// decode returns the message in a DATA of version 2.
func decode(t testing.TB, e session.Envelope) *sessiontest.Msg {
	t.Helper()
	m, err := sessiontest.Protocol(false).Releases[1].Codec.Decode(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sessiontest.Msg)
}

// queued returns a client's machine that is not connected, with its options.
func queued(t *testing.T, change func(*session.Config)) (*session.Machine, *session.Profile) {
	t.Helper()
	p := profile(t, negotiate.Client, change)
	return p.New(sessionEpoch), p
}

// outcomes takes a machine's events and returns what became of each message.
func outcomes(m *session.Machine) map[uint64]session.Event {
	all := map[uint64]session.Event{}
	for ev := (session.Event{}); m.Next(&ev); {
		if ev.Kind == session.EventOutcome {
			all[ev.ID] = ev
		}
	}
	return all
}

// connect attaches a machine to a peer of version 2 that has not seen it before.
func connect(t *testing.T, p *session.Profile, m *session.Machine) *peer {
	t.Helper()
	x := newPeer(t, p, m, 2)
	a := x.take(session.KindAttach)
	x.send(session.Envelope{Kind: session.KindAttached, Generation: a.Generation, Epoch: 5, First: 1})
	return x
}

func TestLanesByPriorityWithoutStarvation(t *testing.T) {
	m, p := queued(t, nil)
	for i := range 40 {
		for _, l := range []session.Lane{session.Low, session.Normal, session.High} {
			if i < 4 || l == session.High {
				m.Send(sessionEpoch, &sessiontest.Msg{Lane: uint8(l)}, session.SendOptions{Lane: l})
			}
		}
	}
	x := connect(t, p, m)
	var order []session.Lane
	for seq := uint64(1); x.wrote(session.KindData) > 0; seq++ {
		e := x.take(session.KindData)
		if e.Seq != seq {
			t.Fatalf("seq %d after %d", e.Seq, seq-1)
		}
		order = append(order, session.Lane(decode(t, e).Lane))
		x.send(session.Envelope{Kind: session.KindAck, Done: seq, Received: seq})
	}
	if len(order) != 48 {
		t.Fatalf("%d messages, want 48", len(order))
	}
	for i, want := range map[int]session.Lane{0: session.High, 15: session.High, 16: session.Normal, 17: session.High, 33: session.Normal} {
		if order[i] != want {
			t.Errorf("message %d is of lane %v, want %v: %v", i, order[i], want, order)
		}
	}
}

func TestLowLaneIsNotStarved(t *testing.T) {
	m, p := queued(t, nil)
	m.Send(sessionEpoch, &sessiontest.Msg{Lane: uint8(session.Low)}, session.SendOptions{Lane: session.Low})
	for range 60 {
		m.Send(sessionEpoch, &sessiontest.Msg{}, session.SendOptions{})
	}
	x := connect(t, p, m)
	for i := uint64(1); ; i++ {
		e := x.take(session.KindData)
		if session.Lane(decode(t, e).Lane) == session.Low {
			if i != 17 {
				t.Errorf("the low lane had its turn as message %d, want 17", i)
			}
			return
		}
		x.send(session.Envelope{Kind: session.KindAck, Done: i, Received: i})
	}
}

func TestQueueIsBoundedOverAllLanes(t *testing.T) {
	m, _ := queued(t, func(c *session.Config) { c.Queue = 8000 })
	fill := func(l session.Lane) (n int) {
		for {
			_, err := m.Send(sessionEpoch, &sessiontest.Msg{Body: string(make([]byte, 118))}, session.SendOptions{Lane: l})
			if errors.Is(err, session.ErrQueueFull) {
				return n
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	// A message costs 18 + 118 + 64 = 200 bytes. The last eighth is for the high lane.
	if n := fill(session.Low); n != 35 {
		t.Errorf("%d messages in the low lane, want 35", n)
	}
	if n := fill(session.Normal); n != 0 {
		t.Errorf("the normal lane has room for %d messages beside a full low lane", n)
	}
	if n := fill(session.High); n != 5 {
		t.Errorf("the high lane keeps room for %d messages, want 5", n)
	}
	if s := m.Stats(); s.QueueBytes != 8000 || s.Queued != 40 {
		t.Errorf("%d bytes in %d messages queued", s.QueueBytes, s.Queued)
	}
	m, _ = queued(t, func(c *session.Config) { c.Queue = 8000 })
	var large *session.TooLargeError
	if _, err := m.Send(sessionEpoch, &sessiontest.Msg{Body: string(make([]byte, 9000))}, session.SendOptions{}); !errors.As(err, &large) {
		t.Errorf("a message larger than the queue: %v", err)
	}
}

func TestRoomIsTold(t *testing.T) {
	p := profile(t, negotiate.Client, func(c *session.Config) { c.Queue = 800 })
	x := newClientPeer(t, p)
	var err error
	for err == nil {
		_, err = x.m.Send(x.now, &sessiontest.Msg{Body: string(make([]byte, 82))}, session.SendOptions{})
	}
	x.pump()
	if x.saw(session.EventRoom) != 0 {
		t.Fatal("room in a full queue")
	}
	n := uint64(x.wrote(session.KindData))
	x.send(session.Envelope{Kind: session.KindAck, Done: n, Received: n})
	x.event(session.EventRoom)
}

func TestDropOldest(t *testing.T) {
	m, _ := queued(t, func(c *session.Config) { c.Queue, c.Overflow = 1600, session.DropOldest })
	send := func(l session.Lane) uint64 {
		id, err := m.Send(sessionEpoch, &sessiontest.Msg{Body: string(make([]byte, 118))}, session.SendOptions{Lane: l})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	low, normal := send(session.Low), send(session.Normal)
	for range 5 {
		send(session.Normal)
	}
	if len(outcomes(m)) != 0 {
		t.Fatal("dropped while there was room")
	}
	send(session.Normal)
	if ev := outcomes(m); len(ev) != 1 || ev[low].Reason != session.Overflowed {
		t.Fatalf("dropped %+v, want the low lane's message first", ev)
	}
	send(session.Normal)
	if ev := outcomes(m); len(ev) != 1 || ev[normal].Outcome != session.Dropped {
		t.Fatalf("dropped %+v, want the oldest of the normal lane", ev)
	}
	for range 8 { // fills the queue with high messages
		send(session.High)
	}
	outcomes(m)
	if _, err := m.Send(sessionEpoch, &sessiontest.Msg{}, session.SendOptions{Lane: session.Low}); !errors.Is(err, session.ErrQueueFull) {
		t.Errorf("a low message among high ones: %v, want ErrQueueFull", err)
	}
}

func TestMessageExpires(t *testing.T) {
	m, p := queued(t, nil)
	short, _ := m.Send(sessionEpoch, &sessiontest.Msg{N: 1}, session.SendOptions{TTL: time.Second})
	long, _ := m.Send(sessionEpoch, &sessiontest.Msg{N: 2}, session.SendOptions{TTL: time.Hour})
	if d := m.Deadline(); !d.Equal(sessionEpoch.Add(time.Second)) {
		t.Fatalf("the deadline is %v, want the first message's", d)
	}
	m.Tick(sessionEpoch.Add(time.Second))
	if ev := outcomes(m); len(ev) != 1 || ev[short].Reason != session.Expired {
		t.Fatalf("after a second: %+v", ev)
	}
	x := connect(t, p, m)
	if e := x.take(session.KindData); decode(t, e).N != 2 || x.wrote(session.KindData) != 0 {
		t.Errorf("the expired message was written, or message %d was not", long)
	}
}

func TestExpiredMessageWithANumberBecomesGap(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	id, _ := x.m.Send(x.now, &sessiontest.Msg{N: 1}, session.SendOptions{TTL: time.Second})
	x.m.Send(x.now, &sessiontest.Msg{N: 2}, session.SendOptions{})
	x.pump()
	x.m.Detach(x.now, 1, errors.New("cut"))
	outcomes(x.m)
	p := profile(t, negotiate.Client, nil)
	x.m.Tick(x.now.Add(time.Minute))
	y := newPeer(t, p, x.m, 2)
	y.take(session.KindAttach)
	y.send(session.Envelope{Kind: session.KindAttached, Flags: session.FlagKnown, Generation: 2, Epoch: 5, First: 1})
	if g := y.take(session.KindGap); g.Seq != 1 || session.Reason(g.Code) != session.Expired {
		t.Errorf("GAP is %+v", g)
	}
	if d := y.take(session.KindData); d.Seq != 2 {
		t.Errorf("after the GAP comes %d", d.Seq)
	}
	if ev := y.event(session.EventOutcome); ev.ID != id || ev.Outcome != session.Dropped || ev.Reason != session.Expired || ev.Seq != 1 {
		t.Errorf("the outcome is %+v", ev)
	}
}

func TestCancel(t *testing.T) {
	m, p := queued(t, nil)
	a, _ := m.Send(sessionEpoch, &sessiontest.Msg{N: 1}, session.SendOptions{})
	b, _ := m.Send(sessionEpoch, &sessiontest.Msg{N: 2}, session.SendOptions{})
	if !m.Cancel(sessionEpoch, a) || m.Cancel(sessionEpoch, a) {
		t.Error("a queued message is cancelled once")
	}
	x := connect(t, p, m)
	if decode(t, x.take(session.KindData)).N != 2 {
		t.Error("the cancelled message was written")
	}
	if m.Cancel(sessionEpoch, b) {
		t.Error("a message with a number was cancelled")
	}
}

func TestFlush(t *testing.T) {
	x := newClientPeer(t, profile(t, negotiate.Client, nil))
	empty := x.m.Flush(x.now)
	x.pump()
	if x.event(session.EventFlushed).ID != empty {
		t.Fatal("nothing is pending, and Flush waits")
	}
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{})
	id := x.m.Flush(x.now)
	x.m.Send(x.now, &sessiontest.Msg{}, session.SendOptions{Lane: session.High}) // overtakes them
	x.pump()
	if a := x.take(session.KindAck); a.Flags&session.FlagAsk == 0 {
		t.Error("Flush does not ask for an acknowledgement")
	}
	x.send(session.Envelope{Kind: session.KindAck, Done: 2, Received: 3})
	if x.saw(session.EventFlushed) != 1 {
		t.Fatal("flushed before the second message was done")
	}
	x.send(session.Envelope{Kind: session.KindAck, Done: 3, Received: 3})
	if ev := x.event(session.EventFlushed); ev.ID != id {
		t.Errorf("flushed is %d, want %d", ev.ID, id)
	}
}

// A queue that has nothing more to expire wants no ticks.
func TestNoTicksWhenNothingExpires(t *testing.T) {
	m := profile(t, negotiate.Client, nil).New(sessionEpoch)
	m.Send(sessionEpoch, &sessiontest.Msg{}, session.SendOptions{TTL: time.Second})
	m.Send(sessionEpoch, &sessiontest.Msg{}, session.SendOptions{})
	if d := m.Deadline(); !d.Equal(sessionEpoch.Add(time.Second)) {
		t.Errorf("the deadline is %v after the beginning, want 1 s", d.Sub(sessionEpoch))
	}
	m.Tick(sessionEpoch.Add(time.Second))
	if st, d := m.Stats(), m.Deadline(); st.Queued != 1 || !d.IsZero() {
		t.Errorf("%d messages wait, with a deadline %v after the beginning", st.Queued, d.Sub(sessionEpoch))
	}
}
