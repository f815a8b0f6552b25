package session_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

const (
	bound    = 8 << 20  // Config.Memory
	besides  = 16 << 10 // what a session takes that Memory does not count
	siblings = 4        // sessions at once
)

// heap returns the bytes of the heap that are reachable. Pools need two collections to be empty.
func heap() int {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}

// slots is a queue as a driver has it: places for messages that wait for their handler.
type slots struct {
	all [31]struct {
		message              codec.Message
		seq, call, id, other uint64
	}
	n    int
	next *slots
}

// victim is a machine whose application and peer do their worst. Its driver has a writer that stands.
type victim struct {
	t       testing.TB
	p       *session.Profile
	m       *session.Machine
	now     time.Time
	gen     uint64
	next    uint64 // of the peer's numbers
	waiting *slots
	frame   []byte
}

func newVictim(t testing.TB, p *session.Profile, window uint64) *victim {
	x := newPeerOf(t, p, nil, 2, window)
	x.attachAs(session.Envelope{Generation: 1, First: 1, Flags: session.FlagSecret, Auth: [32]byte{1}})
	x.m = p.New(x.now)
	x.attach()
	return &victim{t: t, p: p, m: x.m, now: x.now, gen: x.gen, next: 1}
}

// says lets the peer send an envelope. It returns false when the connection is over.
func (v *victim) says(e session.Envelope) bool {
	v.frame, _ = frame.Uint32BE.AppendFrame(v.frame[:0], e.Append(nil, false))
	for b := v.frame; len(b) > 0; {
		n := copy(v.m.Space(v.gen), b)
		if n == 0 {
			return false
		}
		v.m.Wrote(v.now, v.gen, n)
		b = b[n:]
		v.events()
	}
	return v.m.State() == session.Attached
}

// events takes what happened; messages wait and are never done.
func (v *victim) events() {
	for ev := new(session.Event); v.m.Next(ev); {
		if ev.Kind != session.EventMessage {
			continue
		}
		if v.waiting == nil || v.waiting.n == len(v.waiting.all) {
			v.waiting = &slots{next: v.waiting}
		}
		s := &v.waiting.all[v.waiting.n]
		s.message, s.seq, s.id = ev.Message, ev.Seq, ev.ID
		v.waiting.n++
	}
}

// fillWindow sends messages of a size until the window is full.
func (v *victim) fillWindow(body string) {
	e := data(v.next, body)
	for left := int(v.p.Offer().Window); left >= len(e.Payload)+32; left -= len(e.Payload) + 32 {
		if e.Seq = v.next; !v.says(e) {
			v.t.Fatalf("message %d ended the connection", v.next)
		}
		v.next++
	}
}

// half sends a message of the largest size, but for its last fragment.
func (v *victim) half() {
	piece := make([]byte, session.MaxFragment)
	e := session.Envelope{Kind: session.KindData, Seq: v.next, Flags: session.FlagMore}
	for left := int(v.p.Offer().MaxMessage); left > 1; e.Flags |= session.FlagCont {
		e.Payload = piece[:min(len(piece), left-1)]
		left -= len(e.Payload)
		if !v.says(e) {
			v.t.Fatal("a fragment ended the connection")
		}
	}
}

// controls lets the peer ask for answers that it does not read, for as long as that is tolerated.
func (v *victim) controls() {
	e := session.Envelope{Kind: session.KindPropose, Version: 60_000}
	for range 2000 {
		if e.Epoch++; !v.says(e) {
			v.t.Fatalf("proposal %d ended the connection", e.Epoch)
		}
	}
}

// fillQueue sends messages until the queue is full. It tells how many.
func (v *victim) fillQueue(lane session.Lane, body string, every int) (n int) {
	for {
		o := session.SendOptions{Lane: lane}
		if every > 0 && n%every != 0 {
			o.TTL = time.Second
		}
		_, err := v.m.Send(v.now, &sessiontest.Msg{Body: body}, o)
		if errors.Is(err, session.ErrQueueFull) {
			return n
		} else if err != nil {
			v.t.Fatal(err)
		}
		n++
	}
}

