package transport

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// What the tests of the policies, in package transport_test, reach inside.

type Pace = pace

func NewPace(b Backoff, rand func() float64) *Pace { return &pace{Backoff: b, rand: rand} }

func (p *pace) Up(now time.Time) { p.up(now) }
func (p *pace) Fail(now time.Time, hint time.Duration) (time.Duration, bool) {
	return p.fail(now, hint)
}

type Endpoints = endpoints

func NewEndpoints(addrs ...string) *Endpoints { return newEndpoints(addrs) }

func (e *endpoints) Order(now time.Time) []string      { return e.order(now) }
func (e *endpoints) Failed(addr string, now time.Time) { e.failed(addr, now) }
func (e *endpoints) Succeeded(addr string)             { e.succeeded(addr) }
func (e *endpoints) GoAway(addr string, alt []string, now time.Time) {
	e.goAway(addr, alt, now)
}

func (e *endpoints) NotBefore(addr string, hint time.Duration, now time.Time) {
	e.notBefore(addr, hint, now)
}
func (e *endpoints) Rest(now time.Time) time.Duration { return e.rest(now) }

type Resolver = resolver

func NewResolver(keep time.Duration, lookup func(context.Context, string) ([]string, error)) *Resolver {
	return &resolver{lookup: lookup, keep: keep, timeout: defaultConnectTimeout}
}

// Offers returns what a race of an endpoint is offered.
func (r *resolver) Offers(ctx context.Context, endpoint string) (addrs []string, err error) {
	out := make(chan address)
	go r.addresses(ctx, endpoint, out)
	for a := range out {
		if a.err != nil {
			return addrs, a.err
		}
		addrs = append(addrs, a.addr)
	}
	return addrs, nil
}
func (r *resolver) Failed(endpoint string) { r.failed(endpoint) }
func (r *resolver) Close()                 { r.close() }

func Race(ctx context.Context, in <-chan int, try func(context.Context, int) (string, error), discard func(string)) (string, bool) {
	return race(ctx, in, try, discard)
}

// TCP puts a network in memory in the place of TCP. Unlike [Config].Dial it is given addresses.
func (c *Config) TCP(dial func(ctx context.Context, addr string) (net.Conn, error)) {
	c.tcp = func(ctx context.Context, _, addr string) (net.Conn, error) { return dial(ctx, addr) }
}

func HostOf(addr net.Addr) netip.Addr { return hostOf(addr) }

func DialError(endpoint string, err error) *Error   { return dialError(endpoint, err) }
func StreamError(endpoint string, err error) *Error { return streamError(endpoint, err) }

// ticking counts how often the driver tells its machine the time.
type ticking struct {
	machine
	ticks *atomic.Int64
}

func (t ticking) Tick(now time.Time) {
	t.ticks.Add(1)
	t.machine.Tick(now)
}

// CountTicks adds the ticks of a session's machine, from now on, to n.
func CountTicks(s *Session, n *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m = ticking{s.m, n}
}

// overdue counts how often the timer is set for what is due already.
type overdue struct {
	machine
	n *atomic.Int64
}

func (o overdue) Deadline() time.Time {
	d := o.machine.Deadline()
	if !d.IsZero() && !d.After(time.Now()) {
		o.n.Add(1)
	}
	return d
}

// CountOverdue adds to n, from now on, how often a session's timer is set for what is due already.
func CountOverdue(s *Session, n *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m = overdue{s.m, n}
}

// LateTick is a timer that fired before the session's end and had to wait for its lock. It tells
// whether the timer is set again.
func LateTick(s *Session) (armed bool) {
	s.tick()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.alarm.IsZero()
}

// exhausted is a machine whose numbers are used up.
type exhausted struct{ machine }

func (e exhausted) Send(now time.Time, _ codec.Message, _ session.SendOptions) (uint64, error) {
	e.machine.Close(now, session.CloseLimits, "")
	return 0, session.ErrExhausted
}

// Exhaust lets a session's numbers be used up, with nothing on its way.
func Exhaust(s *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m = exhausted{s.m}
}
