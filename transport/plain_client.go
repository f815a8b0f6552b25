package transport

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/transport/session"
)

// plainClient is the machine of a client whose server is no Parley peer. It outlives
// connections, each of which has a session.Plain of its own; between them it takes no messages.
type plainClient struct {
	plain
	dialect  session.Dialect
	cfg      session.PlainConfig
	patience time.Duration // for the handshake
	gen      uint64
	attachBy time.Time // zero: the handshake is over
	wanted   bool      // somebody waits to send
	end      *session.CloseError
	events   []session.Event
}

// errAway: there is no connection that could take a message.
var errAway = fmt.Errorf("transport: no connection now; wait with Send, or WaitReady: %w", session.ErrQueueFull)

// checkPlain checks what Plain asks of the other fields.
func (c *Config) checkPlain() error {
	if c.Handler == nil {
		return errors.New("transport: Config.Plain without Handler; it gets the messages")
	}
	if n := len(c.Protocol.Releases); n != 1 {
		return fmt.Errorf("transport: Config.Plain with %d versions; the server's protocol is one", n)
	}
	r := &c.Protocol.Releases[0]
	if f := c.Formats[r.Version]; f != nil {
		if _, err := frame.Compile(f); err != nil {
			return fmt.Errorf("transport: Config.Formats: %v: %w", r.Version, err)
		}
	}
	return nil
}

func newPlainClient(c *Config) *plainClient {
	r := &c.Protocol.Releases[0]
	d := session.Dialect{Version: r.Version, Format: c.Formats[r.Version], Codec: r.Codec, Text: r.Text}
	switch {
	case d.Format != nil:
	case r.Text:
		d.Format = frame.LF
	default:
		d.Format = frame.Uint32BE
	}
	now := time.Now()
	p := &plainClient{dialect: d, cfg: *c.Plain, patience: orDefault(c.Session.HandshakeTimeout, session.DefaultTimeout)}
	p.stats = session.Stats{State: session.Detached, Version: r.Version, Begun: now, Since: now}
	return p
}

// at tells whether gen is the present connection.
func (p *plainClient) at(gen uint64) bool { return p.Plain != nil && gen == p.gen }

func (p *plainClient) setState(now time.Time, s session.State) { p.stats.State, p.stats.Since = s, now }

// Attach begins a connection.
func (p *plainClient) Attach(now time.Time, _ *session.Opening) (uint64, error) {
	if p.end != nil {
		return 0, session.ErrEnded
	}
	p.gen++
	p.Plain = session.NewPlain(now, p.dialect, p.cfg)
	p.attachBy = now.Add(p.patience)
	p.setState(now, session.Attaching)
	return p.gen, nil
}

//parley:borrows
func (p *plainClient) Space(gen uint64) []byte {
	if !p.at(gen) {
		return nil
	}
	return p.plain.Space(gen)
}

func (p *plainClient) Wrote(now time.Time, gen uint64, n int) {
	if p.at(gen) {
		p.plain.Wrote(now, gen, n)
	}
}

func (p *plainClient) Next(ev *session.Event) bool {
	if len(p.events) > 0 {
		*ev, p.events = p.events[0], p.events[1:]
		return true
	}
	if p.Plain == nil {
		return p.flushed(ev)
	}
	ok := p.plain.Next(ev)
	switch ev.Kind {
	case session.EventAttached:
		ev.Generation, p.attachBy = p.gen, time.Time{}
		p.stats.State = session.Attached
		p.stats.Attaches++
		if p.wanted {
			p.wanted = false
			p.events = append(p.events, session.Event{Kind: session.EventRoom})
		}
	case session.EventClosed:
		*ev = session.Event{Kind: session.EventDetached, Generation: p.gen, Err: ev.Err}
		p.Plain, p.attachBy, p.stats.State = nil, time.Time{}, session.Detached
		p.finish()
	}
	return ok
}

// finish ends the session, if it was closed.
func (p *plainClient) finish() {
	if p.end != nil {
		p.stats.State = session.Ended
		p.events = append(p.events, session.Event{Kind: session.EventClosed, Err: p.end})
	}
}

func (p *plainClient) Output(now time.Time, gen uint64) net.Buffers {
	if !p.at(gen) {
		return nil
	}
	return p.plain.Output(now, gen)
}

func (p *plainClient) Written(now time.Time, gen uint64) {
	if p.at(gen) {
		p.plain.Written(now, gen)
	}
}

func (p *plainClient) Deadline() time.Time {
	if p.Plain == nil {
		return time.Time{}
	}
	d := p.plain.Deadline()
	if d.IsZero() || !p.attachBy.IsZero() && p.attachBy.Before(d) {
		d = p.attachBy
	}
	return d
}

func (p *plainClient) Tick(now time.Time) {
	switch {
	case p.Plain == nil:
	case !p.attachBy.IsZero() && !now.Before(p.attachBy):
		p.Plain.Close(now, session.ErrHandshakeTimeout)
	default:
		p.plain.Tick(now)
	}
}

func (p *plainClient) Probe(now time.Time) {
	if p.Plain != nil {
		p.Plain.Probe(now)
	}
}

func (p *plainClient) Detach(now time.Time, gen uint64, err error) {
	if p.at(gen) {
		p.plain.Detach(now, gen, err)
	}
}

func (p *plainClient) Close(now time.Time, code session.CloseCode, text string) {
	if p.end != nil {
		return
	}
	p.end = &session.CloseError{Code: code, Text: text}
	if p.Plain == nil {
		p.finish()
		return
	}
	p.Plain.Close(now, p.end)
}

func (p *plainClient) Send(now time.Time, m codec.Message, o session.SendOptions) (uint64, error) {
	switch {
	case p.end != nil:
		return 0, session.ErrEnded
	case p.stats.State != session.Attached:
		p.wanted = true
		return 0, errAway
	}
	id, err := p.plain.Send(now, m, o)
	p.wanted = p.wanted || errors.Is(err, session.ErrQueueFull)
	return id, err
}
