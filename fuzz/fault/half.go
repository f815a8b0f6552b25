package fault

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A line is what bytes meet on their way.
type line struct {
	latency, jitter time.Duration
	bandwidth       int // bytes a second; 0: no limit
	buffer          int // bytes written and not yet read
}

// A half is one direction of a connection in memory: segments on their way from
// a writer to a reader. Nobody waits while holding mu but in cond.Wait, so a
// testing/synctest bubble sees who waits.
type half struct {
	line line
	mu   sync.Mutex
	cond sync.Cond
	rnd  *rand.Rand // jitter

	segments []segment // on their way, oldest first
	size     int       // their bytes
	last     time.Time // when the newest arrives
	held     bool      // a partition: nothing arrives
	came     int       // segments that had arrived before it
	news     []news    // what the ends will learn when it heals

	reader, writer end
	sink           bool // the reader was abandoned: what is written vanishes
	broken         bool // what is written fills the buffer, and never arrives
}

// A segment is what one Write put on its way. A Read does not go past its end,
// so that a reader meets the cuts that the writer made.
type segment struct {
	data []byte
	at   time.Time // when it arrives
}

// An end is what the operations of one end of a half return when they can do
// nothing more.
type end struct {
	limit time.Time // deadline; zero: none
	err   error     // from at on
	at    time.Time
}

// news is an error that an end learns of.
type news struct {
	who *end
	err error
}

// stopped returns the end's error if it is due.
func (e *end) stopped(now time.Time) error {
	if e.err != nil && !now.Before(e.at) {
		return e.err
	}
	return nil
}

// stop sets the error, unless an earlier one stands.
func (e *end) stop(err error, at time.Time) {
	if e.err == nil || at.Before(e.at) {
		e.err, e.at = err, at
	}
}

func newHalf(l line, rnd *rand.Rand) *half {
	h := &half{line: l, rnd: rnd}
	h.cond.L = &h.mu
	return h
}

// waitUntil waits for a change or for the first of the times that are not zero.
func (h *half) waitUntil(times ...time.Time) {
	var wake time.Time
	for _, t := range times {
		if !t.IsZero() && (wake.IsZero() || t.Before(wake)) {
			wake = t
		}
	}
	if !wake.IsZero() {
		timer := time.AfterFunc(time.Until(wake), func() {
			h.mu.Lock() // not between the caller's check and its Wait
			defer h.mu.Unlock()
			h.cond.Broadcast()
		})
		defer timer.Stop()
	}
	h.cond.Wait()
}

func expired(limit, now time.Time) bool { return !limit.IsZero() && !now.Before(limit) }

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		now := time.Now()
		if h.reader.err == net.ErrClosed {
			return 0, net.ErrClosed
		}
		if expired(h.reader.limit, now) {
			return 0, os.ErrDeadlineExceeded
		}
		if h.readable(now) {
			return h.take(p), nil
		}
		var next time.Time
		switch {
		case h.held:
		case len(h.segments) > 0:
			next = h.segments[0].at
		default:
			if err := h.reader.stopped(now); err != nil {
				return 0, err
			}
			next = h.reader.at
		}
		if len(p) == 0 {
			return 0, nil
		}
		h.waitUntil(next, h.reader.limit)
	}
}

// readable reports whether the first segment has arrived.
func (h *half) readable(now time.Time) bool {
	if h.held {
		return h.came > 0
	}
	return len(h.segments) > 0 && !now.Before(h.segments[0].at)
}

// arrived returns how many segments can be read.
func (h *half) arrived(now time.Time) int {
	if h.held {
		return h.came
	}
	for i, s := range h.segments {
		if now.Before(s.at) {
			return i
		}
	}
	return len(h.segments)
}

