package natsearch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/transport/natsearch"
)

// path is a simulated NAT that forgets a connection after a time of silence.
type path struct {
	limit time.Duration
	now   time.Time
}

// run lets s work on the path until it settles, and returns after how many heartbeats.
func (p *path) run(s *natsearch.Search) (heartbeats int) {
	for s.Phase() != natsearch.Settled && heartbeats < 1000 {
		p.beat(s)
		heartbeats++
	}
	return heartbeats
}

func (p *path) beat(s *natsearch.Search) {
	silence := s.Interval()
	p.now = p.now.Add(silence)
	if silence < p.limit {
		s.Succeeded(p.now)
	} else {
		s.Failed(p.now)
	}
}

// For any limit of the path the search settles below it, within precision and margin, after
// few heartbeats: 6 doublings from 30 s to 28 min, then at most 6 halvings of at most 14 min
// down to 20 s, each failure seen twice.
func TestSearchConverges(t *testing.T) {
	p := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	const most = 6 + 2*(6+1)
	p.Property("settles just below the limit", prop.ForAll(func(seconds int) bool {
		limit := time.Duration(seconds) * time.Second
		s := natsearch.Config{}.Search()
		n := (&path{limit: limit}).run(s)
		longest := min(limit, 28*time.Minute)
		return n <= most && s.Interval() < limit && s.Interval() >= max(30*time.Second, longest-30*time.Second-time.Second)
	}, gen.IntRange(31, 3600)))
	p.TestingRun(t)
}

func TestSearchFollowsAChangedPath(t *testing.T) {
	s := natsearch.Config{}.Search()
	p := &path{limit: 10 * time.Minute}
	p.run(s)
	p.limit = 2 * time.Minute // the device moved to another network
	p.beat(s)
	if s.Phase() != natsearch.Settled {
		t.Errorf("one failure restarted the search")
	}
	p.beat(s)
	if s.Phase() == natsearch.Settled || s.Interval() != 30*time.Second {
		t.Errorf("two failures left the search %v at %v, want a new one at 30s", s.Phase(), s.Interval())
	}
	p.run(s)
	if s.Interval() >= 2*time.Minute || s.Interval() < 90*time.Second {
		t.Errorf("settled at %v on a path of 2m", s.Interval())
	}
}

func TestSearchRechecksAfterAWeek(t *testing.T) {
	s := natsearch.Config{}.Search()
	p := &path{limit: 3 * time.Minute}
	p.run(s)
	before := s.Interval()
	p.limit = 20 * time.Minute
	for week := p.now.Add(7 * 24 * time.Hour); p.now.Before(week); {
		if s.Interval() != before {
			t.Fatalf("the interval changed to %v before the week was over", s.Interval())
		}
		p.beat(s)
	}
	p.beat(s)
	p.run(s)
	if s.Interval() < 19*time.Minute {
		t.Errorf("settled at %v after the path became better, want about 20m", s.Interval())
	}
}

func TestSearchStaysAtItsMinimum(t *testing.T) {
	s := natsearch.Config{}.Search()
	p := &path{limit: 10 * time.Second} // nothing works
	for range 50 {
		p.beat(s)
		if s.Interval() != 30*time.Second {
			t.Fatalf("interval %v, want the minimum", s.Interval())
		}
	}
}

func ExampleConfig_Search() {
	s := natsearch.Config{}.Search()
	now := time.Unix(0, 0)
	for s.Phase() != natsearch.Settled {
		silence := s.Interval()
		now = now.Add(silence)
		if silence < 350*time.Second { // the path's limit
			s.Succeeded(now)
		} else {
			s.Failed(now)
		}
	}
	fmt.Println(s.Interval())
	// Output: 5m35s
}
