package transport

import (
	"slices"
	"time"
)

// forgive is how long a failure counts against an endpoint.
const forgive = 5 * time.Minute

// endpoints is the list of addresses of one client, by health. Each failure moves an endpoint
// behind those with fewer; a success, or five minutes without a failure, brings it back. It
// is not safe for concurrent use.
type endpoints struct {
	list []*endpoint
}

type endpoint struct {
	addr     string
	failures int
	failedAt time.Time
	free     time.Time // its server asked not to be tried before
	extra    bool      // an alternative that a server named, not configured
}

func newEndpoints(addrs []string) *endpoints {
	e := new(endpoints)
	for _, a := range addrs {
		e.add(a, false)
	}
	return e
}

func (e *endpoints) add(addr string, extra bool) *endpoint {
	if p := e.find(addr); p != nil {
		return p
	}
	p := &endpoint{addr: addr, extra: extra}
	e.list = append(e.list, p)
	return p
}

func (e *endpoints) find(addr string) *endpoint {
	i := slices.IndexFunc(e.list, func(p *endpoint) bool { return p.addr == addr })
	if i < 0 {
		return nil
	}
	return e.list[i]
}

// order returns the endpoints that may be tried, healthiest first; equals in the order
// configured. Those that rest are left out, unless all do: then it is the one that is free first.
func (e *endpoints) order(now time.Time) []string {
	for _, p := range e.list {
		if p.failures > 0 && now.Sub(p.failedAt) >= forgive {
			p.failures = 0
		}
	}
	sorted := slices.Clone(e.list)
	slices.SortStableFunc(sorted, func(a, b *endpoint) int { return a.failures - b.failures })
	var addrs []string
	for _, p := range sorted {
		if !now.Before(p.free) {
			addrs = append(addrs, p.addr)
		}
	}
	if addrs == nil {
		return []string{e.first().addr}
	}
	return addrs
}

// first returns the endpoint that is free first.
func (e *endpoints) first() *endpoint {
	return slices.MinFunc(e.list, func(a, b *endpoint) int { return a.free.Compare(b.free) })
}

// rest returns how long it takes until an endpoint is free; 0: one is.
func (e *endpoints) rest(now time.Time) time.Duration { return max(e.first().free.Sub(now), 0) }

// notBefore keeps an endpoint from being tried for as long as its server asked, at most
// [maxHint].
func (e *endpoints) notBefore(addr string, hint time.Duration, now time.Time) {
	if p := e.find(addr); p != nil && hint > 0 {
		if t := now.Add(min(hint, maxHint)); t.After(p.free) {
			p.free = t
		}
	}
}

// wake makes all endpoints free.
func (e *endpoints) wake() {
	for _, p := range e.list {
		p.free = time.Time{}
	}
}

func (e *endpoints) failed(addr string, now time.Time) {
	if p := e.find(addr); p != nil {
		p.failures++
		p.failedAt = now
	}
}

func (e *endpoints) succeeded(addr string) {
	if p := e.find(addr); p != nil {
		p.failures, p.free = 0, time.Time{}
	}
}

// maxAlternatives bounds what servers may add to the list.
const maxAlternatives = 16

// goAway takes a server's GOAWAY: its endpoint goes behind all others, its alternatives
// come before them. Alternatives of earlier servers are forgotten.
func (e *endpoints) goAway(addr string, alternatives []string, now time.Time) {
	e.list = slices.DeleteFunc(e.list, func(p *endpoint) bool {
		return p.extra && p.addr != addr && !slices.Contains(alternatives, p.addr)
	})
	worst := 0
	for _, p := range e.list {
		worst = max(worst, p.failures)
	}
	if p := e.find(addr); p != nil {
		p.failures, p.failedAt = worst+1, now
	}
	var first []*endpoint
	for _, a := range alternatives[:min(len(alternatives), maxAlternatives)] {
		if a == "" || a == addr {
			continue
		}
		p := e.add(a, true)
		p.failures = 0
		first = append(first, p)
	}
	e.list = slices.DeleteFunc(e.list, func(p *endpoint) bool { return slices.Contains(first, p) })
	e.list = append(first, e.list...)
}
