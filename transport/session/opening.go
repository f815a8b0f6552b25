package session

import (
	"time"

	"github.com/parleyproto/parley/negotiate"
)

// OpeningState says what an [Opening] waits for.
type OpeningState uint8

const (
	// OpeningWaits needs more bytes of the peer. Left by any of them, and by the timeout.
	OpeningWaits OpeningState = iota
	// OpeningReady may be attached to a session: a client's when the server's PROBE has
	// verified, a server's when ATTACH has come. Left for OpeningDone by Machine.Attach, and
	// for OpeningWaits by Unknown.
	OpeningReady
	// OpeningLegacy has a legacy peer: take Plain.
	OpeningLegacy
	// OpeningFailed is final: write Output, then close the connection. Err says why.
	OpeningFailed
	// OpeningDone has handed the connection on.
	OpeningDone
)

// String returns the state in a word.
func (s OpeningState) String() string {
	switch s {
	case OpeningWaits:
		return "waits"
	case OpeningReady:
		return "ready"
	case OpeningLegacy:
		return "legacy"
	case OpeningFailed:
		return "failed"
	case OpeningDone:
		return "done"
	}
	return "invalid"
}

// Opening is a fresh connection until it is known which session it carries: greeting and
// answer, the first PROBE in each direction and, at a server, ATTACH.
//
//	client                       server
//	greeting ──────────────────▶
//	         ◀────────────────── answer, PROBE      client ready: Machine.Attach
//	PROBE, ATTACH ─────────────▶                    server ready: Session, Machine.Attach
//
// The driver writes Output, reads into Space and tells Wrote, and looks at State after each.
// An Opening is not safe for concurrent use.
type Opening struct {
	p        *Profile
	key      negotiate.Key
	hello    *negotiate.Handshake // nil once it is over
	link     *link
	attach   Envelope // of a server that is ready
	identity string   // of the client, as the driver knows it
	unknown  bool     // the peer was told once that its session is not known
	state    OpeningState
	err      error
	deadline time.Time
	buf      []byte // what is read while the handshake lasts
	out      []byte
	flushed  int // bytes of out that the driver has
}

const helloBuffer = 512

// Open begins a fresh connection. The key is that of its TLS, a shared one, or zero.
func (p *Profile) Open(now time.Time, key negotiate.Key) *Opening {
	h := negotiate.NewHandshake(&p.hello, p.nonce(), now)
	o := &Opening{p: p, key: key, hello: &h, deadline: now.Add(p.cfg.HandshakeTimeout), buf: make([]byte, helloBuffer)}
	if p.role == negotiate.Client {
		o.greet(now, nil)
	}
	return o
}

// OpenRefusing is Open for a server that answers whoever greets with r: overload, goaway.
func (p *Profile) OpenRefusing(now time.Time, r *negotiate.Refusal) *Opening {
	cfg := p.hello
	cfg.Refuse = r
	h := negotiate.NewHandshake(&cfg, p.nonce(), now)
	return &Opening{p: p, hello: &h, deadline: now.Add(p.cfg.HandshakeTimeout), buf: make([]byte, helloBuffer)}
}

// Space returns where to read the peer's bytes into. It is valid until the next call of any
// method but Output and Flushed.
//
//parley:borrows
func (o *Opening) Space() []byte {
	if o.hello == nil && o.link != nil {
		return o.link.dec.Space(helloBuffer)
	}
	return o.buf
}

// Wrote says that n bytes were read into the last Space.
func (o *Opening) Wrote(now time.Time, n int) {
	if o.state != OpeningWaits {
		return
	}
	if o.hello != nil {
		o.greet(now, o.buf[:n])
		return
	}
	o.link.dec.Wrote(n)
	o.link.bytesIn += uint64(n)
	o.frames(now)
}

// Output returns the bytes to write next, nil for none. They are valid until Flushed.
func (o *Opening) Output() []byte {
	if l := o.link; l != nil && (o.p.role == negotiate.Server || o.state == OpeningFailed) {
		o.out = append(o.out, l.ctl...)
		l.ctl = l.ctl[:0]
	}
	o.flushed = len(o.out)
	if o.flushed == 0 {
		return nil
	}
	return o.out
}

// Flushed says that the last Output was written.
func (o *Opening) Flushed() {
	o.out = o.out[:copy(o.out, o.out[o.flushed:])]
	o.flushed = 0
}

// State returns the present state.
func (o *Opening) State() OpeningState { return o.state }

// Err returns why the opening failed: what [negotiate.Handshake.Step] returns, a
// *[negotiate.UpgradeError], a [*ProtocolError], a *[frame.Error], a [*CloseError], or
// [ErrHandshakeTimeout].
func (o *Opening) Err() error { return o.err }

// Deadline returns when Tick must be called. It is zero when the opening is over.
func (o *Opening) Deadline() time.Time {
	if o.state != OpeningWaits {
		return time.Time{}
	}
	return o.deadline
}

// Tick says that time has passed.
func (o *Opening) Tick(now time.Time) {
	if o.state == OpeningWaits && !now.Before(o.deadline) {
		o.fail(ErrHandshakeTimeout)
	}
}

// Agreement returns what was negotiated, or nil before that.
func (o *Opening) Agreement() *negotiate.Agreement {
	if o.link == nil {
		return nil
	}
	return o.link.agreement
}

// Session tells which session the client of a ready server's opening wants. With secret is a
// session that the client may begin; without, one that the server must know.
func (o *Opening) Session() (id [16]byte, generation uint64, secret bool) {
	return o.attach.Session, o.attach.Generation, o.attach.Flags&FlagSecret != 0
}

// Unknown answers that the server does not know the session. The client may attach to a new
// one on the same connection: the opening waits again. The second time it fails.
func (o *Opening) Unknown() {
	if o.state != OpeningReady {
		return
	}
	o.link.send(&Envelope{Kind: KindAttached, Generation: o.attach.Generation, First: 1})
	o.state = OpeningWaits
	if o.unknown {
		o.fail(&ProtocolError{Section: "6.3", Reason: "a second session that nobody knows"})
	}
	o.unknown = true
}

func (o *Opening) fail(err error) {
	o.state, o.err = OpeningFailed, err
}

// greet gives the handshake bytes, and what follows it to the dialect agreed on.
func (o *Opening) greet(now time.Time, in []byte) {
	out, err := o.hello.Step(now, in)
	o.out = append(o.out, out.Send...)
	if err != nil {
		o.fail(err)
		return
	}
	if !out.Done {
		return
	}
	a := out.Agreement
	o.hello = nil
	if o.link, err = newLink(o.p, &a, o.key); err != nil {
		o.fail(err)
		return
	}
	l := o.link
	l.bytesIn += uint64(len(in))
	l.dec.Write(out.Replay)
	l.dec.Write(in[out.Taken:])
	o.buf = nil
	if a.Legacy {
		o.state = OpeningLegacy
		return
	}
	if _, err := l.step(now, negotiate.Begin{}); err != nil {
		o.fail(err)
		return
	}
	o.frames(now)
}
