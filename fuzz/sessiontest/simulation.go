package sessiontest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// simulation is a pair under a list of steps.
type simulation struct {
	*Pair
	rnd   *rand.Rand
	extra *rand.Rand // of what goes with messages
	fails *rand.Rand // of the handlers that fail
}

// do does one step. It returns false when that changed nothing: there was nothing to do, or what it
// does to a connection had been done to it before.
func (s *simulation) do(step Step) bool {
	c := s.Conn
	switch step.Do {
	case Send, Call:
		return s.send(step)
	case Long:
		side := s.side(step.B)
		return side.Machine != nil && side.Send(session.Normal, Msg{Body: strings.Repeat("sixteen bytes...", step.A<<10)}, withMetadata(s.extra)) == nil
	case Pump:
		s.dial(false)
		s.Flush(s.Conn)
		return s.DeliverUp(s.Conn, step.A)+s.DeliverDown(s.Conn, step.B) > 0
	case Finish:
		s.Client.Finish(1 << 30)
		s.Server.Finish(1 << 30)
		s.Client.Busy, s.Server.Busy = false, false
		return true
	case Wait:
		s.Advance(time.Duration(step.A) * time.Millisecond)
		return true
	case Redial:
		s.dial(true)
		return true
	case Restart:
		if s.before != nil {
			s.Cut(s.before) // no connection outlives the process
		}
		s.Restart()
		return true
	case Crash:
		s.Crash()
		return true
	case Evict:
		return s.Evict([]session.CloseCode{session.CloseIdle, session.CloseLimits, session.CloseShutdown}[step.A%3])
	case Jump:
		s.jump(time.Duration(step.A)*time.Second, step.B%2 == 1)
		return true
	case Busy:
		side := s.side(step.A)
		idle := !side.Busy
		side.Busy = true
		return idle
	case Upgrade:
		side := s.side(step.B)
		return side.Machine != nil && side.Machine.Upgrade(s.Now, codec.Version(step.A)) == nil
	case Close:
		return s.close(step)
	}
	return c != nil && s.harm(c, step)
}

// close ends the session of one side, at once or in its next handler.
func (s *simulation) close(step Step) bool {
	side := s.side(step.B)
	if step.A%2 == 1 {
		side.CloseNext = true
		return true
	}
	return side.Close()
}

// harm does what needs a connection.
func (s *simulation) harm(c *Conn, step Step) bool {
	out := &c.Up
	if step.A%2 == 1 {
		out = &c.Down
	}
	live := !c.Closed(s.Pair)
	switch step.Do {
	case Fragment:
		return s.fragment(c, step.A)
	case Cut:
		s.Cut(c)
	case CutOne:
		s.CutEnd(c, step.A%2 == 0)
	case Stall:
		live = live && !out.Blocked
		out.Blocked = true
	case Resume:
		live = c.Up.Blocked || c.Down.Blocked
		c.Up.Blocked, c.Down.Blocked = false, false
	case Lose:
		live = live && !out.Lost
		out.Lost = true
	case HalfOpen:
		live = live && !(c.Up.Lost && c.Down.Lost)
		c.Up.Lost, c.Down.Lost = true, true
	case Late:
		return s.before != nil && s.DeliverUp(s.before, step.A)+s.DeliverDown(s.before, step.B) > 0
	}
	return live
}

func (s *simulation) side(n int) *Side {
	if n%2 == 0 {
		return s.Client
	}
	return s.Server
}

// dial makes a new connection if there is none that lives, or in any case.
func (s *simulation) dial(always bool) {
	if s.Client.Machine.State() == session.Ended {
		s.Crash()
	}
	if s.Conn != nil && !always && !s.Conn.Closed(s.Pair) {
		return
	}
	if s.before != nil {
		s.Cut(s.before)
	}
	s.Dial()
	s.Flush(s.Conn)
}

