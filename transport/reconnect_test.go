package transport_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// record notes the changes of a client's state.
type record struct {
	mu      sync.Mutex
	changes []transport.Change
}

func (r *record) add(c transport.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
}

func (r *record) states() (out []transport.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.changes {
		out = append(out, c.To)
	}
	return out
}

func (r *record) count(s transport.State) (n int) {
	for _, x := range r.states() {
		if x == s {
			n++
		}
	}
	return n
}

func TestReconnectLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		for i := range 20 {
			ready(t, c)
			send(t, c.Session, 50*i+1, 50*i+50)
			if i%2 == 0 {
				synctest.Wait()
			}
			network.Link.ResetAll()
		}
		flush(t, c.Session)
		h.want(t, 1000)
		if st := c.Stats(); st.Attaches < 10 {
			t.Errorf("%d connections, want 10 and more", st.Attaches)
		}
	})
}

func TestServerPushesOverReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		got := new(log)
		opened := make(chan *transport.Session, 1)
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
			opened <- s
			return nil
		}})
		c := dial(t, &network, transport.Config{Handler: got})
		ready(t, c)
		s := <-opened
		for i := range 10 {
			ready(t, c)
			send(t, s, 10*i+1, 10*i+10)
			network.Link.ResetAll()
		}
		flush(t, s)
		got.want(t, 100)
	})
}

// A server that accepts and closes at once must not be met by a hot loop.
func TestAcceptThenCloseMakesNoHotLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		l, _ := network.Listen("server")
		defer l.Close()
		accepted := 0
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				accepted++
				conn.Close()
			}
		}()
		var r record
		c := dial(t, &network, transport.Config{OnChange: r.add, Rand: func() float64 { return 0.5 }})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		// Half of 1, 1.6, 2.56 … s: 10 attempts in the first 90 s, then one a minute.
		if accepted < 15 || accepted > 25 {
			t.Errorf("%d attempts in 10 minutes, want about 20", accepted)
		}
		if !errors.Is(c.LastError(), &transport.Error{Kind: transport.PeerClosed}) {
			t.Errorf("last error %v, want peer closed", c.LastError())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.WaitReady(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, &transport.Error{Kind: transport.PeerClosed}) {
			t.Errorf("WaitReady: %v; want the context's error and the last one", err)
		}
	})
}

// A server that lets the session attach and closes then is as bad.
func TestShortUptimeDoesNotResetTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		var r record
		dial(t, &network, transport.Config{OnChange: func(c transport.Change) {
			r.add(c)
			if c.To == transport.Ready {
				go network.Link.ResetAll()
			}
		}, Rand: func() float64 { return 0.5 }})
		time.Sleep(10 * time.Minute)
		if n := r.count(transport.Ready); n < 15 || n > 25 {
			t.Errorf("%d connections in 10 minutes, want about 20", n)
		}
	})
}

func TestAttemptsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var r record
		c := dial(t, &network, transport.Config{OnChange: r.add, Backoff: transport.Backoff{Attempts: 3}})
		<-c.Done()
		synctest.Wait()
		if !errors.Is(c.Err(), transport.ErrClosed) || !errors.Is(c.Err(), &transport.Error{Kind: transport.Refused}) {
			t.Errorf("gave up with %v, want ErrClosed and the cause", c.Err())
		}
		want := []transport.State{transport.Connecting, transport.Waiting, transport.Connecting, transport.Waiting, transport.Connecting, transport.Closed}
		if got := r.states(); !slices.Equal(got, want) {
			t.Errorf("states %v, want %v", got, want)
		}
		if err := c.Send(t.Context(), &Note{N: 1}); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("Send after the end: %v, want ErrClosed", err)
		}
	})
}

// A connection that was good and is lost is no failed attempt.
func TestAttemptsDoNotCountGoodConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{Backoff: transport.Backoff{Attempts: 1}})
		for range 3 {
			ready(t, c)
			time.Sleep(time.Hour)
			network.Link.ResetAll()
			synctest.Wait()
		}
		ready(t, c)
		time.Sleep(time.Hour)
		network.Down("server")
		<-c.Done()
		if !errors.Is(c.Err(), &transport.Error{Kind: transport.Refused}) {
			t.Errorf("the attempt that failed: %v, want refused", c.Err())
		}
	})
}

func TestEndpointsAreRaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "b", &transport.Server{Handler: new(log)})
		l, _ := network.Listen("a") // accepts, and says nothing
		defer l.Close()
		before := time.Now()
		c := dial(t, &network, transport.Config{Endpoints: []string{"a", "b", "c"}})
		ready(t, c)
		if d := time.Since(before); d != 250*time.Millisecond {
			t.Errorf("took %v, want the stagger of 250ms", d)
		}
	})
}

func TestServerThatLostTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		first := &transport.Server{Handler: h, Protocol: notes}
		l, _ := network.Listen("server")
		go first.Serve(l)
		var outcomes []transport.Outcome
		var mu sync.Mutex
		c := dial(t, &network, transport.Config{OnOutcome: func(o transport.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o)
		}})
		send(t, c.Session, 1, 10)
		flush(t, c.Session)
		network.Down("server") // it crashes: nobody is told
		send(t, c.Session, 11, 20)
		synctest.Wait()
		second := new(log)
		l.Close()
		first.Close()
		network.Up("server")
		serve(t, &network, "server", &transport.Server{Handler: second})
		flush(t, c.Session)
		send(t, c.Session, 21, 30)
		flush(t, c.Session)
		mu.Lock()
		defer mu.Unlock()
		for _, o := range outcomes {
			if o.Outcome != session.Unknown {
				t.Errorf("outcome %v, want unknown", o)
			}
		}
		if got := len(outcomes) + len(h.notes()) + len(second.notes()); got != 30 {
			t.Errorf("%d arrived, %d are unknown: %d of 30 have an outcome", len(h.notes())+len(second.notes()), len(outcomes), got)
		}
		if got := second.notes(); !slices.IsSorted(got) || got[len(got)-1] != 30 {
			t.Errorf("the second server got %v", got)
		}
	})
}

func TestCloseInEachState(t *testing.T) {
	mute := func(t *testing.T, network *fault.Network) {
		l, _ := network.Listen("server")
		t.Cleanup(func() { l.Close() })
	}
	tests := map[transport.State]func(t *testing.T, network *fault.Network){
		transport.Waiting:    func(*testing.T, *fault.Network) {},
		transport.Connecting: mute,
		transport.Ready: func(t *testing.T, network *fault.Network) {
			serve(t, network, "server", &transport.Server{Handler: new(log)})
		},
	}
	for state, prepare := range tests {
		t.Run(state.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				prepare(t, &network)
				c := dial(t, &network, transport.Config{Dial: func(ctx context.Context, name string) (net.Conn, error) {
					return network.Dial(ctx, name)
				}})
				synctest.Wait()
				if c.State() != state {
					t.Fatalf("state %v, want %v", c.State(), state)
				}
				before := time.Now()
				c.Close()
				if d := time.Since(before); d > 6*time.Second {
					t.Errorf("Close took %v", d)
				}
				if c.State() != transport.Closed || !errors.Is(c.Err(), transport.ErrClosed) {
					t.Errorf("after Close: %v, %v", c.State(), c.Err())
				}
			})
		})
	}
}

// Who waits for the end of a client that has given up finds why at once.
func TestLastErrorIsThereAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		for range 100 {
			c := dial(t, &network, transport.Config{Backoff: transport.Backoff{Attempts: 1}})
			<-c.Done()
			if c.LastError() == nil {
				t.Fatal("the client has ended, and there is no last error")
			}
		}
	})
}
