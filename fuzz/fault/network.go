package fault

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Network is a network in memory: listeners by name, connections between
// them over its Link. It opens no socket and starts no goroutine, and its
// connections wait in ways that testing/synctest understands, so that in a
// bubble hours of latency, stalls and deadlines cost no time. The zero Network
// works; set the Link's fields before the first use.
//
// Both ends of a connection meet the faults of the Link's Rates, each its own.
// The Link's Schedule is that of the dialling end only.
type Network struct {
	Link Link

	mu        sync.Mutex
	listeners map[string]*listener
	down      map[string]bool
	parted    map[string]bool
	changed   chan struct{}        // closed when a partition heals
	live      map[*pipeConn]uint64 // the dialling ends, with their numbers
	port      int
}

// backlog is how many connections may wait for Accept; as many as Linux allows
// by default.
const backlog = 4096

// Listen returns a listener that Dial reaches under name. A name that has a
// listener is an error that wraps syscall.EADDRINUSE.
func (n *Network) Listen(name string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[name] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(name), Err: syscall.EADDRINUSE}
	}
	if n.listeners == nil {
		n.listeners = make(map[string]*listener)
	}
	ln := &listener{network: n, name: name, queue: make(chan net.Conn, backlog), closed: make(chan struct{})}
	n.listeners[name] = ln
	return ln, nil
}

// Dial connects to the listener of that name. It is what transport.Config.Dial
// takes.
func (n *Network) Dial(ctx context.Context, name string) (net.Conn, error) {
	return n.DialFrom(ctx, "client", name)
}

// DialFrom connects as a client on the named host, which is what the server
// sees as the address, with a port of its own. It takes a round trip. Without a
// listener, or while it is down, the error wraps syscall.ECONNREFUSED; while it
// is parted, only the context ends the wait.
func (n *Network) DialFrom(ctx context.Context, host, name string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: Addr(name), Err: err}
	}
	if err := n.travel(ctx, name); err != nil {
		return fail(err)
	}
	client, ln, err := n.connect(host, name)
	if err != nil {
		n.Link.count.refusals.Add(1)
		return fail(err)
	}
	if err := ln.offer(client.server); err != nil {
		client.Close()
		client.server.Close()
		n.Link.count.refusals.Add(1)
		return fail(err)
	}
	return client.Conn, nil
}

// travel lets the round trip of the connection's set-up pass, and a partition.
func (n *Network) travel(ctx context.Context, name string) error {
	// No timer that is due at once: in a bubble of testing/synctest such ones run on whatever thread
	// meets them, and two of those crash the race detector (go.dev/issue/78156).
	if d := 2 * n.Link.Latency; d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for {
		n.mu.Lock()
		parted, changed := n.parted[name], n.changed
		n.mu.Unlock()
		if !parted {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A dialled connection: the client's end, and the server's for the listener.
type dialled struct {
	*Conn
	server *Conn
}

func (n *Network) connect(host, name string) (dialled, *listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ln := n.listeners[name]
	if ln == nil || n.down[name] {
		return dialled{}, nil, syscall.ECONNREFUSED
	}
	num := n.Link.number()
	n.Link.count.conns.Add(1)
	a, b := newPipe(n.Link.line(), n.Link.Seed+num, n.clientAddr(host), Addr(name))
	if n.live == nil {
		n.live = make(map[*pipeConn]uint64)
	}
	n.live[a] = num
	forget := func() {
		if a.gone.Load() && b.gone.Load() {
			n.mu.Lock()
			defer n.mu.Unlock()
			delete(n.live, a)
		}
	}
	a.onClose, b.onClose = forget, forget
	client := n.Link.wrap(a, num, 2*num)
	server := n.Link.wrap(b, num, 2*num+1)
	if n.Link.Schedule != nil {
		server.script = Schedule(nil)
	}
	return dialled{client, server}, ln, nil
}

// clientAddr gives a host's next connection a port.
func (n *Network) clientAddr(host string) Addr {
	n.port++
	return Addr(fmt.Sprintf("%s:%d", host, 1024+n.port))
}

// Down resets every connection to name and refuses new ones until Up. The
// listener stays open: its server sees its connections end.
func (n *Network) Down(name string) {
	n.Link.count.outages.Add(1)
	n.mu.Lock()
	if n.down == nil {
		n.down = make(map[string]bool)
	}
	n.down[name] = true
	conns := n.connsTo(name)
	n.mu.Unlock()
	for _, c := range conns {
		c.reset()
	}
}

// Up ends a Down.
func (n *Network) Up(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.down, name)
}

// Partition keeps all bytes between name and its clients from arriving, and
// dials from ending, until Heal. As TCP does, it loses nothing.
func (n *Network) Partition(name string) {
	n.Link.count.partitions.Add(1)
	n.setParted(name, true)
}

// Heal ends a Partition: what was on its way arrives.
func (n *Network) Heal(name string) { n.setParted(name, false) }

func (n *Network) setParted(name string, parted bool) {
	n.mu.Lock()
	if n.parted == nil {
		n.parted = make(map[string]bool)
		n.changed = make(chan struct{})
	}
	n.parted[name] = parted
	close(n.changed)
	n.changed = make(chan struct{})
	conns := n.connsTo(name)
	n.mu.Unlock()
	for _, c := range conns {
		c.hold(parted)
	}
}

// connsTo returns the living connections to name, oldest first.
func (n *Network) connsTo(name string) []*pipeConn {
	var conns []*pipeConn
	for c := range n.live {
		if c.remote == Addr(name) {
			conns = append(conns, c)
		}
	}
	slices.SortFunc(conns, func(a, b *pipeConn) int { return cmp.Compare(n.live[a], n.live[b]) })
	return conns
}

// Stats returns what happened on all connections so far.
func (n *Network) Stats() Stats { return n.Link.Stats() }