// take moves bytes of the first segment to p.
func (h *half) take(p []byte) int {
	s := &h.segments[0]
	n := copy(p, s.data)
	if s.data = s.data[n:]; len(s.data) == 0 {
		h.segments[0] = segment{}
		h.segments = h.segments[1:]
		h.came--
	}
	h.size -= n
	h.cond.Broadcast()
	return n
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	written := 0
	for {
		now := time.Now()
		if err := h.writer.stopped(now); err != nil {
			return written, err
		}
		if expired(h.writer.limit, now) {
			return written, os.ErrDeadlineExceeded
		}
		if h.sink || h.reader.err == net.ErrClosed {
			return len(p), nil // the news of the close is still on its way back
		}
		if n := min(h.line.buffer-h.size, len(p)-written); n > 0 {
			h.put(now, p[written:written+n])
			written += n
		}
		if written == len(p) {
			return written, nil
		}
		h.waitUntil(h.writer.at, h.writer.limit)
	}
}

// put sends a copy of data on its way.
func (h *half) put(now time.Time, data []byte) {
	if h.broken { // the news is still on its way back: what was lost before must not leave a hole
		h.size += len(data)
		return
	}
	at := h.arrival(now)
	if h.line.bandwidth > 0 {
		at = at.Add(time.Duration(len(data)) * time.Second / time.Duration(h.line.bandwidth))
	}
	h.last = at
	h.segments = append(h.segments, segment{append([]byte(nil), data...), at})
	h.size += len(data)
	h.cond.Broadcast()
}

// arrival is when something sent now arrives: never before what was sent
// earlier.
func (h *half) arrival(now time.Time) time.Time {
	at := now.Add(h.line.latency)
	if h.line.jitter > 0 {
		at = at.Add(time.Duration(h.rnd.Int64N(int64(h.line.jitter))))
	}
	if at.Before(h.last) {
		return h.last
	}
	return at
}

// closeWrite lets the reader come to io.EOF after what is on its way.
func (h *half) closeWrite() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.writer.stop(net.ErrClosed, now)
	h.reader.stop(io.EOF, h.arrival(now))
	h.cond.Broadcast()
}

// closeRead drops what is on its way; the writer learns of it as late as the
// line is long.
func (h *half) closeRead() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.reader = end{err: net.ErrClosed, at: now}
	h.tell(&h.writer, syscall.ECONNRESET, now)
	h.segments, h.size, h.came = nil, 0, 0
	h.cond.Broadcast()
}

// reset breaks the direction, from between the ends. What has not arrived is
// lost.
func (h *half) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.breakOff(time.Now())
	h.tell(&h.writer, syscall.ECONNRESET, time.Now())
}

// abort is a reset by the writer.
func (h *half) abort() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.breakOff(time.Now())
	h.writer.stop(net.ErrClosed, time.Now())
}

// breakOff drops what has not arrived, and all that comes after it, and tells the reader.
func (h *half) breakOff(now time.Time) {
	h.broken = true
	h.segments = h.segments[:h.arrived(now)]
	h.tell(&h.reader, syscall.ECONNRESET, now)
	h.cond.Broadcast()
}

// tell lets the news of an error travel to an end; a partition holds it.
func (h *half) tell(who *end, err error, now time.Time) {
	if h.held {
		h.news = append(h.news, news{who, err})
		return
	}
	who.stop(err, now.Add(h.line.latency))
}

// abandon is a closeRead that the writer never learns of: all that it writes vanishes.
func (h *half) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sink = true
	h.reader = end{err: net.ErrClosed, at: time.Now()}
	h.segments, h.size, h.came = nil, 0, 0
	h.cond.Broadcast()
}

// abandonWrite is a closeWrite that the reader never learns of.
func (h *half) abandonWrite() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writer.stop(net.ErrClosed, time.Now())
	h.cond.Broadcast()
}

// hold stops the arrivals, or lets them go on.
func (h *half) hold(held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if held && !h.held {
		h.came = h.arrived(time.Now())
	}
	h.held = held
	if !held {
		for _, n := range h.news {
			h.tell(n.who, n.err, time.Now())
		}
		h.news = nil
	}
	h.cond.Broadcast()
}

func (h *half) setLimit(e *end, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.limit = t
	h.cond.Broadcast()
}
