package transport_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// A busy session's timer runs when something is due, and not for as long as a writer that was
// started has not run: the deadline that it is to meet stays in the past until then. Here, where
// time stands still until it has run, that shows in what the timer is set for.
func TestBusySessionsTickWhenSomethingIsDue(t *testing.T) {
	const (
		sessions = 100
		took     = 2 * time.Second
		// Each side acknowledges every 10 ms at most (Config.AckDelay), and pings now and then.
		most = 2 * sessions * (int64(took/session.DefaultAckDelay) + 10)
	)
	synctest.Test(t, func(t *testing.T) {
		var ticks, overdue atomic.Int64
		network := fault.Network{Link: fault.Link{Latency: 3 * time.Millisecond}}
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
			transport.CountTicks(s, &ticks)
			transport.CountOverdue(s, &overdue)
			return nil
		}})
		var clients sync.WaitGroup
		for range sessions {
			c := dial(t, &network, transport.Config{Handler: new(log)})
			transport.CountTicks(c.Session, &ticks)
			transport.CountOverdue(c.Session, &overdue)
			clients.Go(func() {
				for range int(took / (5 * time.Millisecond)) {
					if err := c.Send(t.Context(), &Note{N: 1}); err != nil {
						t.Error(err)
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		clients.Wait()
		n := ticks.Load()
		t.Logf("%d ticks in %v", n, took)
		if n > most {
			t.Errorf("%d ticks in %v, want at most %d", n, took, most)
		}
		if n == 0 {
			t.Error("nothing was counted")
		}
		if n := overdue.Load(); n > 0 {
			t.Errorf("the timer was set %d times for what was due already", n)
		}
	})
}

// After its end a session's timer is still. One that fired before, and had to wait for the lock
// meanwhile, does nothing.
func TestNoTickAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ticks atomic.Int64
		var network fault.Network
		opened := make(chan *transport.Session, 1)
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
			opened <- s
			return nil
		}})
		c := dial(t, &network, transport.Config{Handler: new(log)})
		ready(t, c)
		s := <-opened
		send(t, s, 1, 3)
		s.Close(session.CloseNormal, "")
		<-s.Done()
		synctest.Wait()
		transport.CountTicks(s, &ticks)
		for range 3 {
			time.Sleep(time.Hour)
			if n := ticks.Load(); n != 0 {
				t.Fatalf("%d ticks after the session's end", n)
			}
		}
		why := s.Err()
		if transport.LateTick(s) {
			t.Error("a late tick sets the timer again")
		}
		time.Sleep(time.Hour)
		if n := ticks.Load(); n != 1 {
			t.Errorf("%d ticks, want the late one only", n)
		}
		if st := s.Stats().State; st != session.Ended || s.Err() != why {
			t.Errorf("after a late tick the session is %v, ended by %v", st, s.Err())
		}
	})
}

// A message that is refused because the numbers are used up may end the session: the peer is told
// at once.
func TestExhaustedSessionTellsThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{Handler: new(log)})
		ready(t, c)
		begin := time.Now()
		transport.Exhaust(c.Session)
		if err := c.Send(t.Context(), &Note{N: 1}); !errors.Is(err, session.ErrExhausted) {
			t.Errorf("Send: %v, want ErrExhausted", err)
		}
		<-c.Session.Done()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the CLOSE was written after %v", took)
		}
		if err := c.Session.Err(); !errors.Is(err, &session.CloseError{Code: session.CloseLimits}) {
			t.Errorf("the session ended by %v", err)
		}
	})
}
