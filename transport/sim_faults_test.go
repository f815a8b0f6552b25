package transport_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// schedule draws the faults of one end of the next connection: up to four, most of them early.
// After the network has healed there are none.
func (w *world) schedule() fault.Schedule {
	n := w.conns.Add(1)
	if w.healed.Load() {
		return nil
	}
	rnd := rand.New(rand.NewPCG(w.seed, n))
	var s fault.Schedule
	for range rnd.IntN(5) {
		f := fault.Fault{Op: fault.Op(rnd.IntN(2)), From: rnd.IntN(1 << rnd.IntN(9)), N: rnd.IntN(1 << rnd.IntN(8))}
		f.To = f.From
		switch pick := rnd.IntN(20); {
		case pick < 5:
			f.Kind, f.D = fault.Stall, time.Duration(rnd.Int64N(int64(time.Minute)>>rnd.IntN(12)))
		case pick < 9:
			f.Kind, f.N, f.To = fault.Fragment, f.N+1, f.From+rnd.IntN(50)
		case pick < 12:
			f.Kind = fault.Short
		case pick < 16:
			f.Kind = fault.Reset
		case pick < 18:
			f.Kind = fault.EOF
		case pick < 19:
			f.Kind = fault.HalfOpen
		default: // loss in one direction; TCP never loses a piece in the middle
			f.Kind, f.To = fault.Lose, fault.Forever
		}
		s = append(s, f)
	}
	if len(s) > 0 {
		if !w.happens(fmt.Sprintf("connection end %d", n)) {
			return nil
		}
		w.tell("connection end %d meets %v", n, s)
	}
	return s
}

// badListener gives the server's ends their faults.
type badListener struct {
	net.Listener
	w *world
}

func (l badListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.w.hurt(conn), nil
}

// hurt puts faults on one end.
func (w *world) hurt(conn net.Conn) net.Conn {
	c := fault.New(conn, w.schedule())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, c)
	return c
}

// faults returns how many faults there were.
func (w *world) faults() int64 {
	n := int64(w.network.Stats().Faults())
	for _, c := range w.ends {
		n += int64(c.Stats().Faults())
	}
	return n
}
