package transport

import (
	"errors"
	"net"
	"slices"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// ErrLegacy says that a peer without envelopes, a legacy client or the server of Config.Plain,
// cannot do what was asked: reply, or change its version.
var ErrLegacy = errors.New("transport: the peer is a legacy one, without envelopes; only Send, Flush and Close reach it")

// plain lets a session.Plain stand where a session.Machine does.
type plain struct {
	*session.Plain // nil at a client between connections
	stats          session.Stats
	flushes        []uint64 // that wait until all is written
	lastFlush      uint64
	identity       string // of a legacy client
}

func (p *plain) Attach(time.Time, *session.Opening) (uint64, error) { return 0, ErrLegacy }

//parley:borrows
func (p *plain) Space(uint64) []byte { return p.Plain.Space() }

func (p *plain) Wrote(now time.Time, _ uint64, n int) {
	p.stats.BytesIn += uint64(n)
	p.stats.LastReceived = now
	p.Plain.Wrote(now, n)
}

func (p *plain) Next(ev *session.Event) bool {
	if !p.Plain.Next(ev) {
		return p.flushed(ev)
	}
	switch ev.Kind {
	case session.EventMessage:
		p.stats.MessagesIn++
	case session.EventClosed:
		p.stats.State = session.Ended
	}
	return true
}

func (p *plain) Output(now time.Time, _ uint64) net.Buffers {
	bufs := p.Plain.Output(now)
	for _, b := range bufs {
		p.stats.BytesOut += uint64(len(b))
	}
	return bufs
}

func (p *plain) Written(now time.Time, _ uint64)                { p.Plain.Written(now) }
func (p *plain) Detach(now time.Time, _ uint64, err error)      { p.Plain.Close(now, err) }
func (p *plain) GoAway(time.Time, time.Duration, []string)      {}
func (p *plain) Upgrade(time.Time, codec.Version) error         { return ErrLegacy }
func (p *plain) Done(uint64)                                    {}
func (p *plain) DoneAll(uint64, uint64)                         {}
func (p *plain) Drop(uint64)                                    {}
func (p *plain) Cancel(time.Time, uint64) bool                  { return false }
func (p *plain) ID() [16]byte                                   { return [16]byte{} }
func (p *plain) Identity() string                               { return p.identity }
func (p *plain) Agreement() *negotiate.Agreement                { return nil }
func (p *plain) Fail(time.Time, uint64, string) (uint64, error) { return 0, nil }

func (p *plain) Stats() session.Stats {
	st := p.stats
	if p.Plain != nil {
		st.Held = p.Held()
	}
	return st
}

// Flush waits until all is written: no more is ever known of it.
func (p *plain) Flush(time.Time) uint64 {
	p.lastFlush++
	p.flushes = append(p.flushes, p.lastFlush)
	return p.lastFlush
}

func (p *plain) Unflush(id uint64) {
	p.flushes = slices.DeleteFunc(p.flushes, func(f uint64) bool { return f == id })
}

// flushed reports the first flush that waits for nothing more.
func (p *plain) flushed(ev *session.Event) bool {
	if len(p.flushes) == 0 || p.Plain != nil && p.Pending() > 0 {
		return false
	}
	*ev = session.Event{Kind: session.EventFlushed, ID: p.flushes[0]}
	p.flushes = p.flushes[1:]
	return true
}

func (p *plain) Idle()                       {}
func (p *plain) PeerInterval() time.Duration { return 0 }

// Backlog is never 0: what is sent to a legacy peer may stay unread, so a writer does it.
func (p *plain) Backlog() int { return direct + 1 }
func (p *plain) Unsent() int  { return 0 }

func (p *plain) Send(now time.Time, m codec.Message, o session.SendOptions) (uint64, error) {
	if len(o.Metadata) > 0 && !o.MetadataOptional {
		return 0, &session.FeatureError{Feature: session.FeatureMetadata}
	}
	err := p.Plain.Send(now, m)
	if err == nil {
		p.stats.MessagesOut++
	}
	return 0, err
}

func (p *plain) Call(time.Time, codec.Message, session.SendOptions) (uint64, error) {
	return 0, ErrLegacy
}

func (p *plain) Reply(now time.Time, _ uint64, m codec.Message, o session.SendOptions) (uint64, error) {
	return p.Send(now, m, o)
}

func (p *plain) Close(now time.Time, code session.CloseCode, text string) {
	p.Plain.Close(now, &session.CloseError{Code: code, Text: text})
}

// isLegacy tells whether the peer has no envelopes.
func (s *Session) isLegacy() bool {
	switch s.m.(type) {
	case *plain, *plainClient:
		return true
	}
	return false
}
