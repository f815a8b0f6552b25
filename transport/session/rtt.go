package session

import "time"

// Bounds of the retransmission timeout: RFC 6298, 2.4 and 2.5.
const (
	minRTO = time.Second
	maxRTO = 60 * time.Second
)

// rtt is the round trip estimator of RFC 6298, 2.
type rtt struct {
	smoothed, variance time.Duration
}

func (r *rtt) sample(d time.Duration) {
	d = max(d, 1)
	if r.smoothed == 0 {
		r.smoothed, r.variance = d, d/2
		return
	}
	r.variance += ((r.smoothed - d).Abs() - r.variance) / 4
	r.smoothed += (d - r.smoothed) / 8
}

// timeout returns the RTO: 1 s before the first sample.
func (r *rtt) timeout() time.Duration {
	return min(max(r.smoothed+4*r.variance, minRTO), maxRTO)
}
