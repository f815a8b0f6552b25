package transport

import (
	"context"
	"time"
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

type Resolver = resolver

func NewResolver(keep time.Duration, lookup func(context.Context, string) ([]string, error)) *Resolver {
	return &resolver{lookup: lookup, keep: keep}
}

func (r *resolver) Resolve(ctx context.Context, endpoint string, now time.Time) ([]string, error) {
	return r.resolve(ctx, endpoint, now)
}
func (r *resolver) Failed(endpoint string) { r.failed(endpoint) }

func Race(ctx context.Context, n int, try func(context.Context, int) (string, error), discard func(string)) (string, int, error) {
	return race(ctx, n, try, discard)
}

func DialError(endpoint string, err error) *Error   { return dialError(endpoint, err) }
func StreamError(endpoint string, err error) *Error { return streamError(endpoint, err) }
