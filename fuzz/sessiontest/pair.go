package sessiontest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// ErrCut is the error of a connection that [Pair.Cut] has cut.
var ErrCut = errors.New("sessiontest: cut")

// Pair is a client and a server, at most one connection between them that carries bytes, and
// the time.
type Pair struct {
	Client, Server *Side
	Now            time.Time
	Conn           *Conn // the last one dialled; nil before the first
	before         *Conn // the one before it

	// Forget makes the server lose its sessions at the next Dial.
	Forget bool

	sessions map[[16]byte]*session.Machine
	late     map[[16]byte]bool // sessions that ended and were not begun by their first connection
}

// Epoch is when the virtual time begins.
var Epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// Configs returns the configurations of a client and a server that speak [Protocol], with
// randomness that the seed determines. The client's codecs decode everything.
func Configs(seed uint64) (client, server session.Config) {
	client = session.Config{Protocol: Protocol(false), Rand: chaCha(seed, 'c')}
	server = session.Config{Protocol: Protocol(true), Rand: chaCha(seed, 's')}
	return client, server
}

func chaCha(seed uint64, role byte) *rand.ChaCha8 {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	key[8] = role
	return rand.NewChaCha8(key)
}

// NewPair returns a pair that is not connected. A configuration that is wrong is an error.
func NewPair(client, server session.Config) (*Pair, error) {
	cp, err := session.NewProfile(negotiate.Client, client)
	if err != nil {
		return nil, err
	}
	sp, err := session.NewProfile(negotiate.Server, server)
	if err != nil {
		return nil, err
	}
	p := &Pair{Client: newSide("client", cp), Server: newSide("server", sp), Now: Epoch, sessions: map[[16]byte]*session.Machine{},
		late: map[[16]byte]bool{}}
	p.Client.bare = !offers(cp, session.FeatureMetadata) || !offers(sp, session.FeatureMetadata)
	p.Server.bare = p.Client.bare
	p.Client.Machine = cp.New(p.Now)
	p.clock()
	return p, nil
}

// offers tells whether greetings of a profile name a feature.
func offers(p *session.Profile, feature string) bool {
	return slices.ContainsFunc(p.Offer().Features, func(f negotiate.Feature) bool { return f.Name == feature })
}

func (p *Pair) clock() {
	for _, s := range []*Side{p.Client, p.Server} {
		if s.now = p.Now; s.now.After(s.latest) {
			s.latest = s.now
		}
	}
}

// Conn is one connection: what is on the way in each direction.
type Conn struct {
	Up, Down Stream // client to server, server to client

	client, server end
}

// Stream is one direction of a connection.
type Stream struct {
	Bytes   []byte // on the way
	Total   int    // bytes ever written
	Blocked bool   // the writer's write does not return
	Lost    bool   // what is written vanishes

	owed bool // a write returns when it is unblocked
}

// end is one end of a connection: an opening, then a generation of a machine.
type end struct {
	opening *session.Opening
	machine *session.Machine // once it is attached; a later process has another
	gen     uint64
	closed  bool
}

// Dial begins a connection. What the present one carries may still be delivered by whoever
// keeps it; see DeliverTo.
func (p *Pair) Dial() *Conn {
	if p.Forget {
		clear(p.sessions)
		p.Server.Machine = nil
		p.Forget = false
	}
	p.before, p.Conn = p.Conn, &Conn{}
	p.Conn.client.opening = p.Client.Profile.Open(p.Now, negotiate.Key{})
	p.Conn.server.opening = p.Server.Profile.Open(p.Now, negotiate.Key{})
	return p.Conn
}

// Flush moves what both sides have to write on their way.
func (p *Pair) Flush(c *Conn) {
	p.output(c, p.Client, &c.client, &c.Up)
	p.output(c, p.Server, &c.server, &c.Down)
}

func (p *Pair) output(c *Conn, s *Side, e *end, out *Stream) {
	for !e.closed {
		if o := e.opening; o != nil {
			b := o.Output()
			if b == nil {
				return
			}
			out.write(b)
			o.Flushed()
			continue
		}
		m := e.machine
		if m == nil || m != s.Machine {
			return
		}
		if out.owed && !out.Blocked {
			out.owed = false
			m.Written(p.Now, e.gen)
			s.take()
		}
		bufs := m.Output(p.Now, e.gen)
		s.take()
		if bufs == nil {
			return
		}
		s.wrote()
		for _, b := range bufs {
			out.write(b)
		}
		if out.Blocked {
			out.owed = true
			return
		}
		m.Written(p.Now, e.gen)
		s.take()
	}
}

func (o *Stream) write(b []byte) {
	o.Total += len(b)
	if !o.Lost {
		o.Bytes = append(o.Bytes, b...)
	}
}

// DeliverUp hands the server up to n of the bytes that are on their way. It returns how many.
func (p *Pair) DeliverUp(c *Conn, n int) int { return p.deliver(c, p.Server, &c.server, &c.Up, n) }

// DeliverDown hands the client up to n bytes.
func (p *Pair) DeliverDown(c *Conn, n int) int {
	return p.deliver(c, p.Client, &c.client, &c.Down, n)
}

