package negotiate_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// end is one side of one connection in the model: the real Handshake and the real Upgrade,
// with the model's envelope around them. It is a value but for the bytes that it has
// received, which are a string.
type end struct {
	cfg    *endConfig
	shake  *negotiate.Handshake // until it is done; copied before each step
	up     negotiate.Upgrade    // from then on
	buf    string               // received, not yet a whole frame
	reader codec.Version
	writer codec.Version
	held   bool
	eager  bool // cut as soon as it is wanted
	closed bool
	cause  error // why it closed

	framesOut, framesIn uint8 // in the present dialects
	lastOut, lastIn     uint8 // the highest sequence numbers on this connection

	// What happened, for the invariants and stories.
	done     uint8 // completed epochs
	failures uint8 // changes that count for a Backoff
	owed     uint8 // messages to send again, by Resend
	gaveUp   uint8 // messages given up, by GiveUp
}

// endConfig is what an end and its copies share.
type endConfig struct {
	shake negotiate.HandshakeConfig
	up    negotiate.UpgradeConfig
	key   negotiate.Key
	nonce negotiate.Nonce
}

func newEndConfig(role negotiate.Role, o negotiate.Offer, nonce negotiate.Nonce) *endConfig {
	return &endConfig{
		shake: negotiate.HandshakeConfig{Role: role, Offer: o},
		up:    negotiate.UpgradeConfig{Role: role, Offer: o},
		nonce: nonce,
	}
}

// newEnd returns an end and what it writes at once.
func newEnd(cfg *endConfig) (end, []string) {
	h := negotiate.NewHandshake(&cfg.shake, cfg.nonce, start)
	e := end{cfg: cfg, shake: &h, held: true}
	out, _, _ := e.receive("")
	return e, out
}

// errCrossed is broken faith: a decoder has read bytes of another version's dialect.
var errCrossed = errors.New("a byte of one dialect was read by the decoder of another")

// receive takes bytes. It returns what is written in answer, and the frames of the session,
// in order. An error is a broken invariant, not a closed connection.
func (e *end) receive(b string) (out []string, got []any, err error) {
	if e.closed {
		return nil, nil, nil
	}
	e.buf += b
	if e.shake != nil {
		if out = e.greet(); e.shake != nil || e.closed {
			return out, nil, nil
		}
	}
	for !e.closed {
		v, f, n := decode(e.buf)
		if n > 0 && v != e.reader {
			e.close(errCrossed)
			return out, got, fmt.Errorf("%w: %d by %d", errCrossed, v, e.reader)
		}
		if n == 0 {
			break
		}
		e.buf = e.buf[n:]
		e.framesIn++
		switch f := f.(type) {
		case negotiate.Frame:
			in := negotiate.Received{Frame: f, Last: uint64(e.lastIn), Frames: uint64(e.framesIn)}
			if out = append(out, e.step(start, in)...); e.eager && !e.closed {
				out = append(out, e.ready()...)
			}
		case data, attach:
			_, isData := f.(data)
			if !e.up.Admits(isData) {
				e.close(errors.New("a frame where only PROBE or control may come"))
				break
			}
			if d, ok := f.(data); ok {
				e.lastIn = max(e.lastIn, d.seq)
			}
			got = append(got, f)
		default:
			e.close(errors.New("an unknown frame"))
		}
	}
	return out, got, nil
}

// greet gives the bytes received to the handshake.
func (e *end) greet() (out []string) {
	h := *e.shake
	o, err := h.Step(start, []byte(e.buf))
	e.shake = &h
	e.buf = e.buf[o.Taken:]
	if o.Send != nil {
		out = append(out, string(o.Send))
	}
	switch {
	case err != nil:
		e.close(err)
	case o.Done:
		a := o.Agreement
		e.shake = nil
		e.reader, e.writer = a.Version, a.Version
		e.up = negotiate.NewUpgrade(&e.cfg.up, &a, e.cfg.key)
		out = append(out, e.step(start, negotiate.Begin{})...)
	}
	return out
}

// step gives the upgrade machine an input and does what it asks.
func (e *end) step(now time.Time, in negotiate.Input) (out []string) {
	actions, err := e.up.Step(now, in)
	for _, a := range actions {
		switch a := a.(type) {
		case negotiate.Send:
			out = append(out, e.write(a.Frame))
		case negotiate.SwitchWriter:
			e.writer, e.framesOut = a.Version, 0
		case negotiate.SwitchReader:
			e.reader, e.framesIn = a.Version, 0
		case negotiate.Hold:
			e.held = true
		case negotiate.Release:
			e.held = false
		case negotiate.Done:
			e.done++
		case negotiate.Abandoned:
			if a.Why.Failed() {
				e.failures++
			}
		case negotiate.Resend:
			e.owed = uint8(a.Seq)
		case negotiate.GiveUp:
			e.gaveUp = uint8(a.Seq)
		}
	}
	if err != nil {
		e.close(err)
	}
	return out
}

// deadline returns when the end's time is up; zero: never.
func (e *end) deadline() time.Time {
	if e.shake != nil {
		return e.shake.Deadline()
	}
	return e.up.Deadline()
}

// timeout lets the deadline pass.
func (e *end) timeout() (out []string) {
	if e.shake == nil {
		return e.step(e.up.Deadline(), negotiate.Timer{})
	}
	h := *e.shake
	o, err := h.Step(h.Deadline(), nil)
	if e.shake = &h; err != nil {
		e.close(err)
	}
	if o.Send != nil {
		out = append(out, string(o.Send))
	}
	return out
}

// ready cuts, if the machine wants it.
func (e *end) ready() []string {
	return e.step(start, negotiate.Ready{Last: uint64(e.lastOut), Frames: uint64(e.framesOut)})
}

func (e *end) write(f any) string {
	if d, ok := f.(data); ok {
		e.lastOut = max(e.lastOut, d.seq)
	}
	e.framesOut++
	return encode(e.writer, f)
}

func (e *end) close(cause error) {
	e.closed, e.cause, e.buf = true, cause, ""
}

// open tells whether the connection is established on this side.
func (e *end) open() bool { return !e.closed && e.shake == nil }
