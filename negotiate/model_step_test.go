package negotiate_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parleyproto/parley/negotiate"
)

var roles = [2]negotiate.Role{negotiate.Client, negotiate.Server}

// choices lists what can happen in w.
func (r *rules) choices(dst []choice, w world) []choice {
	for i, l := range w.conns {
		if l != nil {
			dst = r.linkChoices(dst, w, uint8(i), l)
		}
	}
	if n := w.living(); w.left.dials > 0 && w.conns[1] == nil && (n == 0 || w.left.twins > 0) {
		dst = append(dst, choice{op: opDial})
	}
	if w.left.crashes > 0 {
		dst = append(dst, choice{op: opCrash, role: negotiate.Client}, choice{op: opCrash, role: negotiate.Server})
	}
	return dst
}

func (r *rules) linkChoices(dst []choice, w world, i uint8, l *link) []choice {
	if w.left.drops > 0 && !l.dropped {
		dst = append(dst, choice{op: opDrop, conn: i})
	}
	for _, role := range roles {
		e, in := &l.ends[role], l.pipes[role.Peer()]
		add := func(o op) { dst = append(dst, choice{o, i, role}) }
		if e.closed {
			continue
		}
		if !in.empty() {
			if in.off < int(w.left.ones) {
				add(opOne)
			}
			if add(opFrame); len(in.frames) > 1 {
				add(opAll)
			}
		} else if l.dropped || l.ends[role.Peer()].closed {
			add(opEOF)
		}
		if w.left.timers > 0 && !e.deadline().IsZero() {
			add(opTimer)
		}
		if w.left.tampers > 0 && e.open() && e.up.State() == negotiate.Probing {
			add(opInject)
		}
		if out := l.pipes[role]; w.left.tampers > 0 && !out.empty() && out.off == 0 && out.frames[0] != tamper(out.frames[0]) {
			add(opTamper)
		}
		if e.open() {
			dst = r.endChoices(dst, w, choice{conn: i, role: role}, l)
		}
	}
	return dst
}

// endChoices lists what an open end can do by itself.
func (r *rules) endChoices(dst []choice, w world, c choice, l *link) []choice {
	e := &l.ends[c.role]
	add := func(o op) { dst = append(dst, choice{o, c.conn, c.role}) }
	if w.left.proposals[c.role] > 0 && e.up.State() == negotiate.Open && e.up.Version() != r.targets[c.role] {
		add(opPropose)
	}
	if w.left.cancels > 0 && e.up.Own() {
		add(opCancel)
	}
	if e.up.WantsCut() {
		add(opCut)
	}
	if p := w.party(c.role); !e.held && l.attached[c.role] && l.generation == p.generation {
		if p.sent < w.left.messages[c.role] {
			add(opSend)
		}
		if w.left.nacks > 0 && e.lastOut > 0 {
			add(opNack)
		}
	}
	return dst
}

// tamper changes a greeting's or an answer's offer, or a choice, so that it still parses.
func tamper(line string) string {
	if !strings.HasPrefix(line, "PARLEY/1 ") {
		return line
	}
	return strings.Replace(strings.Replace(line, " v=1-3", " v=1-2", 1), " v=3", " v=2", 1)
}

// step makes choice c. An error is a broken invariant.
func (r *rules) step(w world, c choice) (world, error) {
	switch c.op {
	case opDial:
		if w.living() > 0 {
			w.left.twins--
		}
		w.left.dials--
		r.dial(&w)
		return w, nil
	case opCrash:
		return r.crash(w, c.role), nil
	}
	l := *w.conns[c.conn]
	w.conns[c.conn] = &l
	var err error
	if c.op == opDrop {
		w.left.drops--
		l.dropped, l.pipes = true, [2]pipe{}
	} else {
		err = r.touch(&w, &l, c)
		r.catchUp(&w, &l, c.role)
		if e := &l.ends[c.role]; err == nil && e.closed && !l.tampered && !fair(e.cause) {
			err = fmt.Errorf("the %v accuses an honest peer: %w", c.role, e.cause)
		}
	}
	r.bury(&w)
	return w, err
}