// send sends messages of all lanes and kinds. What the machine refuses was not sent.
func (s *simulation) send(step Step) bool {
	side := s.side(step.B)
	if side.Machine == nil {
		return false
	}
	for range step.A%4 + 1 {
		m := Msg{Body: strings.Repeat("x", s.rnd.IntN(40))}
		switch s.rnd.IntN(20) {
		case 0:
			m.Bad = uint8(s.rnd.IntN(16))
		case 1:
			m.New = s.rnd.Uint64()
		}
		if s.fails.IntN(6) == 0 {
			m.Body = "!" + m.Body
		}
		lane := []session.Lane{session.Normal, session.Normal, session.High, session.Low}[s.rnd.IntN(4)]
		opt := withMetadata(s.extra)
		if step.Do == Call {
			side.Call(lane, m, opt)
			continue
		}
		if s.rnd.IntN(8) == 0 {
			opt.TTL = time.Duration(1+s.rnd.IntN(2000)) * time.Millisecond
		}
		side.Send(lane, m, opt)
	}
	return true
}

// withMetadata draws metadata for every third message: little, and now and then as much as is
// allowed.
func withMetadata(rnd *rand.Rand) (opt session.SendOptions) {
	if rnd.IntN(3) > 0 {
		return opt
	}
	opt.MetadataOptional, opt.Uncompressed = rnd.IntN(2) == 0, rnd.IntN(8) == 0
	for range 1 + rnd.IntN(3) {
		value := make([]byte, rnd.IntN(30))
		for i := range value {
			value[i] = byte(rnd.Uint32())
		}
		opt.Metadata = append(opt.Metadata, session.Field{Key: string(rune('a' + rnd.IntN(4))), Value: string(value)})
	}
	if rnd.IntN(10) == 0 {
		opt.Metadata[0].Value = strings.Repeat("\n", session.MaxMetadata-200)
	}
	return opt
}

// fragment delivers what is on its way in pieces of n bytes, in turn in both directions.
func (s *simulation) fragment(c *Conn, n int) bool {
	some := false
	s.Flush(c)
	for range 400 {
		if s.DeliverUp(c, n)+s.DeliverDown(c, n) == 0 {
			break
		}
		some = true
	}
	return some
}

// jump sets the clock without the ticks in between.
func (s *simulation) jump(d time.Duration, back bool) {
	if back {
		d = -d / 100
	}
	s.Now = s.Now.Add(d)
	s.clock()
	s.tick()
}

// punctual checks that a machine which was told the time has no deadline left in the past: its
// driver would spin.
func (s *simulation) punctual() error {
	s.tick()
	if s.before != nil {
		s.Flush(s.before)
	}
	for _, side := range []*Side{s.Client, s.Server} {
		if side.Machine == nil {
			continue
		}
		if due := side.Machine.Deadline(); !due.IsZero() && !due.After(s.Now) {
			return fmt.Errorf("%s: the deadline stays %v in the past after a tick", side.Name, s.Now.Sub(due))
		}
		if err := side.closing(); err != nil {
			return err
		}
	}
	return nil
}

// errNotHealed is a session that does not come to rest on a network that works.
var errNotHealed = errors.New("the sides do not come to rest on a network that works")

// heal ends all faults and lets both sides come to rest; then every message has an outcome, and
// every call an answer. After a while without a connection the same is true again.
func (s *simulation) heal() error {
	if s.rest(20) { // else the clock jumped back, and something waits for its time
		if err := s.Check(true); err != nil {
			return err
		}
	}
	s.Advance(healTime)
	if !s.rest(100) {
		return fmt.Errorf("%w: client %+v, server %+v", errNotHealed, s.Client.Machine.Stats(), s.Server.Machine.Stats())
	}
	return s.Check(true)
}

// rest lets both sides say all that they have to say, on connections that work, and tells whether
// nothing is left.
func (s *simulation) rest(rounds int) bool {
	for range rounds {
		s.do(Step{Do: Finish})
		s.dial(s.Conn != nil && (s.Conn.Up.Lost || s.Conn.Down.Lost || s.Conn.Up.Blocked || s.Conn.Down.Blocked))
		if !s.Settle() {
			return false
		}
		s.do(Step{Do: Finish})
		s.Advance(time.Second)
		s.Settle()
		if idle(s.Client) && idle(s.Server) {
			return true
		}
	}
	return false
}

// idle tells whether a side has nothing left to do.
func idle(s *Side) bool {
	if s.Machine == nil {
		return false
	}
	st := s.Machine.Stats()
	return st.State == session.Attached && st.Queued+st.Unacked+st.Inbox == 0
}
