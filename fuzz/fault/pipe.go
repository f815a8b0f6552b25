package fault

import (
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"
)

// A pipeConn is one end of a connection in memory. It behaves as a
// *net.TCPConn does: buffered, with deadlines, half close, and a reset when it
// is closed after SetLinger(0).
type pipeConn struct {
	in, out       *half
	local, remote net.Addr
	linger0       atomic.Bool
	gone          atomic.Bool // closed or abandoned: the pump of a Link ends
	onClose       func()
}

// An Addr is the address of an end in memory, "host:port".
type Addr string

// Network returns "mem".
func (a Addr) Network() string { return "mem" }

// String returns the address.
func (a Addr) String() string { return string(a) }

// newPipe returns the two ends of a connection.
func newPipe(l line, seed uint64, local, remote net.Addr) (a, b *pipeConn) {
	there := newHalf(l, rand.New(rand.NewPCG(seed, 0)))
	back := newHalf(l, rand.New(rand.NewPCG(seed, 1)))
	return &pipeConn{in: back, out: there, local: local, remote: remote},
		&pipeConn{in: there, out: back, local: remote, remote: local}
}

func (c *pipeConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

func (c *pipeConn) Close() error {
	if c.gone.Swap(true) {
		return nil
	}
	if c.linger0.Load() {
		c.out.abort()
	} else {
		c.out.closeWrite()
	}
	c.in.closeRead()
	if c.onClose != nil {
		c.onClose()
	}
	return nil
}

// CloseWrite tells the peer that no more will come.
func (c *pipeConn) CloseWrite() error {
	c.out.closeWrite()
	return nil
}

// SetLinger with 0 makes Close a reset.
func (c *pipeConn) SetLinger(sec int) error {
	c.linger0.Store(sec == 0)
	return nil
}

// reset breaks both directions, as a router that dies does.
func (c *pipeConn) reset() {
	c.in.reset()
	c.out.reset()
}

// abandon closes the end without a word to the peer.
func (c *pipeConn) abandon() {
	c.gone.Store(true)
	c.in.abandon()
	c.out.abandonWrite()
	if c.onClose != nil {
		c.onClose()
	}
}

func (c *pipeConn) hold(held bool) {
	c.in.hold(held)
	c.out.hold(held)
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setLimit(&c.in.reader, t)
	c.out.setLimit(&c.out.writer, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setLimit(&c.in.reader, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setLimit(&c.out.writer, t)
	return nil
}
