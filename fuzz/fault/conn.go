package fault

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// A script tells the faults that stand at operation i. It is asked once for
// each operation, in order.
type script interface {
	at(op Op, i int) []Fault
}

// A Conn is a net.Conn on which things go wrong by a schedule. Everything that
// the schedule does not touch is done by the connection below. It may be used
// by several goroutines as any net.Conn.
type Conn struct {
	net.Conn
	count *counters

	mu     sync.Mutex
	script script
	ops    [2]int // operations so far, by Op
	dead   error  // after a reset: what every operation returns
	silent bool   // after HalfOpen
	ended  [2]bool

	limits    [2]deadline
	closed    chan struct{}
	closeOnce sync.Once
	onClose   func() // a Link forgets the connection
}

// New returns c with the faults of s. The Conn owns c.
func New(c net.Conn, s Schedule) *Conn {
	f := newConn(c, s, &counters{})
	f.count.conns.Add(1)
	return f
}

func newConn(c net.Conn, s script, count *counters) *Conn {
	f := &Conn{Conn: c, count: count, script: s, closed: make(chan struct{})}
	for i := range f.limits {
		f.limits[i].changed = make(chan struct{})
	}
	return f
}

// Stats returns what happened so far. Connections of one Link or Network share
// their figures.
func (c *Conn) Stats() Stats { return c.count.stats() }

// Ops returns how many Reads and Writes there were so far.
func (c *Conn) Ops() (reads, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ops[Read], c.ops[Write]
}

// trouble is what stands at one operation, all faults together.
type trouble struct {
	stall                 time.Duration
	fragment              int // 0: none
	short, reset, corrupt int // -1: none
	halfOpen, lose, eof   bool
}

// next counts an operation and collects its faults.
func (c *Conn) next(op Op) trouble {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.ops[op]
	c.ops[op]++
	t := trouble{short: -1, reset: -1, corrupt: -1}
	for _, f := range c.script.at(op, i) {
		switch f.Kind {
		case Stall:
			t.stall += f.D
		case Fragment:
			t.fragment = max(f.N, 1)
		case Short:
			t.short = f.N
		case Reset:
			t.reset = f.N
		case HalfOpen:
			t.halfOpen = true
		case Lose:
			t.lose = true
		case Corrupt:
			t.corrupt = f.N
		case EOF:
			t.eof = true
		}
	}
	return t
}

// begin waits as long as t says, and reports what an earlier fault left.
func (c *Conn) begin(op Op, t trouble) error {
	if t.stall > 0 {
		c.count.kind[Stall].Add(1)
		if err := c.wait(op, t.stall); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return c.dead
	}
	if t.halfOpen && !c.silent {
		c.silent = true
		c.count.kind[HalfOpen].Add(1)
	}
	return nil
}

// explain returns the reset that made the connection below fail, else err.
func (c *Conn) explain(op Op, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return c.wrap(op, c.dead)
	}
	return err
}

// wrap gives err the shape of the net package's errors.
func (c *Conn) wrap(op Op, err error) error {
	name := "read"
	if op == Write {
		name = "write"
	}
	return &net.OpError{Op: name, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// isSilent reports whether the peer has vanished.
func (c *Conn) isSilent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

// breakDown resets the connection for both ends.
func (c *Conn) breakDown() {
	c.mu.Lock()
	first := c.dead == nil
	c.dead = syscall.ECONNRESET
	c.mu.Unlock()
	if first {
		c.count.kind[Reset].Add(1)
	}
	abort(c.Conn)
}

// abort closes c so that its peer sees a reset, where c can do that.
func abort(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		l.SetLinger(0)
	}
	c.Close()
}

// CloseWrite tells the peer that no more will come, if the connection below can
// do that; else the error is errors.ErrUnsupported.
func (c *Conn) CloseWrite() error {
	if c.isSilent() {
		return nil
	}
	return closeWrite(c.Conn)
}

func closeWrite(c net.Conn) error {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger is that of a *net.TCPConn, if the connection below has it; else the
// error is errors.ErrUnsupported. After SetLinger(0), Close is a reset.
func (c *Conn) SetLinger(sec int) error {
	if l, ok := c.Conn.(interface{ SetLinger(sec int) error }); ok {
		return l.SetLinger(sec)
	}
	return errors.ErrUnsupported
}

// abandon closes the connection without a word to the peer.
func (c *Conn) abandon() {
	c.mu.Lock()
	c.silent = true
	c.mu.Unlock()
	c.Close()
}

// Close ends every operation that waits. After HalfOpen the peer is not told.
func (c *Conn) Close() error {
	first := false
	c.closeOnce.Do(func() { first = true; close(c.closed) })
	if !first {
		return nil
	}
	if c.onClose != nil {
		c.onClose()
	}
	if !c.isSilent() {
		return c.Conn.Close()
	}
	if p, ok := c.Conn.(interface{ abandon() }); ok {
		p.abandon()
		return nil
	}
	go func() {
		io.Copy(io.Discard, c.Conn) // ends when the peer gives up
		c.Conn.Close()
	}()
	return nil
}