// blocked takes what is to be written, and never says that it was.
func (v *victim) blocked() { v.m.Output(v.now, v.gen) }

// written writes all that may be written.
func (v *victim) written() {
	for v.m.Output(v.now, v.gen) != nil {
		v.m.Written(v.now, v.gen)
		v.events()
	}
}

// acknowledge lets the peer acknowledge all that was sent, or is about to be.
func (v *victim) acknowledge() {
	n := v.m.Stats().MessagesOut
	if !v.says(session.Envelope{Kind: session.KindAck, Done: n, Received: n}) {
		v.t.Fatal("an acknowledgement ended the connection")
	}
}

// reattach lets the peer come back, as if it had received nothing.
func (v *victim) reattach(window uint64) {
	v.gen++
	x := newPeerOf(v.t, v.p, nil, 2, window)
	proof := x.digest.AttachProof([32]byte{1}, [16]byte{7}, v.gen, 0)
	x.attachAs(session.Envelope{Generation: v.gen, First: 1, Auth: [32]byte(proof)})
	x.m, x.now = v.m, v.now
	x.attach()
}

func (v *victim) later(d time.Duration) {
	v.now = v.now.Add(d)
	v.m.Tick(v.now)
	if !v.says(session.Envelope{Kind: session.KindAck}) {
		v.t.Fatal("the connection has ended")
	}
}

// expiring fills the queue with messages of which all but a few expire, again and again.
func (v *victim) expiring(body string, every int) {
	for range 40 {
		if v.fillQueue(session.Normal, body, every) == 0 {
			return
		}
		v.later(2 * time.Second)
	}
}

