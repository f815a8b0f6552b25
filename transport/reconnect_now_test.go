package transport_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestReconnectEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		c := dial(t, &network, transport.Config{Rand: func() float64 { return 0.99 }})
		time.Sleep(30 * time.Minute) // no server: the backoff is at its cap
		if s := c.State(); s != transport.Waiting {
			t.Fatalf("state %v, want waiting", s)
		}
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		before := time.Now()
		c.Reconnect()
		ready(t, c)
		if d := time.Since(before); d > 0 {
			t.Errorf("Reconnect took %v", d)
		}
	})
}

// What was begun on a network that was left gets no answer.
func TestReconnectBeginsAnAttemptAnew(t *testing.T) {
	var left atomic.Bool
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, leave := range map[string]func(*fault.Network, *transport.Config){
		"while dialling": func(network *fault.Network, cfg *transport.Config) {
			cfg.TCP(func(ctx context.Context, addr string) (net.Conn, error) {
				if left.Load() {
					return nil, hang(ctx)
				}
				return network.Dial(ctx, addr)
			})
		},
		"while looking up a name": func(network *fault.Network, cfg *transport.Config) {
			cfg.TCP(network.Dial)
			cfg.Resolve = func(ctx context.Context, host string) ([]string, error) {
				if left.Load() {
					return nil, hang(ctx)
				}
				return []string{"10.0.0.1"}, nil
			}
		},
		"while greeting": func(network *fault.Network, cfg *transport.Config) {
			cfg.TCP(func(ctx context.Context, addr string) (net.Conn, error) {
				if left.Load() {
					addr = "mute"
				}
				return network.Dial(ctx, addr)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left.Store(true)
				var network fault.Network
				var r record
				serve(t, &network, "10.0.0.1:7", &transport.Server{Handler: new(log)})
				mute, _ := network.Listen("mute")
				defer mute.Close()
				cfg := transport.Config{Protocol: notes, Endpoints: []string{"host:7"}, OnChange: r.add,
					Resolve: func(context.Context, string) ([]string, error) { return []string{"10.0.0.1"}, nil }}
				leave(&network, &cfg)
				c, err := transport.Dial(&cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				time.Sleep(time.Second)
				if s := c.State(); s != transport.Connecting {
					t.Fatalf("state %v, want connecting", s)
				}
				left.Store(false)
				before := time.Now()
				c.Reconnect()
				ready(t, c)
				synctest.Wait() // OnChange is told
				if d := time.Since(before); d > 0 {
					t.Errorf("Reconnect took %v", d)
				}
				if err := c.LastError(); err != nil {
					t.Errorf("an attempt that was given up failed with %v", err)
				}
				want := []transport.State{transport.Connecting, transport.Waiting, transport.Connecting, transport.Attaching, transport.Ready}
				if got := r.states(); !slices.Equal(got, want) {
					t.Errorf("states %v, want %v", got, want)
				}
			})
		})
	}
}

// route serves under two names, as two networks that lead to the same server. The dial function
// takes the name that to holds.
func route(t *testing.T, network *fault.Network, to *atomic.Value) func(context.Context, string) (net.Conn, error) {
	s := serve(t, network, "wifi", &transport.Server{Handler: new(log)})
	l, err := network.Listen("mobile")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	to.Store("wifi")
	return func(ctx context.Context, _ string) (net.Conn, error) { return network.Dial(ctx, to.Load().(string)) }
}

// The server has greeted, and then the network is gone.
func TestReconnectWhileAttaching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var to atomic.Value
		c := dial(t, &network, transport.Config{Dial: route(t, &network, &to), OnChange: func(change transport.Change) {
			if change.To == transport.Attaching && to.Load() == "wifi" {
				network.Partition("wifi")
			}
		}})
		time.Sleep(time.Second)
		if s := c.State(); s != transport.Attaching {
			t.Fatalf("state %v, want attaching", s)
		}
		to.Store("mobile")
		before := time.Now()
		c.Reconnect()
		ready(t, c)
		if d := time.Since(before); d > 0 {
			t.Errorf("Reconnect took %v", d)
		}
	})
}

// A connection that is dead without knowing is found out by a ping.
func TestReconnectProbesTheConnection(t *testing.T) {
	for name, busy := range map[string]bool{"idle": false, "busy": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := fault.Network{Link: fault.Link{Latency: 20 * time.Millisecond}}
				var to atomic.Value
				c := dial(t, &network, transport.Config{Dial: route(t, &network, &to)})
				ready(t, c)
				for range 100 { // one that is alive is kept, and its server does not mind
					time.Sleep(700 * time.Millisecond)
					c.Reconnect()
				}
				if st := c.Stats(); c.State() != transport.Ready || st.Attaches != 1 {
					t.Fatalf("Reconnect left a good connection: %v, %d attaches, %v", c.State(), st.Attaches, c.LastError())
				}
				time.Sleep(12 * time.Second)
				network.Partition("wifi")
				to.Store("mobile")
				c.Reconnect()
				for i := range 40 {
					time.Sleep(100 * time.Millisecond)
					if busy {
						send(t, c.Session, i, i)
					}
				}
				if st := c.Stats(); c.State() != transport.Ready || st.Attaches != 2 {
					t.Errorf("4 s after Reconnect on a dead connection: %v, %d attaches", c.State(), st.Attaches)
				}
				if !isKind(c.LastError(), transport.HeartbeatLost) {
					t.Errorf("the connection was lost by %v", c.LastError())
				}
			})
		})
	}
}

// While the client drains, Reconnect ends the wait all the same.
func TestReconnectWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		c := dial(t, &network, transport.Config{Rand: func() float64 { return 0.99 }})
		send(t, c.Session, 1, 3)
		time.Sleep(30 * time.Minute)
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h})
		done := make(chan error)
		go func() { done <- c.Shutdown(context.Background()) }()
		synctest.Wait()
		if s := c.State(); s != transport.Draining {
			t.Fatalf("state %v, want draining", s)
		}
		before := time.Now()
		c.Reconnect()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if d := time.Since(before); d > time.Second {
			t.Errorf("Shutdown took %v after Reconnect", d)
		}
		h.want(t, 3)
	})
}

// The server of another protocol is probed by that protocol's ping.
func TestReconnectProbesAPlainConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var server redisServer
		goOn := make(chan struct{})
		c := redisClient(t, &network, &server, func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			<-goOn
			return nil, nil
		})
		ready(t, c)
		c.Reconnect()
		time.Sleep(9 * time.Second)
		send := func() {
			if err := c.Send(t.Context(), value(":1")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		send()
		c.Reconnect() // while a handler runs nothing is read, so nothing can be found out
		time.Sleep(9 * time.Second)
		goOn <- struct{}{}
		synctest.Wait()
		if st := c.Stats(); st.Attaches != 1 || c.State() != transport.Ready {
			t.Fatalf("Reconnect left a good connection: %v, %d attaches, %v", c.State(), st.Attaches, c.LastError())
		}
		network.Partition("redis")
		c.Reconnect()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if s := c.State(); s == transport.Ready || !errors.Is(c.LastError(), session.ErrSilent) {
			t.Errorf("5 s after Reconnect on a dead connection: %v, %v", s, c.LastError())
		}
		network.Heal("redis")
		ready(t, c)
	})
}
