package transport

import (
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// skewed is a machine whose clock is off by what Jump says.
type skewed struct {
	machine
	off *time.Duration // guarded by the session's lock
}

// Jump sets a session's clock on, or back if d is negative, and wakes it, as when a device has
// slept, or its clock was set and is not monotonic.
func Jump(s *Session, d time.Duration) {
	s.mu.Lock()
	m, ok := s.m.(skewed)
	if !ok {
		m = skewed{s.m, new(time.Duration)}
		s.m = m
	}
	*m.off += d
	s.mu.Unlock()
	s.tick()
}

func (m skewed) at(now time.Time) time.Time { return now.Add(*m.off) }

func (m skewed) Deadline() time.Time {
	d := m.machine.Deadline()
	if d.IsZero() {
		return d
	}
	return d.Add(-*m.off)
}

func (m skewed) Attach(now time.Time, o *session.Opening) (gen uint64, err error) {
	return m.machine.Attach(m.at(now), o)
}
func (m skewed) Wrote(now time.Time, gen uint64, n int) { m.machine.Wrote(m.at(now), gen, n) }
func (m skewed) Output(now time.Time, gen uint64) net.Buffers {
	return m.machine.Output(m.at(now), gen)
}
func (m skewed) Written(now time.Time, gen uint64) { m.machine.Written(m.at(now), gen) }
func (m skewed) Tick(now time.Time)                { m.machine.Tick(m.at(now)) }
func (m skewed) Probe(now time.Time)               { m.machine.Probe(m.at(now)) }
func (m skewed) Detach(now time.Time, gen uint64, err error) {
	m.machine.Detach(m.at(now), gen, err)
}
func (m skewed) Send(now time.Time, msg codec.Message, o session.SendOptions) (uint64, error) {
	return m.machine.Send(m.at(now), msg, o)
}
func (m skewed) Call(now time.Time, msg codec.Message, o session.SendOptions) (uint64, error) {
	return m.machine.Call(m.at(now), msg, o)
}
func (m skewed) Reply(now time.Time, call uint64, msg codec.Message, o session.SendOptions) (uint64, error) {
	return m.machine.Reply(m.at(now), call, msg, o)
}
func (m skewed) Fail(now time.Time, call uint64, text string) (uint64, error) {
	return m.machine.Fail(m.at(now), call, text)
}
func (m skewed) Cancel(now time.Time, id uint64) bool { return m.machine.Cancel(m.at(now), id) }
func (m skewed) Flush(now time.Time) uint64           { return m.machine.Flush(m.at(now)) }
func (m skewed) Upgrade(now time.Time, v codec.Version) error {
	return m.machine.Upgrade(m.at(now), v)
}
func (m skewed) GoAway(now time.Time, retry time.Duration, alternatives []string) {
	m.machine.GoAway(m.at(now), retry, alternatives)
}
func (m skewed) Close(now time.Time, code session.CloseCode, text string) {
	m.machine.Close(m.at(now), code, text)
}
