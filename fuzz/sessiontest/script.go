package sessiontest

import (
	"strings"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// Run plays a script on the pair: each step is two bytes, what to do and how much. Every
// script is legal, so it can come from a fuzzer or a random generator. It ends with the
// connection as it happens to be; see Finish.
func (p *Pair) Run(script []byte) {
	for ; len(script) >= 2; script = script[2:] {
		p.step(script[0], int(script[1]))
		p.clock()
	}
}

func (p *Pair) step(op byte, arg int) {
	side, peer := p.Client, p.Server
	if op&0x80 != 0 {
		side, peer = peer, side
	}
	c := p.Conn
	if c == nil {
		c = p.Dial()
	}
	switch op & 0x0f {
	case 0, 1:
		p.send(side, arg)
	case 2:
		p.Flush(c)
		p.DeliverUp(c, arg)
	case 3:
		p.Flush(c)
		p.DeliverDown(c, arg)
	case 4, 5:
		p.exchange(c, arg)
	case 6, 7:
		if arg&3 != 0 {
			p.Cut(c) // or leave the old one, which nobody has cut, beside the new
		}
		if c = p.Dial(); arg&4 != 0 {
			p.exchange(c, arg)
		}
	case 8:
		p.Advance(time.Duration(arg*arg/8) * time.Millisecond)
	case 9:
		side.Busy = arg&1 == 0
	case 10:
		if side.Machine != nil {
			side.Finish(arg)
		}
	case 11:
		if side.Machine != nil {
			side.Machine.Upgrade(p.Now, codec.Version(arg%3+1))
		}
	case 12:
		if c.Up.Blocked = arg&1 != 0; arg&2 != 0 {
			c.Down.Blocked = arg&1 != 0
		}
		p.Flush(c)
	case 13:
		if side.Machine != nil {
			side.Machine.Flush(p.Now)
		}
	case 14:
		if side.Machine != nil {
			side.Call(session.Lane(arg%3), Msg{Body: body(arg)}, metadata(arg))
		}
	case 15:
		side.Answer = !side.Answer
	}
	side.take()
	peer.take()
}

func (p *Pair) send(s *Side, arg int) {
	if s.Machine == nil {
		return
	}
	m := Msg{Body: body(arg / 4)}
	opt := metadata(arg)
	switch {
	case arg >= 250:
		m.Bad = 1 << (arg % 3)
	case arg >= 240:
		m.New = uint64(arg)
	case arg >= 230:
		opt.TTL = time.Duration(arg) * time.Millisecond
	}
	s.Send(session.Lane(arg%3), m, opt)
}

// metadata makes metadata for a part of the messages.
func metadata(arg int) (opt session.SendOptions) {
	if arg%5 == 3 {
		opt.Metadata = session.Metadata{{Key: "arg", Value: string([]byte{byte(arg), ' ', '\n', ','})}, {Key: "arg"}}
	}
	return opt
}

// exchange delivers in turns, all that there is or so many bytes at a time.
func (p *Pair) exchange(c *Conn, arg int) {
	size := 1 << 20
	if arg&0x40 != 0 {
		size = arg
	}
	for range 1 + arg%8 {
		p.Flush(c)
		p.DeliverUp(c, size)
		p.DeliverDown(c, size)
	}
}

// body makes bodies of a few bytes, and now and then one that needs fragments.
func body(arg int) string {
	if arg == 7 {
		return strings.Repeat("fragment", 20000)
	}
	return strings.Repeat("x", arg%64)
}

// Finish brings the pair to rest: handlers complete, nothing is blocked, the sides reconnect
// as often as they must, and what has a time to live gets time to expire. It returns false if
// they do not come to rest.
func (p *Pair) Finish() bool {
	for range 60 { // of 100 ms: a CLOSE on a connection that is blocked for good waits for 5 s
		p.Client.Busy, p.Server.Busy = false, false
		if p.Conn == nil || p.Conn.Closed(p) || p.Conn.client.opening != nil {
			if p.Conn != nil {
				p.Cut(p.Conn)
			}
			if p.Client.Machine.State() == session.Ended {
				return true
			}
			p.Dial()
		}
		p.Conn.Up.Blocked, p.Conn.Down.Blocked = false, false
		if !p.Settle() {
			return false
		}
		for _, s := range []*Side{p.Client, p.Server} {
			if s.Machine != nil {
				s.Finish(1 << 30)
			}
		}
		p.Settle()
		p.Advance(100 * time.Millisecond)
		p.Settle()
		if p.resting() {
			return true
		}
	}
	return false
}

// resting tells whether no message is without an outcome.
func (p *Pair) resting() bool {
	for _, s := range []*Side{p.Client, p.Server} {
		if s.Machine == nil {
			return false
		}
		if st := s.Machine.Stats(); st.State != session.Attached || st.Queued+st.Unacked+st.Inbox > 0 {
			return false
		}
	}
	return true
}