func (p *Pair) deliver(c *Conn, s *Side, e *end, in *Stream, n int) int {
	n = min(n, len(in.Bytes))
	for given := 0; given < n && !e.closed; {
		given += p.give(s, e, in.Bytes[given:n])
		p.attach(s, e)
		s.take()
	}
	in.Bytes = append(in.Bytes[:0], in.Bytes[n:]...)
	p.Flush(c)
	return n
}

// give puts bytes where the present reader wants them.
func (p *Pair) give(s *Side, e *end, b []byte) int {
	if o := e.opening; o != nil {
		n := copy(o.Space(), b)
		o.Wrote(p.Now, n)
		return n
	}
	var n int
	if e.machine == s.Machine && s.Machine != nil {
		n = copy(s.Machine.Space(e.gen), b)
	}
	if n == 0 {
		e.closed = true
		return len(b)
	}
	s.Machine.Wrote(p.Now, e.gen, n)
	return n
}

// attach moves an opening that is ready into its machine.
func (p *Pair) attach(s *Side, e *end) {
	o := e.opening
	if o == nil || o.State() != session.OpeningReady {
		if o != nil && o.State() == session.OpeningFailed {
			e.closed = true
		}
		return
	}
	if s == p.Server {
		id, generation, secret := o.Session()
		m := p.sessions[id]
		if m == nil && generation == 1 && p.late[id] {
			o.Deny()
			return
		}
		if m == nil && !secret {
			o.Unknown()
			return
		}
		if m == nil {
			m = s.Profile.New(p.Now)
			p.sessions[id] = m
			s.forget()
		}
		s.Machine = m
	}
	gen, err := s.Machine.Attach(p.Now, o)
	if err == nil {
		e.machine, e.gen, e.opening = s.Machine, gen, nil
	}
}

// Cut ends a connection: both ends learn it, what is on its way is gone.
func (p *Pair) Cut(c *Conn) {
	for _, x := range []struct {
		s *Side
		e *end
	}{{p.Client, &c.client}, {p.Server, &c.server}} {
		if x.e.opening == nil && !x.e.closed && x.e.machine == x.s.Machine {
			x.s.Machine.Detach(p.Now, x.e.gen, ErrCut)
			x.s.take()
		}
		x.e.closed = true
	}
	c.Up.Bytes, c.Down.Bytes = nil, nil
}

// Closed tells whether an end of the connection has given it up.
func (c *Conn) Closed(p *Pair) bool {
	gone := func(s *Side, e *end) bool {
		return e.closed || e.opening == nil && (e.machine != s.Machine || s.Machine.Generation() != e.gen ||
			s.Machine.State() == session.Detached || s.Machine.State() == session.Ended)
	}
	return gone(p.Client, &c.client) || gone(p.Server, &c.server)
}

// Settle delivers everything until nothing is on its way. It stops after many rounds, so that
// machines that never fall silent do not hang a test; then it returns false.
func (p *Pair) Settle() bool {
	c := p.Conn
	for range 10000 {
		p.Flush(c)
		if p.DeliverUp(c, 1<<30)+p.DeliverDown(c, 1<<30) == 0 {
			return true
		}
	}
	return false
}

// Advance lets time pass, and ticks whatever has a deadline on the way. It stops after many rounds, or
// some at the same instant, so that a deadline that no tick moves does not hang a test.
func (p *Pair) Advance(d time.Duration) {
	end := p.Now.Add(d)
	for rounds, still := 0, 0; rounds < 100000 && still < 1000; rounds++ {
		next := end
		for _, due := range p.deadlines() {
			if !due.IsZero() && due.Before(next) {
				next = due
			}
		}
		if still++; next.After(p.Now) {
			p.Now, still = next, 0
		}
		p.clock()
		p.tick()
		if !next.Before(end) {
			return
		}
	}
}

func (p *Pair) deadlines() (all []time.Time) {
	for _, s := range []*Side{p.Client, p.Server} {
		if s.Machine != nil {
			all = append(all, s.Machine.Deadline())
		}
	}
	if p.Conn != nil {
		for _, e := range []*end{&p.Conn.client, &p.Conn.server} {
			if e.opening != nil && !e.closed {
				all = append(all, e.opening.Deadline())
			}
		}
	}
	return all
}

func (p *Pair) tick() {
	for _, s := range []*Side{p.Client, p.Server} {
		if s.Machine != nil {
			s.Machine.Tick(p.Now)
			s.take()
		}
	}
	if p.Conn == nil {
		return
	}
	for _, e := range []*end{&p.Conn.client, &p.Conn.server} {
		if e.opening != nil && !e.closed {
			e.opening.Tick(p.Now)
			e.closed = e.opening.State() == session.OpeningFailed
		}
	}
	if p.before != nil { // a side may still hold to it
		p.Flush(p.before)
	}
	p.Flush(p.Conn)
}

// Connect dials and settles. It returns false if the sides are not attached after that.
func (p *Pair) Connect() bool {
	p.Dial()
	p.Settle()
	return p.Client.Machine.State() == session.Attached
}

// Check is the oracle for both directions.
func (p *Pair) Check(final bool) error {
	if err := p.Client.Check(p.Server, final); err != nil {
		return err
	}
	return p.Server.Check(p.Client, final)
}
