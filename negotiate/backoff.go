package negotiate

import (
	"sync"
	"time"
)

// Defaults of a Backoff.
const (
	DefaultFailures = 3
	DefaultRest     = 10 * time.Minute

	backoffEntries = 1024 // endpoints remembered; more push out the one that failed longest ago
)

// Backoff remembers at which endpoints changes of version fail, over all connections, so that
// such an endpoint is left alone for a while. The zero value is ready. It is safe for
// concurrent use and holds at most 1024 endpoints.
type Backoff struct {
	Failures int           // in a row before the endpoint is left alone; 0: DefaultFailures
	Rest     time.Duration // how long it is left alone; 0: DefaultRest

	mu        sync.Mutex
	endpoints map[string]failures
}

type failures struct {
	n     int
	last  time.Time
	until time.Time
}

// Failed records a failed change, as [Why.Failed] counts it. It returns when the endpoint may
// be tried again, and true if it is from now on left alone: report that.
func (b *Backoff) Failed(endpoint string, now time.Time) (until time.Time, resting bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.endpoints == nil {
		b.endpoints = make(map[string]failures)
	}
	f, known := b.endpoints[endpoint]
	if !known && len(b.endpoints) >= backoffEntries {
		b.forgetOldest()
	}
	f.n++
	f.last = now
	limit := b.Failures
	if limit <= 0 {
		limit = DefaultFailures
	}
	if f.n >= limit {
		rest := b.Rest
		if rest <= 0 {
			rest = DefaultRest
		}
		f.n, f.until, resting = 0, now.Add(rest), true
	}
	b.endpoints[endpoint] = f
	return f.until, resting
}

// Succeeded forgets the endpoint's failures.
func (b *Backoff) Succeeded(endpoint string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.endpoints, endpoint)
}

// Allows tells whether a change may be tried at the endpoint.
func (b *Backoff) Allows(endpoint string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !now.Before(b.endpoints[endpoint].until)
}

// forgetOldest makes room for one endpoint. Of several that failed at the same time it
// forgets the one whose name comes first.
func (b *Backoff) forgetOldest() {
	oldest, found := "", false
	for e, f := range b.endpoints {
		o := b.endpoints[oldest]
		if !found || f.last.Before(o.last) || f.last.Equal(o.last) && e < oldest {
			oldest, found = e, true
		}
	}
	delete(b.endpoints, oldest)
}
