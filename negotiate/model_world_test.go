package negotiate_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// world is a state of the model: a client and a server that live longer than their
// connections, and up to two connections between them. It is a value; what it points to is
// never changed.
type world struct {
	client, server party
	conns          [2]*link // in the order of their dialling
	left           budget
}

// party is what one side keeps from connection to connection: the smallest session.
type party struct {
	life           uint8 // which session; the client begins with 1, a server that knows none has 0
	generation     uint8 // of the last connection dialled, or attached
	sent, received uint8 // sequence numbers
}

// budget is what may still happen; it bounds the exploration.
type budget struct {
	dials, twins    uint8 // connections after the first; those of them beside a living one
	proposals       [2]uint8
	cancels, timers uint8
	drops, crashes  uint8
	tampers, nacks  uint8
	messages        [2]uint8 // this and the next are bounds that do not go down
	ones            uint8    // how many bytes of a frame may come one by one
}

// link is one connection.
type link struct {
	generation uint8
	ends       [2]end   // by role
	pipes      [2]pipe  // by the role of the writer
	attached   [2]bool  // by role: the session has been opened or resumed
	replay     [2]uint8 // by role: the message to go on from, until that is done; 0: it is done
	dropped    bool     // nothing that is written arrives any more
	tampered   bool     // somebody between has changed something
}

// rules is what all worlds of one model share.
type rules struct {
	cfgs    [8][2]*endConfig // by generation and role
	targets [2]codec.Version // what each role proposes
	allowed [8]bool          // versions that both offers allow, told by hand
}

func newRules(client, server negotiate.Offer, allowed []codec.Version, targets [2]codec.Version) *rules {
	r := &rules{targets: targets}
	for g := range r.cfgs {
		r.cfgs[g] = [2]*endConfig{
			newEndConfig(negotiate.Client, client, negotiate.Nonce{byte(g), 1}),
			newEndConfig(negotiate.Server, server, negotiate.Nonce{byte(g), 2}),
		}
	}
	for _, v := range allowed {
		r.allowed[v] = true
	}
	return r
}

// op is what can happen.
type op uint8

const (
	opOne op = iota
	opFrame
	opAll
	opEOF
	opTimer
	opPropose
	opCancel
	opCut
	opSend
	opNack
	opDrop
	opDial
	opCrash
	opTamper
	opInject
)

// choice is one thing that happens to one side of one connection.
type choice struct {
	op   op
	conn uint8
	role negotiate.Role
}

func (c choice) String() string {
	who := fmt.Sprintf("%v on connection %d ", c.role, c.conn)
	switch c.op {
	case opOne:
		return who + "gets a byte"
	case opFrame:
		return who + "gets a frame"
	case opAll:
		return who + "gets all"
	case opEOF:
		return who + "gets the end"
	case opTimer:
		return who + "runs out of time"
	case opPropose:
		return who + "proposes"
	case opCancel:
		return who + "cancels"
	case opCut:
		return who + "cuts"
	case opSend:
		return who + "sends a message"
	case opNack:
		return who + "gets a NACK"
	case opDrop:
		return fmt.Sprintf("connection %d is dropped", c.conn)
	case opDial:
		return "the client dials"
	case opCrash:
		return fmt.Sprintf("the %v crashes", c.role)
	case opTamper:
		return fmt.Sprintf("somebody changes the %v's line on connection %d", c.role, c.conn)
	case opInject:
		return fmt.Sprintf("somebody injects a message to the %v on connection %d", c.role, c.conn)
	}
	return "unknown"
}

func (w world) party(r negotiate.Role) party {
	if r == negotiate.Client {
		return w.client
	}
	return w.server
}

func (w *world) set(r negotiate.Role, p party) {
	if r == negotiate.Client {
		w.client = p
	} else {
		w.server = p
	}
}

// living counts the connections that the client has not seen end.
func (w *world) living() int {
	n := 0
	for _, l := range w.conns {
		if l != nil && !l.ends[negotiate.Client].closed {
			n++
		}
	}
	return n
}