// attacks are what a peer, and an application that goes on sending to it, can do. Each says the
// window that the peer allows, and what it may cost besides the buffers: so many times Queue, Window
// and MaxMessage.
var attacks = []struct {
	name                   string
	window                 uint64
	queue, arrive, message int
	run                    func(*victim)
}{
	{"tiny messages that are never done", 1000, 0, 4, 0, func(v *victim) { v.fillWindow("") }},
	{"large messages that are never done", 1000, 0, 4, 0, func(v *victim) { v.fillWindow(strings.Repeat("x", 60_000)) }},
	{"half a message", 1000, 0, 0, 1, func(v *victim) { v.half() }},
	{"proposals", 1000, 0, 0, 0, func(v *victim) { v.blocked(); v.controls() }},
	{"a queue of tiny messages", 1000, 2, 0, 0, func(v *victim) { v.fillQueue(session.Normal, "", 0) }},
	{"a queue of messages just too large for their class of memory", 1000, 2, 0, 0, func(v *victim) {
		v.fillQueue(session.Normal, strings.Repeat("x", 8<<10), 0)
	}},
	{"tiny messages that are never acknowledged", 1 << 30, 2, 0, 0, func(v *victim) {
		for _, l := range []session.Lane{session.Low, session.Normal, session.High} {
			v.acknowledge()
			v.fillQueue(l, "", 0)
			v.written()
		}
	}},
	{"messages that expire before each new connection", 1 << 30, 2, 0, 0, func(v *victim) {
		for range 8 {
			v.fillQueue(session.Normal, "", 1e9)
			v.written()
			v.now = v.now.Add(2 * time.Second)
			v.reattach(1 << 30)
		}
	}},
	{"large messages among small ones", 1000, 2, 0, 0, func(v *victim) {
		for v.now = v.now.Add(1); ; {
			large := strings.Repeat("x", 100_000)
			v.m.Send(v.now, &sessiontest.Msg{Body: large}, session.SendOptions{TTL: time.Second})
			_, err := v.m.Send(v.now, &sessiontest.Msg{Body: large[:5000]}, session.SendOptions{})
			if errors.Is(err, session.ErrQueueFull) {
				return
			} else if err != nil {
				v.t.Fatal(err)
			}
			v.later(2 * time.Second)
		}
	}},
	{"most messages expire", 1000, 2, 0, 0, func(v *victim) { v.expiring("", 40) }},
	{"all messages expire", 1000, 2, 0, 0, func(v *victim) { v.fillQueue(session.Low, "", 0); v.written(); v.expiring("", 1e9) }},
	{"most of larger messages expire", 1000, 2, 0, 0, func(v *victim) { v.expiring(strings.Repeat("x", 500), 40) }},
	{"gaps behind a message that is not done", 1000, 0, 0, 0, func(v *victim) {
		v.says(data(1, ""))
		for seq := uint64(2); seq < 100_000; seq++ {
			v.says(session.Envelope{Kind: session.KindGap, Seq: seq, Code: 1})
		}
	}},
	{"replies behind a message that is not done", 1000, 0, 4, 0, func(v *victim) {
		v.says(data(1, ""))
		e := data(2, "")
		e.Flags, e.Call = session.FlagReply, 9
		for ; e.Seq < 300_000 && v.says(e); e.Seq++ {
		}
	}},
	{"messages acknowledged while they are written", 1000, 1, 0, 0, func(v *victim) {
		const pieces = 9
		v.m.Send(v.now, &sessiontest.Msg{Body: strings.Repeat("x", pieces*session.MaxFragment-100)}, session.SendOptions{})
		for range pieces - 1 {
			v.blocked()
			v.now = v.now.Add(10 * time.Millisecond) // a slow connection gets one piece at a time
			v.m.Written(v.now, v.gen)
		}
		v.blocked()
		v.acknowledge()
		v.fillQueue(session.High, strings.Repeat("x", 33<<10), 0)
		v.fillQueue(session.High, "", 0)
	}},
	{"handlers that fail", 1000, 0, 4, 0, func(v *victim) {
		for range 3 {
			v.fillWindow("")
			for w := v.waiting; w != nil; w = w.next {
				for i := range w.n {
					v.m.Drop(w.all[i].id)
				}
			}
			v.waiting = nil
			v.events()
		}
		v.fillWindow("")
	}},
	{"all at once", 1000, 3, 4, 2, func(v *victim) {
		v.m.Send(v.now, &sessiontest.Msg{Body: strings.Repeat("x", 64<<10)}, session.SendOptions{})
		v.blocked()
		v.fillWindow("")
		v.half()
		v.controls()
		v.expiring("", 40)
		for _, l := range []session.Lane{session.Low, session.Normal, session.High} {
			v.fillQueue(l, "", 0)
		}
	}},
}

// Whatever a peer does, a session holds no more than Config.Memory and what is stated beside it.
func TestMemoryIsABound(t *testing.T) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			p := profile(t, negotiate.Server, func(c *session.Config) { c.Memory = bound })
			if p.Memory() > bound {
				t.Fatalf("the limits take %d bytes, want %d at most", p.Memory(), bound)
			}
			before := heap()
			var all []*victim
			for range siblings {
				v := newVictim(t, p, a.window)
				a.run(v)
				v.frame = nil
				all = append(all, v)
			}
			each, held := (heap()-before)/siblings, 0
			for _, v := range all {
				held = max(held, v.m.Stats().Held)
			}
			limit := session.MemoryBuffers + a.queue*p.Queue() + a.arrive*int(p.Offer().Window) + a.message*int(p.Offer().MaxMessage)
			t.Logf("%d KiB each, %d KiB by their own count, of %d KiB", each>>10, held>>10, limit>>10)
			if limit = min(limit, bound) + besides; each > limit {
				t.Errorf("each holds %d bytes, want %d at most", each, limit)
			}
			if held > p.Memory() || held < each*2/3-besides {
				t.Errorf("each says that it holds %d bytes; it is %d", held, each)
			}
			runtime.KeepAlive(all)
		})
	}
}

