package natsearch

import (
	"slices"
	"time"
)

// Known is what a search has settled on for one endpoint. A map of them can be written to a file,
// as JSON for instance, so that a process that starts need not search anew.
type Known struct {
	Interval time.Duration `json:"interval"` // in JSON: nanoseconds
	Since    time.Time     `json:"since"`    // when it was found, or found to be still good
}

// Known returns what was found for each endpoint whose search has settled: at most the 64 that
// were used last. The map is the caller's.
func (m *Memory) Known() map[string]Known {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[string]Known{}
	for endpoint, s := range m.searches {
		if s.phase == Settled {
			known[endpoint] = Known{Interval: s.try, Since: s.settled}
		}
	}
	return known
}

// Learn takes over what an earlier process knew. Call it before [transport.Dial]. An interval
// outside of Min and Max is moved inside; one that is not positive is left out. What does not
// hold any more is found out as ever: after Confirm failures in a row the search begins anew, after
// Recheck longer intervals are tried. Of more than 64 endpoints the latest are kept. What this
// process has searched for itself stays.
func (m *Memory) Learn(known map[string]Known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	endpoints := make([]string, 0, len(known))
	for endpoint, k := range known {
		if k.Interval > 0 && m.searches[endpoint] == nil {
			endpoints = append(endpoints, endpoint)
		}
	}
	slices.SortFunc(endpoints, func(a, b string) int { return known[b].Since.Compare(known[a].Since) })
	endpoints = endpoints[:min(len(endpoints), maxEndpoints-len(m.recent))]
	slices.Reverse(endpoints)
	for _, endpoint := range endpoints {
		m.add(endpoint, m.cfg.settled(known[endpoint], m.now()))
	}
}

// settled returns a search that has found what is known. A time in the future is one that a wrong
// clock has written, and would put the check off for ever.
func (c Config) settled(k Known, now time.Time) *Search {
	s := c.Search()
	s.phase, s.settled = Settled, k.Since
	if s.settled.After(now) {
		s.settled = now
	}
	s.try = min(max(k.Interval, s.cfg.Min), s.cfg.Max)
	s.good = s.try
	return s
}
