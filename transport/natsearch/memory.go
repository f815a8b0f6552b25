package natsearch

import (
	"errors"
	"sync"
	"time"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// maxEndpoints bounds what a [Memory] remembers.
const maxEndpoints = 64

// Memory holds the searches of one client, one for each endpoint, and connects them with its
// heartbeats. Make one with [Config.Install]. It is safe for concurrent use.
type Memory struct {
	cfg   Config
	now   func() time.Time
	other func(session.Stats) time.Duration // the Interval that was set before; nil: none
	pong  time.Duration                     // the most that a PONG may take

	mu       sync.Mutex
	searches map[string]*Search
	recent   []string // endpoints, the last used at the end
	endpoint string
	gen      uint64    // of the connection
	pinged   time.Time // when the last PING was sent
	heard    time.Time // when the last byte before it came
	gap      gap       // since then
	tested   gap       // before it: the silence that its answer proves
}

// gap is the time between two PINGs.
type gap struct {
	interval time.Duration // 0: there was none
	silent   bool          // nothing passed, in either direction, but the first PING and its answer
}

// Install makes client search: it sets the client's Session.Interval, and puts itself before
// its OnChange. Call it when the rest of client is set, and before [transport.Dial].
//
// The path has to be silent for as long as an interval that is tried. So Install also asks the
// server to ping only once an hour, by Session.Offer.Heartbeat.Gap, unless that is set. An
// Interval that is set already stays in force: the shorter of the two is used, and the search
// learns only where that is its own.
func (c Config) Install(client *transport.Config) *Memory {
	m := &Memory{cfg: c, now: time.Now, other: client.Session.Interval, pong: client.Session.PongTimeout, searches: map[string]*Search{}}
	if m.pong == 0 {
		m.pong = 20 * time.Second // as session.Config has it
	}
	if h := &client.Session.Offer.Heartbeat; h.Gap == 0 {
		h.Gap = 2 * longest
	}
	client.Session.Interval = m.interval
	then := client.OnChange
	client.OnChange = func(change transport.Change) {
		m.change(change)
		if then != nil {
			then(change)
		}
	}
	return m
}

// Found returns the interval in use for an endpoint and whether the search for it has
// settled.
func (m *Memory) Found(endpoint string) (interval time.Duration, settled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.searches[endpoint]
	if !ok {
		return 0, false
	}
	return s.Interval(), s.Phase() == Settled
}

// change follows the client from endpoint to endpoint, and takes lost heartbeats as failures.
func (m *Memory) change(c transport.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case c.To == transport.Attaching: // the first PING is sent before Ready is told
		m.endpoint = c.Endpoint
		m.gap, m.tested = gap{}, gap{}
	case c.From == transport.Ready && errors.Is(c.Err, &transport.Error{Kind: transport.HeartbeatLost}):
		// Later than that it was a PING of Reconnect, or the peer's, that did not come.
		inTime := c.At.Sub(m.pinged) <= m.pong+time.Second
		if s := m.use(m.endpoint); inTime && m.tested.proves(s) {
			s.Failed(m.now())
		}
		m.gap, m.tested = gap{}, gap{}
	}
}

// interval is asked before each PING, when one gap ends and the next begins. What came since
// the PING before is its answer, and proves the gap before that.
func (m *Memory) interval(stats session.Stats) time.Duration {
	other := longest
	if m.other != nil {
		other = m.other(stats)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	s := m.use(m.endpoint)
	if stats.Generation != m.gen {
		m.gen, m.gap, m.tested = stats.Generation, gap{}, gap{}
	}
	if m.tested.proves(s) && stats.LastReceived.After(m.heard) {
		s.Succeeded(now)
	}
	m.tested = m.gap
	m.tested.silent = silent(stats, m.pinged)
	m.pinged, m.heard = now, stats.LastReceived
	m.gap = gap{interval: min(s.Interval(), other)}
	return m.gap.interval
}

// silent tells whether the path carried nothing since a PING and the answer to it: no message, no
// acknowledgement, and no PING of the peer. Any of them keeps the path open, so a router that
// would have forgotten it did not.
func silent(s session.Stats, pinged time.Time) bool {
	answered := pinged.Add(s.RTT + max(time.Second, 4*s.RTTVar))
	return !s.LastReceived.After(answered) && !s.LastSent.After(answered)
}

// proves tells whether the gap was of the length that s now tries.
func (g gap) proves(s *Search) bool { return g.silent && g.interval == s.Interval() }

// use returns the search of an endpoint and makes it the last to be forgotten.
func (m *Memory) use(endpoint string) *Search {
	for i, e := range m.recent {
		if e == endpoint {
			m.recent = append(append(m.recent[:i:i], m.recent[i+1:]...), endpoint)
			return m.searches[endpoint]
		}
	}
	s := m.cfg.Search()
	m.add(endpoint, s)
	return s
}

// add remembers a search, and forgets another if there are too many.
func (m *Memory) add(endpoint string, s *Search) {
	if len(m.recent) == maxEndpoints {
		delete(m.searches, m.recent[0])
		m.recent = m.recent[1:]
	}
	m.searches[endpoint] = s
	m.recent = append(m.recent, endpoint)
}