func TestMemoryGivesTheLimits(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		memory, queue               int
		window, message             uint64
		wantQ, wantWindow, wantSize int
	}{
		{wantQ: 8 * mib, wantWindow: 4 * mib, wantSize: 16 * mib},
		{memory: 1 << 30, wantQ: 8 * mib, wantWindow: 4 * mib, wantSize: 16 * mib},
		{memory: 57 * mib, wantQ: 8 * mib, wantWindow: 4 * mib, wantSize: 16 * mib},
		{memory: 29*mib - mib/4, wantQ: 4 * mib, wantWindow: 2 * mib, wantSize: 8 * mib},
		{memory: 29*mib - mib/4, queue: 4 * mib, wantQ: 4 * mib, wantWindow: 2 * mib, wantSize: 8 * mib},
		{memory: 29*mib - mib/4, message: 2 * mib, wantQ: 5452544, wantWindow: 2726272, wantSize: 2 * mib},
		{memory: 896 << 10, wantQ: 16 << 10, wantWindow: 16 << 10, wantSize: 16 << 10},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.memory, test.queue, test.message), func(t *testing.T) {
			p := profile(t, negotiate.Server, func(c *session.Config) {
				c.Memory, c.Queue, c.Offer.Window, c.Offer.MaxMessage = test.memory, test.queue, test.window, test.message
			})
			o := p.Offer()
			if int(o.Window) != test.wantWindow || int(o.MaxMessage) != test.wantSize {
				t.Errorf("window %d, message %d; want %d, %d", o.Window, o.MaxMessage, test.wantWindow, test.wantSize)
			}
			if p.Queue() != test.wantQ {
				t.Errorf("a queue of %d, want %d", p.Queue(), test.wantQ)
			}
			if test.memory > 0 && p.Memory() > test.memory {
				t.Errorf("the limits take %d bytes", p.Memory())
			}
		})
	}
}

func TestLimitsThatContradictMemory(t *testing.T) {
	const mib = 1 << 20
	cfg := session.Config{Protocol: sessiontest.Protocol(false), Memory: 4 * mib, Queue: 8 * mib,
		Offer: negotiate.Offer{MaxMessage: 1 * mib}}
	for name, test := range map[string]struct {
		change func(*session.Config)
		want   session.MemoryError
	}{
		"the queue":     {func(*session.Config) {}, session.MemoryError{Memory: 4 * mib, Need: 26*mib + 3*mib/4, Queue: 8 * mib, MaxMessage: mib}},
		"the window":    {func(c *session.Config) { c.Queue, c.Offer.Window = 0, mib }, session.MemoryError{Memory: 4 * mib, Need: 5*mib + 3*mib/4 + 48<<10, Window: mib, MaxMessage: mib}},
		"far too small": {func(c *session.Config) { c.Queue, c.Memory, c.Offer.MaxMessage = 0, 1, 0 }, session.MemoryError{Memory: 1, Need: 896 << 10}},
	} {
		t.Run(name, func(t *testing.T) {
			c := cfg
			test.change(&c)
			_, err := session.NewProfile(negotiate.Client, c)
			var got *session.MemoryError
			if !errors.As(err, &got) || *got != test.want {
				t.Fatalf("%v\n%+v, want %+v", err, got, test.want)
			}
			for _, s := range []string{"Config.Memory", "Queue", "Offer.Window", "Offer.MaxMessage", fmt.Sprint(test.want.Need)} {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not name %s", err, s)
				}
			}
		})
	}
}

// Messages that have gone from the middle of a lane leave room, though the first stays.
func TestRoomBehindAMessageThatStays(t *testing.T) {
	p := profile(t, negotiate.Server, func(c *session.Config) { c.Queue = 64 << 10 })
	v := newVictim(t, p, 1000)
	n := v.fillQueue(session.Normal, "", 1e9)
	v.now = v.now.Add(2 * time.Second)
	v.m.Tick(v.now)
	room := 0
	for ev := new(session.Event); v.m.Next(ev); {
		if ev.Kind == session.EventRoom {
			room++
		}
	}
	if room != 1 {
		t.Errorf("EventRoom came %d times, want once", room)
	}
	if again := v.fillQueue(session.Normal, "", 1e9); again != n-1 {
		t.Errorf("%d messages fit, want %d: all but the one that stays", again, n-1)
	}
}
