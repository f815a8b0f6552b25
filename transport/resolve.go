package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// resolutionDelay is how long the name service may take before addresses that are out of date
// are tried (RFC 8305, section 3).
const resolutionDelay = 50 * time.Millisecond

// resolver turns the host of an endpoint into addresses and keeps them for a bounded time.
// A question to the name service outlives the race that asked it, so that a slow answer is
// there for the next one. It is safe for concurrent use.
type resolver struct {
	lookup  func(ctx context.Context, host string) ([]string, error)
	keep    time.Duration
	timeout time.Duration // of a question

	mu    sync.Mutex
	cache map[string]resolved
	asked map[string]*question // that have no answer yet
	tasks sync.WaitGroup
}

type resolved struct {
	addrs   []string // host and port, first choice first
	until   time.Time
	suspect bool // an address failed: ask again, but keep these for when nobody answers
}

// question is one to the name service.
type question struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the answer is there
	addrs  []string
	err    error
}

// find returns what is known about endpoint ("host:port"). Unless that is up to date, it also
// returns the question that is being asked about it.
func (r *resolver) find(endpoint string) (known []string, q *question, err error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return []string{endpoint}, nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.cache[endpoint]
	if ok && !old.suspect && time.Now().Before(old.until) {
		return old.addrs, nil, nil
	}
	if q = r.asked[endpoint]; q == nil {
		q = r.ask(endpoint, host, port)
	}
	return old.addrs, q, nil
}

// ask begins a question. The lock is held.
func (r *resolver) ask(endpoint, host, port string) *question {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	q := &question{cancel: cancel, done: make(chan struct{})}
	if r.asked == nil {
		r.asked = map[string]*question{}
	}
	r.asked[endpoint] = q
	r.tasks.Go(func() {
		defer cancel()
		hosts, err := r.lookup(ctx, host)
		if err == nil && len(hosts) == 0 {
			err = errors.New("the name has no addresses")
		}
		q.err = err
		for _, h := range interleave(hosts) {
			q.addrs = append(q.addrs, net.JoinHostPort(h, port))
		}
		r.answered(endpoint, q)
	})
	return q
}

// answered keeps an answer, unless the question was taken back.
func (r *resolver) answered(endpoint string, q *question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked[endpoint] == q {
		delete(r.asked, endpoint)
		if q.err == nil {
			if r.cache == nil {
				r.cache = map[string]resolved{}
			}
			r.cache[endpoint] = resolved{addrs: q.addrs, until: time.Now().Add(r.keep)}
		}
	}
	close(q.done)
}

// failed makes the next find of endpoint ask the name service again.
func (r *resolver) failed(endpoint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.cache[endpoint]; ok {
		c.suspect = true
		r.cache[endpoint] = c
	}
}

// restart takes all questions back, and doubts all answers: they may be of a network that was
// left.
func (r *resolver) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.asked {
		q.cancel()
	}
	clear(r.asked)
	for endpoint, c := range r.cache {
		c.suspect = true
		r.cache[endpoint] = c
	}
}

// close ends all questions.
func (r *resolver) close() {
	r.restart()
	r.tasks.Wait()
}

// interleave alternates the address families, beginning with that of the first address, so
// that one broken family costs one stagger only (RFC 8305, section 4).
func interleave(hosts []string) []string {
	var first, second []string
	for _, h := range hosts {
		if is6(h) == is6(hosts[0]) {
			first = append(first, h)
		} else {
			second = append(second, h)
		}
	}
	out := make([]string, 0, len(hosts))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out
}

func is6(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Is6() && !a.Is4In6()
}
