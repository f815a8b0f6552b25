package session

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
)

// PlainConfig describes how a protocol that has no envelope is spoken. The zero value works:
// no handshake, no pings, no limit on silence.
type PlainConfig struct {
	// Handshake, if set, is called first with nil, then with each message received, until
	// it returns done. It returns what to send next. Messages given to Send wait till then.
	Handshake func(received codec.Message) (send []codec.Message, done bool, err error)

	// Ping, if set, makes the protocol's own ping, which is sent when nothing was sent for
	// Interval. With Silence the peer is expected to answer it.
	Ping func() codec.Message

	// Beat, if set, is shown each message received. It tells heartbeats, which the
	// application does not see, from the rest, and what to answer, if anything.
	Beat func(received codec.Message) (reply codec.Message, heartbeat bool)

	Interval     time.Duration // between pings; 0: 25 s
	Silence      time.Duration // received nothing for so long: the connection is given up; 0: without limit
	FrameTimeout time.Duration // from a frame's first byte to its last; 0: 20 s
	MaxMessage   int           // the largest message received, in bytes; 0: 16 MiB
	Queue        int           // bytes that wait to be written, framed; 0: 8 MiB
}

// Plain speaks with a peer that knows no envelope: a legacy client, or a server of another
// protocol. Each frame is one message, in order, at most once: what is not written when the
// connection ends is gone. It lives as long as its connection.
//
// It is driven like a [Machine]: Space, Wrote, Next, Output, Written, Deadline, Tick. Its
// events are EventAttached when the handshake is over, EventMessage without Seq and without
// need of Done, EventRoom, and EventClosed, the last.
type Plain struct {
	d       Dialect
	cfg     PlainConfig
	base    time.Time
	now     instant
	dec     *frame.Decoder
	out     frame.Format
	queued  []byte // framed, to be written
	held    []byte // framed, until the handshake is over
	writing []byte // with the driver; nil: nothing
	bufs    net.Buffers
	events  ring[Event]
	open    bool // the handshake is over
	full    bool
	err     error // why it has ended
	pingAt  instant
	lastIn  instant
	frameBy instant
	probeBy instant // the connection is given up unless a byte has come; never: nothing is owed
	unsent  bool    // the ping of Probe is not written
}

// Plain returns the machine for the peer of an opening in state OpeningLegacy.
func (o *Opening) Plain(now time.Time) *Plain {
	if o.state != OpeningLegacy {
		return nil
	}
	l := o.link
	o.link, o.state = nil, OpeningDone
	cfg := PlainConfig{FrameTimeout: o.p.cfg.FrameTimeout, MaxMessage: o.p.largest, Queue: o.p.cfg.Queue}
	return newPlain(now, *l.read, cfg, l.dec)
}

// NewPlain begins a fresh connection that is spoken in d.
func NewPlain(now time.Time, d Dialect, cfg PlainConfig) *Plain {
	return newPlain(now, d, cfg, d.decoder())
}

func newPlain(now time.Time, d Dialect, cfg PlainConfig, dec *frame.Decoder) *Plain {
	if cfg.Interval <= 0 {
		cfg.Interval = 25 * time.Second
	}
	if cfg.FrameTimeout <= 0 {
		cfg.FrameTimeout = DefaultFrameTimeout
	}
	if cfg.MaxMessage <= 0 {
		cfg.MaxMessage = 16 << 20
	}
	if cfg.Queue <= 0 {
		cfg.Queue = DefaultQueue
	}
	p := &Plain{d: d, cfg: cfg, base: now, dec: dec, out: d.writer(), pingAt: never, frameBy: never, probeBy: never}
	p.dec.MaxFrame = cfg.MaxMessage
	if cfg.Ping != nil {
		p.pingAt = cfg.Interval
	}
	p.greet(nil)
	return p
}

func (p *Plain) enter(now time.Time) { p.now = max(p.now, now.Sub(p.base)) }

// greet takes a step of the handshake.
func (p *Plain) greet(received codec.Message) {
	done := true
	if f := p.cfg.Handshake; f != nil {
		send, over, err := f(received)
		for _, msg := range send {
			if err == nil {
				p.queued, err = p.append(p.queued, msg)
			}
		}
		if err != nil {
			p.end(err)
			return
		}
		done = over
	}
	if done {
		p.open = true
		p.queued = append(p.queued, p.held...)
		p.held = nil
		*p.events.push() = Event{Kind: EventAttached, Version: p.d.Version}
	}
}

// append adds the frame of a message to dst.
func (p *Plain) append(dst []byte, msg codec.Message) ([]byte, error) {
	payload, err := appendTo(p.d.Codec, nil, msg)
	if err != nil {
		return dst, err
	}
	return p.out.AppendFrame(dst, payload)
}

// end stops everything; the first cause stays.
func (p *Plain) end(err error) {
	if p.err == nil {
		p.err = err
		*p.events.push() = Event{Kind: EventClosed, Err: err}
	}
}

// Send queues a message. Errors are [ErrQueueFull], [ErrEnded], a [*TooLargeError] for a frame
// larger than the whole queue, what the codec says, and what the format says about a payload that
// it cannot carry.
func (p *Plain) Send(now time.Time, msg codec.Message) error {
	p.enter(now)
	if p.err != nil {
		return ErrEnded
	}
	dst := &p.queued
	if !p.open {
		dst = &p.held
	}
	pending := p.Pending()
	if pending >= p.cfg.Queue { // do not encode in vain
		p.full = true
		return ErrQueueFull
	}
	all, err := p.append(*dst, msg)
	switch size := len(all) - len(*dst); {
	case err != nil:
	case size > p.cfg.Queue:
		return &TooLargeError{Size: size, Limit: p.cfg.Queue}
	case pending+size > p.cfg.Queue:
		p.full = true
		return ErrQueueFull
	default:
		*dst = all
	}
	return err
}