// check tells which invariant a state breaks.
func (r *rules) check(w world) error {
	for i, l := range w.conns {
		if l == nil {
			continue
		}
		c, s := &l.ends[negotiate.Client], &l.ends[negotiate.Server]
		if l.tampered && c.done > 0 && s.done > 0 {
			return fmt.Errorf("connection %d was tampered with, and both sides verified it", i)
		}
		if c.open() && s.open() && c.done > 0 && s.done > 0 && c.up.Epoch() == s.up.Epoch() &&
			(c.up.Version() != s.up.Version() || c.up.Digest() != s.up.Digest()) {
			return fmt.Errorf("connection %d: version %d and %d in epoch %d, same digest: %v", i,
				c.up.Version(), s.up.Version(), c.up.Epoch(), c.up.Digest() == s.up.Digest())
		}
		if quiet := l.pipes[0].empty() && l.pipes[1].empty(); quiet && c.open() && s.open() &&
			c.up.State() == negotiate.Agreed && s.up.State() == negotiate.Agreed && c.up.NextDigest() != s.up.NextDigest() {
			return fmt.Errorf("connection %d: both sides have agreed, to different changes", i)
		}
		for _, e := range []*end{c, s} {
			if !e.open() {
				continue
			}
			if !l.tampered && (!r.allowed[e.up.Version()] || !r.allowed[e.reader] || !r.allowed[e.writer]) {
				return fmt.Errorf("the %v is in version %d, which the offers do not allow", e.cfg.up.Role, e.up.Version())
			}
			if e.up.SendsData() == e.held {
				return fmt.Errorf("the %v holds data: %v, but SendsData is %v", e.cfg.up.Role, e.held, e.up.SendsData())
			}
			if e.done == 0 && (l.attached[e.cfg.up.Role] || e.lastIn > 0) {
				return fmt.Errorf("the %v took part in the session before the peer's PROBE", e.cfg.up.Role)
			}
		}
	}
	if w.client.life == w.server.life && (w.client.received > w.server.sent || w.server.received > w.client.sent) {
		return errors.New("more was received than sent")
	}
	return nil
}

// done tells whether the world may rest: nothing is under way, and what was sent has arrived,
// or no connection can be made any more.
func (r *rules) done(w world) bool {
	for _, l := range w.conns {
		if l == nil {
			continue
		}
		for _, e := range l.ends {
			if !e.open() || e.up.State() != negotiate.Open {
				return false
			}
		}
		if !l.pipes[0].empty() || !l.pipes[1].empty() || !l.attached[0] || !l.attached[1] || l.dropped {
			return false
		}
	}
	if w.living() == 0 {
		return w.left.dials == 0
	}
	return w.living() == 1 && w.client.life == w.server.life &&
		w.client.received == w.server.sent && w.server.received == w.client.sent
}

// key tells states apart.
func (r *rules) key(dst []byte, w world) []byte {
	p := func(p party) { dst = append(dst, p.life, p.generation, p.sent, p.received) }
	p(w.client)
	p(w.server)
	b := w.left
	dst = append(dst, b.dials, b.twins, b.proposals[0], b.proposals[1], b.cancels, b.timers, b.drops, b.crashes, b.tampers, b.nacks)
	for _, l := range w.conns {
		if l == nil {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, l.generation, l.replay[0], l.replay[1], flags(l.dropped, l.tampered, l.attached[0], l.attached[1]))
		for i := range l.ends {
			dst = l.ends[i].appendKey(dst)
			dst = append(dst, byte(len(l.pipes[i].frames)), byte(l.pipes[i].off))
			for _, f := range l.pipes[i].frames {
				dst = append(append(dst, byte(len(f))), f...)
			}
		}
	}
	return dst
}

func (e *end) appendKey(dst []byte) []byte {
	dst = append(dst, flags(e.closed, e.held, e.shake != nil))
	if e.closed {
		return dst
	}
	dst = append(append(dst, byte(len(e.buf))), e.buf...)
	if e.shake != nil {
		return e.shake.AppendState(dst)
	}
	dst = append(dst, byte(e.reader), byte(e.writer), e.framesIn, e.framesOut, e.lastIn, e.lastOut, e.owed, min(e.done, 1))
	return e.up.AppendState(dst)
}

func flags(bs ...bool) (f byte) {
	for i, b := range bs {
		if b {
			f |= 1 << i
		}
	}
	return f
}

// show tells a state in a line of a story.
func (r *rules) show(w world) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sent %d/%d received %d/%d", w.client.sent, w.server.sent, w.client.received, w.server.received)
	for _, l := range w.conns {
		if l == nil {
			continue
		}
		fmt.Fprintf(&b, " | %s %s", l.ends[0].show(), l.pipes[0].show(">"))
		fmt.Fprintf(&b, "%s %s", l.pipes[1].show("<"), l.ends[1].show())
	}
	return b.String()
}

func (e *end) show() string {
	switch {
	case e.closed:
		return "closed"
	case e.shake != nil:
		return e.shake.State().String()
	}
	return fmt.Sprintf("%v(v%d)", e.up.State(), e.up.Version())
}

func (p pipe) show(arrow string) string {
	s := arrow
	for _, f := range p.frames {
		if f[0] == 'P' {
			s += " line"
		} else {
			s += " " + string(f[2])
		}
	}
	return s + arrow
}
