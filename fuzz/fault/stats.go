package fault

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// Stats counts what happened. A fault that changed nothing, such as a fragment
// of a Write that was small enough, is not counted.
type Stats struct {
	Conns       int `json:"conns"` // connections, both ends counted once
	Stalls      int `json:"stalls"`
	Fragments   int `json:"fragments"` // operations cut into pieces
	Shorts      int `json:"shorts"`    // operations cut short
	Resets      int `json:"resets"`
	HalfOpens   int `json:"halfopens"`
	Losses      int `json:"losses"` // operations whose bytes were thrown away
	Corruptions int `json:"corruptions"`
	EOFs        int `json:"eofs"`
	Refusals    int `json:"refusals"` // dials refused
	Outages     int `json:"outages"`  // Network.Down and Link.ResetAll
	Partitions  int `json:"partitions"`
}

// Faults is the number of all faults: everything but Conns.
func (s Stats) Faults() int {
	sum := 0
	for _, c := range s.list()[1:] {
		sum += c.n
	}
	return sum
}

// String lists what is not zero, as in "conns=3 stalls=17 resets=2".
func (s Stats) String() string {
	var parts []string
	for i, c := range s.list() {
		if c.n != 0 || i == 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", c.name, c.n))
		}
	}
	return strings.Join(parts, " ")
}

type count struct {
	name string
	n    int
}

func (s Stats) list() []count {
	return []count{
		{"conns", s.Conns}, {"stalls", s.Stalls}, {"fragments", s.Fragments}, {"shorts", s.Shorts},
		{"resets", s.Resets}, {"halfopens", s.HalfOpens}, {"losses", s.Losses},
		{"corruptions", s.Corruptions}, {"eofs", s.EOFs}, {"refusals", s.Refusals},
		{"outages", s.Outages}, {"partitions", s.Partitions},
	}
}

// counters are Stats that many goroutines count.
type counters struct {
	kind                                 [kinds]atomic.Int64
	conns, refusals, outages, partitions atomic.Int64
}

func (c *counters) stats() Stats {
	kind := func(k Kind) int { return int(c.kind[k].Load()) }
	return Stats{
		Conns:  int(c.conns.Load()),
		Stalls: kind(Stall), Fragments: kind(Fragment), Shorts: kind(Short), Resets: kind(Reset),
		HalfOpens: kind(HalfOpen), Losses: kind(Lose), Corruptions: kind(Corrupt), EOFs: kind(EOF),
		Refusals: int(c.refusals.Load()), Outages: int(c.outages.Load()), Partitions: int(c.partitions.Load()),
	}
}
