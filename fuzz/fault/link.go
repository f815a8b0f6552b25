package fault

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// A Link is a bad line that connections run over. It gives each of them a
// schedule of its own, drawn from Seed and the connection's number, so that two
// runs with the same seed and the same operations meet the same faults. The
// zero Link fails nothing. Set the fields before the first use.
type Link struct {
	// Seed decides all that chance decides.
	Seed uint64
	// Latency is how long bytes travel in one direction; Jitter is added to it,
	// from 0 up to its value, without changing the order.
	Latency, Jitter time.Duration
	// Bandwidth is in bytes a second, for each direction; 0 means no limit.
	Bandwidth int
	// Buffer is how many bytes may be on their way before a Write waits; 0
	// means 64 KiB. A real connection's own buffers come on top.
	Buffer int
	// Rates are the chances of faults at each operation.
	Rates Rates
	// Schedule, if not nil, gives the faults of connection n, counted from 0,
	// instead of Rates.
	Schedule func(n int) Schedule

	count counters
	mu    sync.Mutex
	next  uint64
	conns map[*Conn]uint64 // alive, with their numbers
}

func (l *Link) line() line {
	return line{latency: l.Latency, jitter: l.Jitter, bandwidth: l.Bandwidth, buffer: orElse(l.Buffer, 64<<10)}
}

// Conn runs c over the link. The result owns c. With a latency, jitter or
// bandwidth, two goroutines move the bytes until either end closes.
func (l *Link) Conn(c net.Conn) net.Conn {
	l.count.conns.Add(1)
	n := l.number()
	if l.Latency > 0 || l.Jitter > 0 || l.Bandwidth > 0 {
		c = pump(c, l.line(), l.Seed+n)
	}
	return l.wrap(c, n, n)
}

// number gives a connection its number.
func (l *Link) number() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	return l.next - 1
}

// wrap puts the faults of connection n on c; chance tells apart what the ends
// of one connection draw.
func (l *Link) wrap(c net.Conn, n, chance uint64) *Conn {
	var s script = Schedule(nil)
	switch {
	case l.Schedule != nil:
		s = l.Schedule(int(n))
	case !l.Rates.isZero():
		s = newDice(l.Rates, l.Seed, chance)
	}
	f := newConn(c, s, &l.count)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = make(map[*Conn]uint64)
	}
	l.conns[f] = n
	f.onClose = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, f)
	}
	return f
}

// ResetAll breaks every living connection of the link, as a server that dies or
// a router that restarts does.
func (l *Link) ResetAll() {
	l.count.outages.Add(1)
	l.mu.Lock()
	all := slices.SortedFunc(maps.Keys(l.conns), func(a, b *Conn) int {
		return cmp.Compare(l.conns[a], l.conns[b])
	})
	l.mu.Unlock()
	for _, c := range all {
		c.breakDown()
	}
}

// Dial returns a function that dials an address with dial and runs the
// connection over the link: what transport.Config.Dial takes. Nil means TCP.
func (l *Link) Dial(dial func(ctx context.Context, address string) (net.Conn, error)) func(ctx context.Context, address string) (net.Conn, error) {
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	return func(ctx context.Context, address string) (net.Conn, error) {
		c, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		return l.Conn(c), nil
	}
}

// Listener returns ln with its connections run over the link.
func (l *Link) Listener(ln net.Listener) net.Listener { return linkListener{ln, l} }

type linkListener struct {
	net.Listener
	link *Link
}

func (ln linkListener) Accept() (net.Conn, error) {
	c, err := ln.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return ln.link.Conn(c), nil
}

// Stats returns what happened on all connections so far.
func (l *Link) Stats() Stats { return l.count.stats() }