// Why an end closes, beside what package negotiate says.
var (
	errSuperseded = errors.New("superseded by a younger connection")
	errLost       = errors.New("session lost")
)

// fair tells whether a connection may end so when nobody meddles with it.
func fair(cause error) bool {
	return errors.Is(cause, errSuperseded) || errors.Is(cause, errLost) || errors.Is(cause, io.ErrUnexpectedEOF) ||
		errors.Is(cause, negotiate.ErrLate) || errors.As(cause, new(*negotiate.TimeoutError))
}

// touch lets something happen to one end.
func (r *rules) touch(w *world, l *link, c choice) error {
	e, in := &l.ends[c.role], &l.pipes[c.role.Peer()]
	var b string
	switch c.op {
	case opOne:
		b, *in = in.one()
	case opFrame:
		b, *in = in.frame()
	case opAll:
		b, *in = in.all()
	case opEOF:
		r.lose(e)
	case opTimer:
		w.left.timers--
		r.write(l, c.role, e.timeout())
	case opPropose:
		w.left.proposals[c.role]--
		r.write(l, c.role, e.step(start, to(r.targets[c.role])))
	case opCancel:
		w.left.cancels--
		r.write(l, c.role, e.step(start, negotiate.Cancel{}))
	case opCut:
		r.write(l, c.role, e.ready())
	case opSend:
		p := w.party(c.role)
		p.sent++
		w.set(c.role, p)
		r.write(l, c.role, []string{e.write(data{p.sent})})
	case opNack:
		w.left.nacks--
		r.write(l, c.role, e.step(start, negotiate.Nacked{Seq: uint64(e.lastOut)}))
	case opTamper:
		w.left.tampers--
		l.tampered = true
		out := l.pipes[c.role]
		l.pipes[c.role] = pipe{frames: append([]string{tamper(out.frames[0])}, out.frames[1:]...)}
	case opInject:
		w.left.tampers--
		l.tampered = true
		b = encode(e.reader, data{1})
	}
	if b == "" {
		return nil
	}
	return r.receive(w, l, c.role, b)
}

// receive gives bytes to an end, and what it reads for the session to its party.
func (r *rules) receive(w *world, l *link, role negotiate.Role, b string) error {
	e := &l.ends[role]
	fresh := e.done == 0
	out, got, err := e.receive(b)
	if err != nil && !l.tampered {
		return err
	}
	r.write(l, role, out)
	if fresh && e.done > 0 && role == negotiate.Client && e.open() {
		p := w.client
		r.write(l, role, []string{e.write(attach{p.life, l.generation, p.received, min(p.sent+p.received, 1)})})
	}
	for _, f := range got {
		if err := r.session(w, l, role, f); err != nil {
			return err
		}
	}
	return nil
}

// session is the model's session: it attaches, and hands messages over in order and once.
func (r *rules) session(w *world, l *link, role negotiate.Role, f any) error {
	e, p := &l.ends[role], w.party(role)
	if e.done == 0 || l.tampered {
		return fmt.Errorf("the %v got a %T before it had verified the peer's PROBE", role, f)
	}
	if e.closed {
		return nil
	}
	switch f := f.(type) {
	case attach:
		if role == negotiate.Server {
			return r.serveAttach(w, l, f)
		}
		switch {
		case l.generation != p.generation:
			e.close(errSuperseded)
			return nil
		case f.life == 0: // the outcome of what was sent is unknown; begin anew
			w.client = party{life: p.life + 1, generation: p.generation}
			e.close(errLost)
			return nil
		}
		l.attached[role] = true
		l.replay[role] = f.received + 1
	case data:
		if role == negotiate.Client && l.generation != p.generation {
			e.close(errSuperseded)
			return nil
		}
		if !l.attached[role] {
			return fmt.Errorf("the %v got data on a connection without a session", role)
		}
		if f.seq > p.received+1 {
			return fmt.Errorf("the %v got message %d after %d", role, f.seq, p.received)
		}
		p.received = max(p.received, f.seq)
		w.set(role, p)
	}
	return nil
}

