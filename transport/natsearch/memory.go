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
	cfg Config
	now func() time.Time

	mu       sync.Mutex
	searches map[string]*Search
	recent   []string // endpoints, the last used at the end
	endpoint string
	last     session.Stats // at the last PING
	gap      gap           // since the last PING
	tested   gap           // before it: the silence that its answer proves
}

// gap is the time between two PINGs.
type gap struct {
	interval time.Duration // 0: there was none
	quiet    bool          // nothing but heartbeats passed
}

// Install makes client search: it sets the client's Session.Interval, and puts itself before
// its OnChange. Call it before [transport.Dial].
func (c Config) Install(client *transport.Config) *Memory {
	m := &Memory{cfg: c, now: time.Now, searches: map[string]*Search{}}
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
	case c.From == transport.Ready && errors.Is(c.Err, &transport.Error{Kind: transport.HeartbeatLost}):
		if s := m.use(m.endpoint); m.tested.proves(s) {
			s.Failed(m.now())
		}
	}
}

// interval is asked before each PING, when one gap ends and the next begins. What came since
// the PING before is its answer, and proves the gap before that.
func (m *Memory) interval(now session.Stats) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.use(m.endpoint)
	if now.Generation != m.last.Generation {
		m.gap, m.tested = gap{}, gap{}
	}
	if m.tested.proves(s) && now.LastReceived.After(m.last.LastReceived) {
		s.Succeeded(m.now())
	}
	m.tested = m.gap
	m.tested.quiet = now.MessagesIn == m.last.MessagesIn && now.MessagesOut == m.last.MessagesOut
	m.gap = gap{interval: s.Interval()}
	m.last = now
	return s.Interval()
}

// proves tells whether the gap was of the length that s now tries.
func (g gap) proves(s *Search) bool { return g.quiet && g.interval == s.Interval() }

// use returns the search of an endpoint and makes it the last to be forgotten.
func (m *Memory) use(endpoint string) *Search {
	for i, e := range m.recent {
		if e == endpoint {
			m.recent = append(append(m.recent[:i:i], m.recent[i+1:]...), endpoint)
			return m.searches[endpoint]
		}
	}
	if len(m.recent) == maxEndpoints {
		delete(m.searches, m.recent[0])
		m.recent = m.recent[1:]
	}
	s := m.cfg.Search()
	m.searches[endpoint] = s
	m.recent = append(m.recent, endpoint)
	return s
}