// Buffered returns how many bytes were received and are not taken by Next: at first those by which
// a legacy peer was recognised, and what came with them.
func (p *Plain) Buffered() int { return len(p.dec.Buffered()) }

// Held returns how many bytes of memory the session holds for what it sends and receives.
func (p *Plain) Held() int {
	return cap(p.queued) + cap(p.held) + cap(p.writing) + p.dec.Memory()
}

// Space returns where to read into, nil when the connection has ended.
//
//parley:borrows
func (p *Plain) Space() []byte {
	if p.err != nil {
		return nil
	}
	return p.dec.Space(1)
}

// Wrote says that n bytes were read into the last Space.
func (p *Plain) Wrote(now time.Time, n int) {
	p.enter(now)
	if p.err == nil && n > 0 {
		p.dec.Wrote(n)
		p.lastIn, p.probeBy = p.now, never
	}
}

// Next sets ev to what happened next. It returns false when there is nothing more until the next
// input.
func (p *Plain) Next(ev *Event) bool {
	*ev = Event{}
	for {
		if p.events.len() > 0 {
			*ev = *p.events.at(0)
			p.events.pop()
			return true
		}
		if p.err != nil {
			return false
		}
		b, err := p.dec.Next()
		if errors.Is(err, frame.ErrShort) {
			if len(p.dec.Buffered()) == 0 {
				p.frameBy = never
			} else if p.frameBy == never {
				p.frameBy = p.now + p.cfg.FrameTimeout
			}
			return false
		}
		p.frameBy = never
		var msg codec.Message
		if err == nil {
			msg, err = decode(p.d.Codec, b)
		}
		if err != nil {
			p.end(err)
			continue
		}
		if p.received(msg) {
			*ev = Event{Kind: EventMessage, Message: msg, Size: len(b)}
			return true
		}
	}
}

// received handles what the application does not see. It returns true for what it does.
func (p *Plain) received(msg codec.Message) bool {
	if !p.open {
		p.greet(msg)
		return false
	}
	if p.cfg.Beat == nil {
		return true
	}
	reply, heartbeat := p.cfg.Beat(msg)
	if heartbeat && reply != nil {
		var err error
		if p.queued, err = p.append(p.queued, reply); err != nil {
			p.end(err)
		}
		if len(p.queued) > p.cfg.Queue {
			p.end(fmt.Errorf("session: the peer asks for answers and does not read them"))
		}
	}
	return !heartbeat
}

// Output returns the bytes to write next, nil when there are none or the last were not told
// as Written. They are valid until Written.
func (p *Plain) Output(now time.Time) net.Buffers {
	p.enter(now)
	if p.writing != nil || len(p.queued) == 0 {
		return nil
	}
	p.writing, p.queued = p.queued, nil
	p.bufs = append(p.bufs[:0], p.writing)
	return p.bufs
}

// Pending returns how many bytes were queued and are not written, those of pings among them.
func (p *Plain) Pending() int { return len(p.queued) + len(p.held) + len(p.writing) }

// Written says that the last Output was written whole.
func (p *Plain) Written(now time.Time) {
	p.enter(now)
	if p.queued == nil && cap(p.writing) <= maxBatch {
		p.queued = p.writing[:0]
	}
	p.writing = nil
	if p.pingAt != never {
		p.pingAt = p.now + p.cfg.Interval
	}
	if p.probeBy != never && (p.unsent || p.now > p.probeBy) {
		p.probeBy, p.unsent = p.now+p.probeTime(), len(p.queued) > 0
	}
	if p.full && len(p.queued)+len(p.held) < p.cfg.Queue {
		p.full = false
		*p.events.push() = Event{Kind: EventRoom}
	}
}

// Close ends the connection: err, nil for a normal end, is what EventClosed says.
func (p *Plain) Close(now time.Time, err error) {
	p.enter(now)
	if err == nil {
		err = &CloseError{Code: CloseNormal}
	}
	p.end(err)
}

// Deadline returns when Tick must be called, zero for never.
func (p *Plain) Deadline() time.Time {
	d := min(p.pingAt, p.frameBy)
	if p.cfg.Silence > 0 {
		d = min(d, p.lastIn+p.cfg.Silence)
	}
	if p.writing == nil { // what is owed may wait for the writer
		d = min(d, p.probeBy)
	}
	if d == never || p.err != nil {
		return time.Time{}
	}
	return p.base.Add(d)
}

// Tick says that time has passed.
func (p *Plain) Tick(now time.Time) {
	p.enter(now)
	switch {
	case p.err != nil:
	case p.cfg.Silence > 0 && p.now >= p.lastIn+p.cfg.Silence, p.writing == nil && p.now >= p.probeBy:
		p.end(ErrSilent)
	case p.now >= p.frameBy:
		p.end(ErrSlowFrame)
	case p.now >= p.pingAt:
		p.ping()
	}
}

func (p *Plain) ping() {
	p.pingAt = p.now + p.cfg.Interval
	queued, err := p.append(p.queued, p.cfg.Ping())
	if err != nil {
		p.end(err)
		return
	}
	p.queued = queued
}
