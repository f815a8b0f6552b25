package liveness_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/liveness"
)

const interval = 10 * time.Second

// play feeds a score one heartbeat interval per letter: b is a beat, m a miss.
func play(s *liveness.Score, now *time.Time, beats string) transport.Liveness {
	for _, b := range beats {
		*now = now.Add(interval)
		s.Observe(*now, b == 'b')
	}
	return s.State()
}

func TestScore(t *testing.T) {
	tests := []struct {
		name, beats string
		want        transport.Liveness
	}{
		{"new", "", transport.Alive},
		{"one lost heartbeat", "bbmbb", transport.Alive},
		{"two strikes", "mmmmmm", transport.Alive},
		{"three strikes", "mmmmmmmmm", transport.Leaving},
		{"strikes do not have to adjoin", "mmm" + "bbb" + "mmm" + "bbb" + "mmm", transport.Leaving},
		{"steady beats forgive strikes", "mmmmmm" + "bbbbbbbbbb" + "mmmmmm", transport.Alive},
		{"a link that loses every other heartbeat leaves in the end", "mbmbmbmbmbmbmbmbmbmbmbmbmbmbmbmb", transport.Leaving},
		{"one that loses a third stays", "mbbmbbmbbmbbmbbmbbmbbmbbmbbmbbmbbmbbmbb", transport.Alive},
		{"nine beats are not steady", "mmmmmmmmm" + "bbbbbbbbb", transport.Leaving},
		{"ten are", "mmmmmmmmm" + "bbbbbbbbbb", transport.Alive},
		{"leaving for two minutes is not dead", "mmmmmmmmm" + "mmmmmmmmmmmm", transport.Leaving},
		{"for longer it is", "mmmmmmmmm" + "mmmmmmmmmmmmm", transport.Dead},
		{"beats that are not steady do not save it", "mmmmmmmmm" + "bbbbbmbbbbbmb", transport.Dead},
		{"dead is final", "mmmmmmmmm" + "mmmmmmmmmmmmm" + "bbbbbbbbbbbbbbbbbbbb", transport.Dead},
	}
	for _, test := range tests {
		now := time.Unix(0, 0)
		if got := play(liveness.Config{}.Score(), &now, test.beats); got != test.want {
			t.Errorf("%s: %s gives %v, want %v", test.name, test.beats, got, test.want)
		}
	}
}

// Whatever came before: steady beats make alive what is not dead, and silence kills it in a
// time that the numbers give.
func TestScoreConverges(t *testing.T) {
	p := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	p.Property("ten beats bring back, silence kills", prop.ForAll(func(history []bool) bool {
		s, now := liveness.Config{}.Score(), time.Unix(0, 0)
		for _, heard := range history {
			now = now.Add(interval)
			s.Observe(now, heard)
		}
		before := s.State()
		revived := *s
		if s.State() != transport.Dead {
			play(s, &now, "bbbbbbbbbb")
			// It may have been about to die: then it died before the tenth beat.
			if s.State() == transport.Leaving || before == transport.Alive && s.State() != transport.Alive {
				return false
			}
		}
		play(&revived, &now, "mmmmmmmmm"+"mmmmmmmmmmmmm")
		return revived.State() == transport.Dead
	}, gen.SliceOfN(200, gen.Bool())))
	p.TestingRun(t)
}

func ExampleConfig_Score() {
	s := liveness.Config{Threshold: 2, Strikes: 2, Steady: 3, LeaveFor: time.Minute}.Score()
	now := time.Unix(0, 0)
	for _, heard := range []bool{true, false, false, false, true, true, true} {
		now = now.Add(10 * time.Second)
		fmt.Print(s.Observe(now, heard), " ")
	}
	fmt.Println()
	// Output: alive alive leaving leaving leaving leaving alive
}

func ExampleNew() {
	server := &transport.Server{Monitor: liveness.New(liveness.Config{LeaveFor: 5 * time.Minute})}
	fmt.Println(server.Monitor != nil)
	// Output: true
}
