package transport_test

import (
	"container/heap"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

var update = flag.Bool("update", false, "write docs/reconnect-storm.svg anew")

const (
	fleet  = 10_000
	outage = 15 * time.Minute
	watch  = outage + 3*time.Minute // how long the fleet is watched
)

// attempt is when one client tries next.
type attempt struct {
	at     time.Duration
	client int
}

type attempts []attempt

func (a attempts) Len() int           { return len(a) }
func (a attempts) Less(i, j int) bool { return a[i].at < a[j].at }
func (a attempts) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *attempts) Push(x any)        { *a = append(*a, x.(attempt)) }
func (a *attempts) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// storm counts the attempts in each second of an outage that cuts the whole fleet at once, and
// of the return after it. While the server is away each attempt fails at once: the host is there,
// the server is not. When it is back, each succeeds.
func storm(rand func() float64) []int {
	perSecond := make([]int, int(watch/time.Second))
	paces := make([]*transport.Pace, fleet)
	var queue attempts
	begin := time.Unix(0, 0)
	for i := range paces {
		paces[i] = transport.NewPace(transport.Backoff{}, rand)
		wait, _ := paces[i].Fail(begin, 0) // the connection is lost
		queue = append(queue, attempt{wait, i})
	}
	heap.Init(&queue)
	for len(queue) > 0 && queue[0].at < watch {
		a := heap.Pop(&queue).(attempt)
		perSecond[int(a.at/time.Second)]++
		if a.at < outage {
			wait, _ := paces[a.client].Fail(begin.Add(a.at), 0)
			heap.Push(&queue, attempt{a.at + wait, a.client})
		}
	}
	return perSecond
}

// meanRate is how many attempts a second the fleet makes when all backoffs are at their cap of
// 2 minutes, and so wait for a minute in the mean.
const meanRate = fleet / 60.0

// spread checks that the attempts come evenly. In no second do more come than two of each client.
// From the fifth minute of the outage on, when the backoffs are at their cap, it is the mean
// rate, at most 1.5 times that in any second and at least half, with the deviation of clients that
// are independent. And in no second of the return it is more.
func spread(perSecond []int) error {
	end := int(outage / time.Second)
	var sum, squares float64
	for s, n := range perSecond {
		switch f := float64(n); {
		case n > 2*fleet:
			return fmt.Errorf("%d attempts in second %d: more than two a client", n, s)
		case s < 300:
		case f > 1.5*meanRate || f < 0.5*meanRate && s < end:
			return fmt.Errorf("%d attempts in second %d, want %.0f ± half", n, s, meanRate)
		case s < end:
			sum += f
			squares += f * f
		}
	}
	m := sum / float64(end-300)
	if σ := math.Sqrt(squares/float64(end-300) - m*m); σ > 2*math.Sqrt(m) {
		return fmt.Errorf("the attempts come in waves: deviation %.1f, of independent clients it is %.1f", σ, math.Sqrt(m))
	}
	return nil
}

func TestStormStaysSpreadAtTheCap(t *testing.T) {
	perSecond := storm(rand.New(rand.NewPCG(1, 1)).Float64)
	if err := spread(perSecond); err != nil {
		t.Error(err)
	}
	back := 0
	for _, n := range perSecond[int(outage/time.Second):][:120] {
		back += n
	}
	if back != fleet {
		t.Errorf("%d are back two minutes after the outage, want all %d", back, fleet)
	}
	checkPlot(t, "../docs/reconnect-storm.svg", perSecond)
}

// Without jitter, or with the 20 % that others have, the fleet comes in waves: what checks the
// spread must see that.
func TestStormWithLittleJitterComesInWaves(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for name, u := range map[string]func() float64{
		"none": func() float64 { return 0.5 },
		"20 %": func() float64 { return 0.4 + 0.2*rnd.Float64() },
	} {
		err := spread(storm(u))
		if err == nil {
			t.Errorf("jitter %s: the attempts pass for spread", name)
		}
		t.Logf("jitter %s: %v", name, err)
	}
}