// serveAttach opens or resumes the session at the server. Only a greater generation may.
func (r *rules) serveAttach(w *world, l *link, f attach) error {
	p, e := w.server, &l.ends[negotiate.Server]
	known := p.life == f.life
	switch {
	case known && f.generation <= p.generation, p.life > f.life:
		e.close(errSuperseded)
		return nil
	case !known && f.stateful > 0:
		r.write(l, negotiate.Server, []string{e.write(attach{life: 0})})
		return nil
	}
	for _, other := range w.conns {
		if other != nil && other != l && other.attached[negotiate.Server] {
			old := *other
			old.ends[negotiate.Server].close(errSuperseded)
			*r.replaceLink(w, other) = old
		}
	}
	if !known {
		p = party{life: f.life}
	}
	p.generation = f.generation
	w.server = p
	l.attached[negotiate.Server] = true
	r.write(l, negotiate.Server, []string{e.write(attach{f.life, f.generation, p.received, 0})})
	l.replay[negotiate.Server] = f.received + 1
	return nil
}

// replaceLink gives w a fresh copy of one of its links.
func (r *rules) replaceLink(w *world, l *link) *link {
	fresh := new(link)
	for i := range w.conns {
		if w.conns[i] == l {
			w.conns[i] = fresh
		}
	}
	return fresh
}

// catchUp sends what the peer said at its ATTACH that it has not received, unless data is
// held.
func (r *rules) catchUp(w *world, l *link, role negotiate.Role) {
	e, from := &l.ends[role], l.replay[role]
	if from == 0 || e.held || e.closed {
		return
	}
	for seq := from; seq <= w.party(role).sent; seq++ {
		r.write(l, role, []string{e.write(data{seq})})
	}
	l.replay[role] = 0
}

func (r *rules) write(l *link, role negotiate.Role, frames []string) {
	if len(frames) > 0 && !l.dropped && !l.ends[role.Peer()].closed {
		l.pipes[role] = l.pipes[role].write(frames...)
	}
}

// lose tells an end that its connection is gone.
func (r *rules) lose(e *end) {
	if e.open() {
		e.step(start, negotiate.Lost{})
	}
	e.close(io.ErrUnexpectedEOF)
}

// dial makes a connection of the next generation.
func (r *rules) dial(w *world) {
	w.client.generation++
	g := w.client.generation
	l := &link{generation: g}
	var greeting []string
	l.ends[negotiate.Client], greeting = newEnd(r.cfgs[g][negotiate.Client])
	l.ends[negotiate.Server], _ = newEnd(r.cfgs[g][negotiate.Server])
	l.pipes[negotiate.Client] = pipe{}.write(greeting...)
	if w.conns[0] == nil {
		w.conns[0] = l
	} else {
		w.conns[1] = l
	}
}

// crash makes one side forget everything, at once.
func (r *rules) crash(w world, role negotiate.Role) world {
	w.left.crashes--
	p := party{}
	if role == negotiate.Client {
		p.life, p.generation = w.client.life+1, w.client.generation
	}
	w.set(role, p)
	for i, l := range w.conns {
		if l != nil {
			fresh := *l
			fresh.ends[role].close(io.ErrUnexpectedEOF)
			fresh.pipes[role.Peer()] = pipe{}
			w.conns[i] = &fresh
		}
	}
	r.bury(&w)
	return w
}

// bury removes connections that are closed on both sides, and what is under way to a side
// that is closed.
func (r *rules) bury(w *world) {
	for i, l := range w.conns {
		if l == nil {
			continue
		}
		if l.ends[0].closed && l.ends[1].closed {
			w.conns[i] = nil
			continue
		}
		for _, role := range roles {
			if l.ends[role].closed && !l.pipes[role.Peer()].empty() {
				fresh := *l
				fresh.pipes[role.Peer()] = pipe{}
				l, w.conns[i] = &fresh, &fresh
			}
		}
	}
	if w.conns[0] == nil {
		w.conns[0], w.conns[1] = w.conns[1], nil
	}
}
