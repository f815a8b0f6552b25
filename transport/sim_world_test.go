package transport_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// world is one run: some clients, a server with two addresses or two servers, a network.
//
// A gentle world has all faults of the network, restarts of the listener and upgrades, but no
// state is lost: there every message has to arrive. In the others servers crash, shut down and
// close sessions, and clients are closed, so that outcomes may be unknown, but never wrong.
type world struct {
	judge
	seed    uint64
	source  *rand.PCG
	rnd     *rand.Rand // of the goroutine that runs the world
	script  *script    // guarded by judge.mu
	network fault.Network
	servers []*simServer
	clients []*simClient
	healed  atomic.Bool
	conns   atomic.Uint64
	ends    []*fault.Conn // guarded by judge.mu
	atNext  sync.Map      // *transport.Session to func(): what its next handler does
	aside   sync.WaitGroup
	took    time.Duration
	jumped  atomic.Int64 // jumps of clocks
}

func newWorld(seed uint64, s *script) *world {
	source := rand.NewPCG(seed, 0x717)
	rnd := rand.New(source)
	w := &world{judge: newJudge(seed%2 == 0), seed: seed, source: source, rnd: rnd, script: s}
	w.network.Link = fault.Link{Seed: seed, Latency: time.Duration(rnd.Int64N(int64(200*time.Millisecond) >> rnd.IntN(8)))}
	w.network.Link.Jitter = time.Duration(rnd.Int64N(int64(w.network.Link.Latency) + 1))
	if rnd.IntN(3) == 0 {
		w.network.Link.Bandwidth = 20_000 << rnd.IntN(6)
	}
	w.again = w.resends()
	w.overflows, w.oversized = w.dropsOldest(), w.maxMessage() > 0
	names := [][]string{{"a"}, {"b"}}
	if w.gentle {
		names = [][]string{{"a", "b"}}
	}
	for _, n := range names {
		s := &simServer{w: w, names: n}
		w.servers = append(w.servers, s)
		s.start()
	}
	for i := range 1 + rnd.IntN(3) {
		c := &simClient{w: w, index: i + 1}
		w.clients = append(w.clients, c)
		c.start()
	}
	return w
}

// renews tells whether clients begin a new session when a server has closed the present one.
func (w *world) renews() bool { return w.seed%8 != 1 }

// resends tells whether clients send again what a session that is over left unacknowledged.
func (w *world) resends() bool { return w.seed%6 == 5 }

// smallQueue tells whether queues and windows are so small that they are met all the time.
func (w *world) smallQueue() bool { return w.seed%5 == 0 }

// dropsOldest tells whether a full queue gives up its oldest messages.
func (w *world) dropsOldest() bool { return w.seed%5 == 0 && w.seed%4 < 2 }

// maxMessage returns the largest message that servers accept, smaller than some that are sent; 0:
// the default.
func (w *world) maxMessage() uint64 {
	if w.seed%9 < 2 {
		return 8 << 10
	}
	return 0
}

// run lets things happen, heals the network, lets everybody come to rest, and ends it all.
func (w *world) run() {
	for n := range 10 + w.rnd.IntN(30) {
		w.mark(2 * n)
		if w.happens(fmt.Sprintf("step %d", n)) {
			w.step()
		}
		if rnd := w.jumps(n); rnd.IntN(5) == 0 && w.happens(fmt.Sprintf("jump %d", n)) {
			w.jump(rnd)
		}
		w.mark(2*n + 1)
		w.sleep(time.Minute >> w.rnd.IntN(14))
	}
	w.tell("the network heals")
	w.healed.Store(true)
	w.aside.Wait()
	for _, c := range w.clients {
		c.quit()
	}
	w.rest()
	w.end()
	w.took = time.Since(w.began)
}

func (w *world) sleep(most time.Duration) { time.Sleep(time.Duration(w.rnd.Int64N(int64(most)))) }

// later does something at the side after a while.
func (w *world) later(most time.Duration, f func()) {
	d := time.Duration(w.rnd.Int64N(int64(most)))
	w.aside.Go(func() {
		time.Sleep(d)
		f()
	})
}

