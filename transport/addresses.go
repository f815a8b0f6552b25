package transport

import (
	"context"
	"slices"
	"time"
)

// address is one way to an endpoint, or why there is none.
type address struct {
	addr string
	err  error
}

// addresses offers the addresses of an endpoint to a race. Those that are known but may be out
// of date give the name service a moment. Then they are tried, and when it answers at last, what
// is new joins them (RFC 8305, section 3).
func (r *resolver) addresses(ctx context.Context, endpoint string, out chan<- address) {
	defer close(out)
	var offered []string
	offer := func(addrs []string) {
		for _, a := range addrs {
			if !slices.Contains(offered, a) {
				offered = append(offered, a)
				give(ctx, out, address{addr: a})
			}
		}
	}
	addrs, q, err := r.find(endpoint)
	if q != nil {
		if addrs != nil && !q.answeredIn(ctx, resolutionDelay) {
			offer(addrs)
		}
		select {
		case <-q.done:
		case <-ctx.Done():
			return
		}
		if q.err == nil {
			addrs = q.addrs
		} else if addrs == nil {
			err = q.err
		}
	}
	offer(addrs)
	if err != nil {
		give(ctx, out, address{err: err})
	}
}

func give(ctx context.Context, out chan<- address, a address) {
	select {
	case out <- a:
	case <-ctx.Done():
	}
}

// answeredIn waits for the answer for so long.
func (q *question) answeredIn(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-q.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
