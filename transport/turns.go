package transport

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

// yieldAfter is how long a handler may keep the reading role. The watch ticks at this pace, so
// it is taken between one and two of it.
const yieldAfter = 10 * time.Millisecond

// maxBatch is how many messages are handled between two looks at the machine.
const maxBatch = 32

// turns lets a session's handlers run one at a time. Guarded by the session's lock, but for
// progress.
type turns struct {
	queue parked      // messages that wait for their turn, or for Messages
	busy  bool        // a goroutine runs handlers
	batch *batch      // those that it is at; nil: none
	told  int32       // how many of them the machine knows to be done
	count uint32      // of the batches begun
	seen  position    // where the handlers were when the watch last looked
	watch *time.Timer // nil: it sleeps
}

// batch is some messages that are handled without the lock.
type batch struct {
	n, at    int          // how many there are, and which is handled
	progress atomic.Int32 // how many are done; kept up when watched
	watched  atomic.Bool
	slow     atomic.Bool // the handler that runs has kept the reading role for too long
	used     int         // the largest n
	messages [maxBatch]handling
}

// handling is a message as its handler gets it.
type handling struct {
	in       Incoming
	id, call uint64 // call is 0 if the peer wants no reply
	failed   bool   // its handler; valid as far as progress says
}

// add takes an EventMessage. It is put together where it stays: a struct that is copied right after its
// fields were stored waits for each of them.
func (b *batch) add(ev *session.Event) {
	m := &b.messages[b.n]
	b.n++
	b.used = max(b.used, b.n)
	m.id, m.call, m.failed = ev.ID, ev.Call, false
	in := &m.in
	in.Message, in.Metadata, in.Seq, in.Size, in.Dup, in.Call = ev.Message, ev.Metadata(), ev.Seq, ev.Size, ev.Dup, ev.Call != 0
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// position tells how far the handlers are.
type position struct {
	count    uint32
	progress int32
}

func (t *turns) position() (p position) {
	p.count = t.count
	if t.batch != nil {
		p.progress = t.batch.progress.Load()
	}
	return p
}

// left is how many messages wait for their turn, or for the end of their handler; of a batch that
// has just begun, all may be counted.
func (t *turns) left() int {
	n := int(t.queue.n)
	if b := t.batch; b != nil {
		n += b.n - int(b.progress.Load())
	}
	return n
}

// fill takes messages from the queue.
func (b *batch) fill(queue *parked) {
	for b.n = 0; b.n < maxBatch && queue.n > 0; {
		ev := queue.pop()
		b.add(&ev)
	}
}

// message handles ev, and with it those that came behind it in the same read. When another
// goroutine is at it, or when it has to wait for Messages, it is queued.
func (s *Session) message(ev *session.Event) {
	t := &s.turns
	s.waiting.serial = 0
	if s.handler == nil || t.busy {
		t.queue.push(ev)
		s.waiting.poke()
		return
	}
	t.busy = true
	b := batches.Get().(*batch)
	b.add(ev)
	for b.n < maxBatch && s.m.Next(ev) {
		if ev.Kind == session.EventMessage {
			b.add(ev)
		} else {
			s.event(ev)
		}
	}
	s.handleBatch(b)
	s.handleQueue(b)
}

// postpone queues one message for another goroutine.
func (s *Session) postpone(ev *session.Event) {
	t := &s.turns
	t.queue.push(ev)
	s.waiting.poke()
	if s.handler == nil || t.busy {
		return
	}
	t.busy = true
	go func() {
		s.mu.Lock()
		s.handleQueue(batches.Get().(*batch))
		s.unlock()
	}()
}

// handleQueue handles what is queued, and gives b back. Who calls it has made the turns busy.
func (s *Session) handleQueue(b *batch) {
	t := &s.turns
	for t.queue.n > 0 {
		b.fill(&t.queue)
		s.handleBatch(b)
		s.flush(false)
	}
	t.busy = false
	s.waiting.rested()
	clear(b.messages[:b.used])
	b.n, b.used = 0, 0
	batches.Put(b)
}

// handleBatch runs the handler for the messages of b, without the lock, and tells the machine.
func (s *Session) handleBatch(b *batch) {
	t := &s.turns
	b.at = 0
	b.progress.Store(0)
	b.watched.Store(false)
	b.slow.Store(false)
	t.batch, t.told = b, 0
	t.count++
	s.wakeWatch()
	s.unlock()
	for b.at < b.n && !s.over.Load() {
		s.handleFrom(b)
	}
	b.progress.Store(int32(b.at))
	s.mu.Lock()
	s.time()
	t.tell(s)
	t.batch = nil
	s.parting.unhandled += int32(b.n - b.at) // the session has ended
}

// handleFrom runs the handler for what is left of b, until it panics. One recover serves many
// messages.
func (s *Session) handleFrom(b *batch) {
	defer func() {
		if p := recover(); p != nil {
			m := &b.messages[b.at]
			m.failed = m.call == 0
			s.panicked(m, p)
			s.advance(b)
		}
	}()
	for b.at < b.n && !s.over.Load() {
		m := &b.messages[b.at]
		m.failed = s.handle(m)
		s.advance(b)
	}
}

// advance counts a message as done. What took long is told at once.
func (s *Session) advance(b *batch) {
	b.at++
	if !b.watched.Load() {
		return // a store that others see costs more than many a handler
	}
	b.progress.Store(int32(b.at))
	if b.slow.Load() {
		b.slow.Store(false)
		s.mu.Lock()
		s.time()
		s.turns.tell(s)
		s.wakeWatch()
		s.settle()
		s.flush(false)
		s.unlock()
	}
}

// tell tells the machine which messages of the batch are done.
func (t *turns) tell(s *Session) {
	if b := t.batch; b != nil {
		for done := b.messages[:b.progress.Load()]; int(t.told) < len(done); {
			first := &done[t.told]
			t.told++
			if first.failed {
				s.m.Drop(first.id)
				continue
			}
			last := first.id
			for int(t.told) < len(done) && done[t.told].id == last+1 && !done[t.told].failed {
				last++
				t.told++
			}
			s.m.DoneAll(first.id, last)
		}
	}
}

// wakeWatch starts the watch if it sleeps.
func (s *Session) wakeWatch() {
	t := &s.turns
	if t.watch != nil {
		return
	}
	t.seen = t.position()
	t.watch = time.AfterFunc(yieldAfter, s.look)
}

// look runs every 10 ms while handlers run. What was done meanwhile is told; and when it is
// still the same handler, somebody else reads from now on. It sleeps when nothing has changed.
func (s *Session) look() {
	s.mu.Lock()
	defer s.unlock()
	t := &s.turns
	at := t.position()
	switch b := t.batch; {
	case b != nil && !b.watched.Load():
		b.watched.Store(true) // from now on its progress shows
		t.seen = at
		t.watch.Reset(yieldAfter)
	case at != t.seen:
		t.seen = at
		t.watch.Reset(yieldAfter)
	default:
		if t.busy {
			s.yield()
		}
		if b != nil {
			b.slow.Store(true)
		}
		t.watch = nil
	}
	t.tell(s)
	s.settle()
	s.flush(false)
}

// yield takes the reading role from the goroutine that has it, unless it reads.
func (s *Session) yield() {
	if l := s.link; l != nil && !l.reading && !l.plain {
		l.reader++
		l.reading = true
		go s.begin(l, l.reader)
	}
}