// step does one thing.
func (w *world) step() {
	s := w.servers[w.rnd.IntN(len(w.servers))]
	name := s.names[w.rnd.IntN(len(s.names))]
	c := w.clients[w.rnd.IntN(len(w.clients))]
	pick := w.rnd.IntN(25)
	if w.gentle {
		pick = w.rnd.IntN(14)
	}
	switch {
	case pick < 4:
		w.tell("all connections are reset")
		w.network.Link.ResetAll()
	case pick < 6:
		w.tell("%s is parted", name)
		w.network.Partition(name)
		w.later(2*time.Minute>>w.rnd.IntN(8), func() { w.tell("%s is healed", name); w.network.Heal(name) })
	case pick < 8:
		w.tell("%s is down", name)
		w.network.Down(name)
		w.later(2*time.Minute>>w.rnd.IntN(8), func() { w.tell("%s is up", name); w.network.Up(name) })
	case pick < 11:
		w.upgrade(s, c, codec.Version(1+w.rnd.IntN(3)))
	case pick < 13:
		s.relisten(w.rnd.IntN(2) == 0)
	case pick < 14:
		w.tell("%s is to connect now", c.host)
		c.now().Reconnect()
	case pick < 16:
		s.crash()
	case pick < 19:
		s.shutdown()
	case pick < 20:
		s.evict()
	case pick < 21:
		s.closeInHandler()
	default:
		c.replace(w.rnd.IntN(2) == 0, w.rnd.IntN(2) == 0)
	}
}

// jump sets the clock of a client, or of all sessions of a server, on or a little back.
func (w *world) jump(rnd *rand.Rand) {
	w.jumped.Add(1)
	d := time.Duration(rnd.Int64N(int64(2*time.Hour) >> rnd.IntN(14)))
	if rnd.IntN(3) == 0 {
		d = -d / 200
	}
	if rnd.IntN(2) == 0 {
		c := w.clients[rnd.IntN(len(w.clients))]
		w.tell("the clock of %s jumps by %v", c.host, d)
		transport.Jump(c.now().Session, d)
		return
	}
	s := w.servers[rnd.IntN(len(w.servers))]
	w.tell("the clock of %v jumps by %v", s.names, d)
	for _, info := range s.now().Sessions() {
		transport.Jump(info.Session, d)
	}
}

// upgrade moves all sessions of a server, or one by its client, at the side.
func (w *world) upgrade(s *simServer, c *simClient, v codec.Version) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	client, server, byClient := c.now(), s.now(), w.rnd.IntN(2) == 0
	w.aside.Go(func() {
		defer cancel()
		if byClient {
			w.tell("%s proposes %v", c.host, v)
			w.tell("%s proposed %v: %v", c.host, v, client.Upgrade(ctx, v))
			return
		}
		w.tell("%v proposes %v to all", s.names, v)
		for _, r := range server.Upgrade(ctx, v) {
			w.tell("%v proposed %v to %v: %v", s.names, v, r.Session.RemoteAddr(), r.Err)
		}
	})
}

// restTime bounds how long it takes everybody to come to rest on a network that works: finding
// out that a peer is gone, the longest backoff, and all that waits at 20 kB/s.
const restTime = 15 * time.Minute

// rest waits until all that was sent has an outcome.
func (w *world) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), restTime)
	defer cancel()
	for _, c := range w.clients {
		client := c.now()
		if err := client.Flush(ctx); err != nil && !c.ended() {
			w.accuse("%s does not come to rest: %v; state %v, last error %v, %+v", c.host, err, client.State(), client.LastError(), client.Stats())
		}
		c.checkEnd()
	}
	for _, s := range w.servers {
		for _, info := range s.now().Sessions() {
			if err := info.Session.Flush(ctx); err != nil && info.Session.Err() == nil {
				w.accuse("the server's session of %v does not come to rest: %v; %+v", info.Addr, err, info.Session.Stats())
			}
		}
	}
}

// end closes all, and looks for goroutines that stay.
func (w *world) end() {
	for _, c := range w.clients {
		c.now().Close()
	}
	for _, s := range w.servers {
		s.now().Close()
		s.serving.Wait()
	}
	time.Sleep(time.Hour) // handlers, timers
	synctest.Wait()
	if left := bubble(); len(left) > 1 {
		w.accuse("%d goroutines stay:\n%s", len(left)-1, strings.Join(left[1:], "\n\n"))
	}
}

// bubble returns the stacks of the goroutines of this bubble.
func bubble() []string {
	buf := make([]byte, 1<<10)
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "\n")
	_, id, _ := strings.Cut(head, "synctest bubble ")
	return stacks("synctest bubble " + id)
}

// stacks returns the stacks of the goroutines whose first line has a mark, without those that
// belong to testing/synctest itself.
func stacks(mark string) (found []string) {
	buf := make([]byte, 4<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, frames, _ := strings.Cut(g, "\n")
		if strings.Contains(head, mark) && !strings.HasPrefix(frames, "internal/synctest.Run") &&
			!strings.HasPrefix(frames, "testing/synctest.testingSynctestTest") {
			found = append(found, g)
		}
	}
	return found
}

// dialFrom connects as a client; the server sees the host as its address.
func (w *world) dialFrom(host string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, name string) (net.Conn, error) {
		conn, err := w.network.DialFrom(ctx, host, name)
		if err != nil {
			return nil, err
		}
		return w.hurt(conn), nil
	}
}

var errSimulated = fmt.Errorf("the handler fails as it was told to")
