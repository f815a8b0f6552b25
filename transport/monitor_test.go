package transport_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/liveness"
	"github.com/parleyproto/parley/transport/session"
)

// often makes peers ping every 10 s.
func often() session.Config {
	return session.Config{ResumeWindow: -1, Offer: negotiate.Offer{
		Heartbeat: negotiate.Heartbeat{Interval: 10 * time.Second, Gap: time.Second}}}
}

// observer notes when it is asked, and asks the session.
type observer struct {
	session *transport.Session
	at      []time.Time
}

func (o *observer) Observe(now time.Time, heard bool) transport.Liveness {
	if o.session != nil {
		o.session.Stats()
	}
	o.at = append(o.at, now)
	return transport.Alive
}

// A session is judged for the first time one and a half intervals after it began, however long
// Monitor and OnOpen took; nothing looks at it before. The race detector sees this test too.
func TestFirstObservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var began time.Time
		o := new(observer)
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: often(),
			Monitor: func(s *transport.Session) transport.Monitor {
				if s.ID() == ([16]byte{}) || s.RemoteAddr() == nil {
					t.Errorf("Monitor is asked about session %x at %v", s.ID(), s.RemoteAddr())
				}
				time.Sleep(3 * time.Second)
				began = time.Now()
				o.session = s
				return o
			},
			OnOpen: func(*transport.Session) error { time.Sleep(3 * time.Second); return nil },
		})
		ready(t, dial(t, &network, transport.Config{Session: often()}))
		time.Sleep(time.Minute)
		s.Close()
		if len(o.at) < 3 {
			t.Fatalf("observed at %v", o.at)
		}
		last := began
		for _, at := range o.at {
			if d := at.Sub(last); d < 15*time.Second || d > 17*time.Second {
				t.Errorf("observed %v after the time before, want 15s and a tick at most", d)
			}
			last = at
		}
	})
}

// Each change of a session's liveness is told, in order.
func TestOnLiveness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var told []string
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Session: often(),
			Monitor: liveness.New(liveness.Config{LeaveFor: 5 * time.Minute}),
			OnLiveness: func(s *transport.Session, from, to transport.Liveness) {
				told = append(told, fmt.Sprintf("%v to %v of %s", from, to, host(s)))
			},
			OnClose: func(*transport.Session, error) { told = append(told, "closed") },
		})
		c := dial(t, &network, transport.Config{Session: often(), Dial: dialFrom(&network, "10.0.0.1")})
		ready(t, c)
		time.Sleep(10 * time.Minute)
		network.Down("server")
		time.Sleep(3 * time.Minute)
		network.Up("server")
		c.Reconnect()
		time.Sleep(10 * time.Minute)
		network.Down("server")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want := []string{"alive to leaving of 10.0.0.1", "leaving to alive of 10.0.0.1", "alive to leaving of 10.0.0.1", "leaving to dead of 10.0.0.1", "closed"}
		if !slices.Equal(told, want) || len(s.Sessions()) != 0 {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}
