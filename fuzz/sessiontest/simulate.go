package sessiontest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Do is what a [Step] of a simulation does. See [Do.Kind] for which of them are faults.
type Do uint8

const (
	Send     Do = iota // A messages, by the client if B is even, else by the server
	Call               // a call, by the client if B is even, else by the server
	Long               // a message of A times 16 KiB, by the client if B is even, else by the server
	Pump               // dial if need be, deliver A bytes up and B bytes down
	Finish             // handlers that are busy complete
	Wait               // A milliseconds pass
	Fragment           // everything that is on its way arrives in pieces of A bytes
	Cut                // both ends learn that the connection is gone
	CutOne             // one end learns it, the other does not: the client if A is even
	Stall              // the writes of one side block, the client's if A is even
	Resume             // they go on
	Lose               // what one side writes vanishes, the client's if A is even
	HalfOpen           // both directions lose everything, and nobody is told
	Redial             // a new connection while the old one still delivers
	Late               // the connection before delivers A bytes up and B bytes down
	Busy               // handlers of one side take their time, the client's if A is even
	Restart            // the server's process restarts without its state
	Crash              // the client's process restarts without its state
	Jump               // the clock jumps A seconds on, or, if B is odd, A/100 seconds back
	Upgrade            // to version A, proposed by the client if B is even
	Close              // the session is ended by the client if B is even, else by the server; by its next handler if A is odd
	Evict              // the server ends the session, for one of the reasons after which the client begins another
	doCount
)

var doNames = [doCount]string{
	"send", "call", "long", "pump", "finish", "wait", "fragment", "cut", "cut-one", "stall", "resume", "lose",
	"half-open", "redial", "late", "busy", "restart", "crash", "jump", "upgrade", "close",
	"evict",
}

// String returns the name in lower case.
func (d Do) String() string {
	if d < doCount {
		return doNames[d]
	}
	return fmt.Sprintf("do(%d)", uint8(d))
}

// Step is one event of a simulation.
type Step struct {
	Do   Do
	A, B int
}

// String returns the step as stories have it: "pump 17 0".
func (s Step) String() string { return fmt.Sprintf("%v %d %d", s.Do, s.A, s.B) }

// weights says how often a step is drawn.
var weights = [doCount]int{
	Send: 18, Call: 4, Long: 3, Pump: 30, Finish: 6, Wait: 10, Fragment: 10, Cut: 6, CutOne: 3, Stall: 4, Resume: 4, Lose: 2,
	HalfOpen: 2, Redial: 4, Late: 6, Busy: 4, Restart: 1, Crash: 1, Jump: 2, Upgrade: 8, Close: 1, Evict: 1,
}

// Steps draws n steps from a seed.
func Steps(seed uint64, n int) []Step {
	rnd := rand.New(rand.NewPCG(seed, 0x5e551))
	total := 0
	for _, w := range weights {
		total += w
	}
	steps := make([]Step, n)
	for i := range steps {
		pick := rnd.IntN(total)
		var do Do
		for ; pick >= weights[do]; do++ {
			pick -= weights[do]
		}
		steps[i] = draw(rnd, do)
	}
	return steps
}

// draw chooses the arguments of a step: small numbers, boundaries, and now and then large ones.
func draw(rnd *rand.Rand, do Do) Step {
	s := Step{Do: do, A: rnd.IntN(8), B: rnd.IntN(8)}
	switch do {
	case Pump, Late:
		s.A, s.B = bytes(rnd), bytes(rnd)
	case Long:
		s.A = 1 + rnd.IntN(20)
	case Wait:
		s.A = []int{1, 5, 10, 50, 500, 2_500, 30_000, 100_000}[rnd.IntN(8)]
	case Fragment:
		s.A = 1 + rnd.IntN(5)
	case Jump:
		s.A = []int{1, 30, 300, 4000}[rnd.IntN(4)]
	case Upgrade:
		s.A = 1 + rnd.IntN(3)
	}
	return s
}

func bytes(rnd *rand.Rand) int {
	switch rnd.IntN(5) {
	case 0:
		return rnd.IntN(4)
	case 1:
		return rnd.IntN(300)
	case 2:
		return 60_000 + rnd.IntN(200_000) // some fragments of a long message
	}
	return 1 << 30
}

// Simulate runs steps on a new pair and then lets the network heal. It returns how often each
// step did something, and the first promise that was broken, as a *Broken. The same seed and
// steps always have the same result.
func Simulate(seed uint64, steps []Step) (counts Counts, err error) {
	p, err := NewPair(simConfigs(seed))
	if err != nil {
		return counts, err
	}
	s := &simulation{Pair: p, rnd: rand.New(rand.NewPCG(seed, 0xb0d1e5)), extra: rand.New(rand.NewPCG(seed, 0x3e7a)),
		fails: rand.New(rand.NewPCG(seed, 0xfa115))}
	s.Client.Answer, s.Server.Answer = true, true
	for i, step := range steps {
		if s.do(step) {
			counts[step.Do]++
		}
		err := s.punctual()
		if err == nil && i%8 == 7 {
			err = s.Check(false)
		}
		if err != nil {
			return counts, &Broken{Seed: seed, Steps: steps[:i+1], Err: err}
		}
	}
	if err := s.heal(); err != nil {
		return counts, &Broken{Seed: seed, Steps: steps, Err: err}
	}
	return counts, nil
}

// simConfigs varies the limits, so that windows and queues are met.
func simConfigs(seed uint64) (client, server session.Config) {
	client, server = Configs(seed)
	client.AllowUnfrozen, server.AllowUnfrozen = true, true
	if seed%3 == 0 {
		client.Offer.Window, server.Offer.Window = 256, 300
	}
	if seed%5 == 0 {
		client.Queue, server.Queue = 1024, 1024
		client.Overflow = session.DropOldest
	}
	if seed%4 == 0 {
		server.Offer.Prefer = []codec.Version{1}
	}
	if seed%7 == 0 { // heartbeats while a CLOSE waits for a blocked writer
		beat := negotiate.Heartbeat{Interval: 2 * time.Second, Gap: time.Second}
		client.Offer.Heartbeat, server.Offer.Heartbeat = beat, beat
	}
	client.EarlyData = seed%2 == 0
	if seed%8 < 2 {
		client.Compress = &session.Compression{MinSize: 1}
		server.Compress = &session.Compression{MinSize: 40}
	}
	if seed%11 == 0 {
		server.Without = []string{session.FeatureMetadata}
	}
	if seed%7 == 0 {
		client.OnUnknown = session.Resend
	}
	return client, server
}

// Broken says which promise a simulation broke.
type Broken struct {
	Seed  uint64
	Steps []Step
	Err   error
}

// Error tells the promise and the story, a step a line.
func (b *Broken) Error() string {
	story := ""
	for _, s := range b.Steps {
		story += "\n\t" + s.String()
	}
	return fmt.Sprintf("seed %d: %v, after:%s", b.Seed, b.Err, story)
}

// Unwrap returns the promise.
func (b *Broken) Unwrap() error { return b.Err }

// healTime is more than any timeout of a session, the resume window included, and than all jumps
// back together.
const healTime = 10 * time.Minute
