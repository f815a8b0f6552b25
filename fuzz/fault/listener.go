package fault

import (
	"net"
	"sync"
	"syscall"
)

// listener is the net.Listener of a Network.
type listener struct {
	network   *Network
	name      string
	queue     chan net.Conn // accepted by nobody yet
	closed    chan struct{}
	closeOnce sync.Once
}

// offer puts a connection in the queue.
func (ln *listener) offer(c net.Conn) error {
	ln.network.mu.Lock()
	defer ln.network.mu.Unlock()
	if ln.network.listeners[ln.name] != ln {
		return syscall.ECONNREFUSED
	}
	select {
	case ln.queue <- c:
		return nil
	default:
		return syscall.ECONNREFUSED
	}
}

// Accept waits for a connection or for Close.
func (ln *listener) Accept() (net.Conn, error) {
	select {
	case <-ln.closed:
		return nil, ln.errClosed()
	default:
	}
	select {
	case c := <-ln.queue:
		return c, nil
	case <-ln.closed:
		return nil, ln.errClosed()
	}
}

func (ln *listener) errClosed() error {
	return &net.OpError{Op: "accept", Net: "mem", Addr: ln.Addr(), Err: net.ErrClosed}
}

// Close frees the name and resets the connections that nobody has accepted.
func (ln *listener) Close() error {
	ln.closeOnce.Do(func() {
		n := ln.network
		n.mu.Lock()
		delete(n.listeners, ln.name)
		n.mu.Unlock()
		close(ln.closed)
		for {
			select {
			case c := <-ln.queue:
				abort(c)
			default:
				return
			}
		}
	})
	return nil
}

// Addr returns the listener's name.
func (ln *listener) Addr() net.Addr { return Addr(ln.name) }