// The drivers do what the simulation of their policy says.
func TestStormOfClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 1000
		var network fault.Network
		var mu sync.Mutex
		begin := time.Now()
		perMinute := make([]int, 30)
		dialer := func(ctx context.Context, name string) (net.Conn, error) {
			mu.Lock()
			perMinute[int(time.Since(begin)/time.Minute)]++
			mu.Unlock()
			return network.Dial(ctx, name)
		}
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: keepSessions()})
		rnd := rand.New(rand.NewPCG(1, 2))
		for range clients {
			mine := rand.New(rand.NewPCG(rnd.Uint64(), 1))
			dial(t, &network, transport.Config{Dial: dialer, Rand: mine.Float64})
		}
		time.Sleep(30 * time.Second)
		if n := len(attached(s)); n != clients {
			t.Fatalf("%d attached, want %d", n, clients)
		}
		network.Down("server")
		time.Sleep(15*time.Minute - 30*time.Second)
		mu.Lock()
		for m := 5; m < 15; m++ {
			if n := perMinute[m]; n < clients/2 || n > 3*clients/2 {
				t.Errorf("%d attempts in minute %d, want about %d", n, m, clients)
			}
		}
		mu.Unlock()
		network.Up("server")
		time.Sleep(2*time.Minute + time.Second)
		if n := len(attached(s)); n != clients {
			t.Errorf("%d are back two minutes after the outage, want all %d", n, clients)
		}
	})
}

// checkPlot compares the plot of an outage with the one in docs.
func checkPlot(t *testing.T, file string, perSecond []int) {
	t.Helper()
	plot := plotStorm(perSecond)
	if *update {
		if err := os.WriteFile(file, []byte(plot), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || string(have) != plot {
		t.Errorf("%s does not show what happens; run go test ./transport -run Storm -update", file)
	}
}

// plotStorm draws the attempts in each second, with a logarithmic scale.
func plotStorm(perSecond []int) string {
	const width, height, left, bottom = 900, 260, 50, 30
	y := func(n float64) float64 { return height - math.Log10(max(n, 1))/math.Log10(20_000)*height }
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%d -10 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		-left, width+left+10, height+bottom+20)
	fmt.Fprintf(&b, "<title>Attempts to connect per second, %d clients; the server is away for the first %v</title>\n", fleet, outage)
	for _, n := range []float64{1, 10, 100, 1000, 10_000} {
		fmt.Fprintf(&b, "<path d=\"M0 %.1fH%d\" stroke=\"#ddd\"/><text x=\"-8\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", y(n), width, y(n)+4, n)
	}
	for m := 0; m <= int(watch/time.Minute); m += 3 {
		x := float64(m) / watch.Minutes() * width
		fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%d min</text>\n", x, height+18, m)
	}
	back := outage.Minutes() / watch.Minutes() * width
	fmt.Fprintf(&b, "<path d=\"M%.0f 0V%d\" stroke=\"#c60\" stroke-dasharray=\"4\"/><text x=\"%.0f\" y=\"12\" fill=\"#c60\">the server is back</text>\n", back, height, back+6)
	b.WriteString("<path fill=\"none\" stroke=\"#06c\" d=\"M")
	for s, n := range perSecond {
		fmt.Fprintf(&b, "%d %.0f ", s*width/len(perSecond), y(float64(n)))
	}
	b.WriteString("\"/>\n</svg>\n")
	return b.String()
}

// A server that shuts down sends its clients to the neighbour one after the other: a fleet does not
// come all at once, whatever the clients do.
func TestShutdownSpreadsTheFleet(t *testing.T) {
	for _, test := range []struct {
		name   string
		within time.Duration // 0: without a deadline
		most   int           // clients that come in one second
		took   time.Duration
	}{
		{"without a deadline", 0, 100, 4 * time.Second},
		{"within two seconds", 2 * time.Second, 400, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const clients = 400
				var network fault.Network
				s := serve(t, &network, "server", &transport.Server{Handler: new(log), Alternatives: []string{"other"}})
				serve(t, &network, "other", &transport.Server{Handler: new(log)})
				var mu sync.Mutex
				var left []time.Time // when each client was sent away
				for range clients {
					ready(t, dial(t, &network, transport.Config{OnChange: func(c transport.Change) {
						mu.Lock()
						defer mu.Unlock()
						if c.To == transport.Waiting {
							left = append(left, time.Now())
						}
					}}))
				}
				ctx := t.Context()
				if test.within > 0 {
					ctx = within(t, test.within)
				}
				begin := time.Now()
				if err := s.Shutdown(ctx); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
				if d := time.Since(begin); d > test.took+100*time.Millisecond {
					t.Errorf("Shutdown took %v, want %v", d, test.took)
				}
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				if len(left) != clients {
					t.Fatalf("%d clients were sent away, want %d", len(left), clients)
				}
				perTenth := make([]int, test.took/(100*time.Millisecond)+2)
				for _, at := range left {
					perTenth[at.Sub(begin)/(100*time.Millisecond)]++
				}
				for i, n := range perTenth {
					if n > test.most/10+2 {
						t.Errorf("%d clients were sent away in tenth %d of a second, want %d", n, i, test.most/10)
					}
				}
			})
		})
	}
}
