package transport_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// told notes outcomes.
type told struct {
	mu  sync.Mutex
	all map[uint64]session.Outcome
}

func (o *told) add(out transport.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[uint64]session.Outcome{}
	}
	o.all[out.ID] = out.Outcome
}

func (o *told) of(id uint64) session.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[id]
}

// A server ends a session in the middle of things, by shutting down, for want of heartbeats, for
// want of room. The client says what it knows and goes on, in a new session.
func TestRenewal(t *testing.T) {
	ends := map[string]func(s *transport.Server){
		"shutdown": func(s *transport.Server) { s.Close() },
		"idle":     func(s *transport.Server) { attached(s)[0].Session.Close(session.CloseIdle, "") },
		"limits":   func(s *transport.Server) { attached(s)[0].Session.Close(session.CloseLimits, "") },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { testRenewal(t, end) }) })
	}
}

func testRenewal(t *testing.T, end func(*transport.Server)) {
	network := fault.Network{Link: fault.Link{Latency: 10 * time.Millisecond}}
	stuck := &log{hooks: map[int]func(context.Context, *transport.Session){
		1: func(ctx context.Context, _ *transport.Session) { <-ctx.Done() },
	}}
	ln, _ := network.Listen("server")
	first := &transport.Server{Protocol: notes, Handler: stuck}
	served := make(chan error, 1)
	go func() { served <- first.Serve(ln) }()
	t.Cleanup(func() { first.Close(); <-served })
	var r record
	var outcomes told
	c := dial(t, &network, transport.Config{OnChange: r.add, OnOutcome: outcomes.add})
	ready(t, c)
	c.SetValue("mine")
	before := c.ID()

	options := session.SendOptions{Notify: true}
	written, _ := c.SendWith(t.Context(), &Note{N: 1}, options)
	called := make(chan error, 1)
	go func() {
		_, err := c.Call(t.Context(), &Note{N: 2})
		called <- err
	}()
	time.Sleep(time.Second)
	end(first)
	synctest.Wait()
	first.Close()
	<-served
	served <- nil
	time.Sleep(time.Second)
	if got := outcomes.of(written); got != session.Unknown {
		t.Errorf("what was written and not acknowledged is %v, want unknown", got)
	}
	if err := <-called; !errors.Is(err, transport.ErrUnknownOutcome) {
		t.Errorf("the call: %v, want ErrUnknownOutcome", err)
	}
	if !r.sawRenewal() {
		t.Errorf("the changes do not tell of it: %+v", r.changes)
	}

	second := new(log)
	again := serve(t, &network, "server", &transport.Server{Handler: second})
	flush(t, c.Session)
	ready(t, c)
	if got := second.notes(); len(got) > 0 {
		t.Errorf("the new session brought %v: nothing of the old one is sent again", got)
	}
	last := r.last()
	if c.ID() == before || last.To != transport.Ready || last.Resumed {
		t.Errorf("after the renewal: id %x, was %x, %+v", c.ID(), before, last)
	}
	if c.Value() != "mine" || c.Err() != nil {
		t.Errorf("after the renewal: value %v, err %v", c.Value(), c.Err())
	}
	push(t, c, attached(again)[0].Session)
}

// push lets the server send, and the client take it by Messages.
func push(t *testing.T, c *transport.Client, from *transport.Session) {
	t.Helper()
	if err := from.Send(t.Context(), &Note{N: 7}); err != nil {
		t.Fatal(err)
	}
	for m, err := range c.Messages(t.Context()) {
		if err != nil || m.(*Note).N != 7 {
			t.Errorf("the new session's first message is %v, %v", m, err)
		}
		break
	}
}

func (r *record) last() transport.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changes[len(r.changes)-1]
}

func (r *record) sawRenewal() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ch := range r.changes {
		if ch.From == transport.Ready && ch.To == transport.Waiting && errors.Is(ch.Err, &transport.Error{Kind: transport.Renewed}) {
			return true
		}
	}
	return false
}

// What waits in the queue, because the client was told to go, or was not connected, goes along.
func TestRenewalTakesTheQueueAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		stuck := &log{hooks: map[int]func(context.Context, *transport.Session){
			1: func(ctx context.Context, _ *transport.Session) { <-ctx.Done() },
		}}
		first := serve(t, &network, "server", &transport.Server{Handler: stuck, RetryAfter: 20 * time.Second, RetrySpread: -1})
		var r record
		var outcomes told
		c := dial(t, &network, transport.Config{OnChange: r.add, OnOutcome: outcomes.add})
		send(t, c.Session, 1, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		go first.Shutdown(ctx) // GOAWAY, and CLOSE 3 s later: the handler is stuck
		synctest.Wait()
		send(t, c.Session, 2, 10) // GOAWAY has come, so they get no number
		reply := make(chan codec.Message, 1)
		go func() {
			m, err := c.Call(t.Context(), &Note{N: 11})
			if err != nil {
				t.Errorf("a call that was not written: %v", err)
			}
			reply <- m
		}()
		time.Sleep(5 * time.Second)
		if err := c.LastError(); !errors.Is(err, &transport.Error{Kind: transport.Renewed}) {
			t.Fatalf("last error %v, want that the session is renewed", err)
		}
		if wait := r.last().Wait; wait < 20*time.Second {
			t.Errorf("the client waits %v, but the server asked for 20s", wait)
		}
		second := new(log)
		serve(t, &network, "server", &transport.Server{Handler: second})
		flush(t, c.Session)
		if m := <-reply; m == nil || m.(*Note).N != 22 {
			t.Errorf("the reply is %v", m)
		}
		if got := second.notes(); len(got) != 10 || got[0] != 2 || got[9] != 11 {
			t.Errorf("the new session brought %v, want 2 to 11", got)
		}
		if got := outcomes.of(1); got != session.Unknown {
			t.Errorf("message 1 is %v, want unknown", got)
		}
	})
}

// A server that has no room and says so to each session must not be met by a hot loop.
func TestRenewalIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log), OnOpen: func(s *transport.Session) error {
			time.AfterFunc(time.Second, func() { s.Close(session.CloseLimits, "no room") })
			return nil
		}})
		var r record
		dial(t, &network, transport.Config{OnChange: r.add, Rand: func() float64 { return 0.5 }})
		time.Sleep(10 * time.Minute)
		if n := r.count(transport.Ready); n < 10 || n > 25 {
			t.Errorf("%d sessions in 10 minutes, want about 20", n)
		}
	})
}

// The policy decides; and a verdict on the client ends it whatever the policy says.
func TestRenewalIsPolicy(t *testing.T) {
	tests := []struct {
		name  string
		code  session.CloseCode
		renew func(*session.CloseError) bool
		ends  bool
	}{
		{"the application's decision", session.CloseHandler, nil, true},
		{"a violation", session.CloseViolation, func(*session.CloseError) bool { return true }, true},
		{"another client took over", session.CloseSuperseded, func(*session.CloseError) bool { return true }, true},
		{"never", session.CloseShutdown, func(*session.CloseError) bool { return false }, true},
		{"the application's decision, not taken for final", session.CloseHandler, func(*session.CloseError) bool { return true }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
				c := dial(t, &network, transport.Config{Session: session.Config{Renew: tt.renew}})
				ready(t, c)
				before := c.ID()
				attached(s)[0].Session.Close(tt.code, "")
				time.Sleep(time.Minute)
				if ended := errors.Is(c.Err(), &transport.Error{Kind: transport.Ended}); ended != tt.ends {
					t.Errorf("the client's end is %v", c.Err())
				}
				if !tt.ends && (c.State() != transport.Ready || c.ID() == before) {
					t.Errorf("the client is %v in the session %x", c.State(), c.ID())
				}
			})
		})
	}
}

// Where there is another endpoint, the one that closed the session is not the first to be asked.
func TestRenewalElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		a := serve(t, &network, "a", &transport.Server{Handler: new(log)})
		b := serve(t, &network, "b", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{Endpoints: []string{"a", "b"}})
		ready(t, c)
		attached(a)[0].Session.Close(session.CloseLimits, "no room")
		time.Sleep(time.Minute)
		if len(attached(b)) != 1 {
			t.Errorf("the client is not at b: %v", c.RemoteAddr())
		}
	})
}

// Own Close and Shutdown are final, also while a session is being renewed.
func TestCloseWhileRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		s.Close()
		time.Sleep(time.Minute)
		send(t, c.Session, 1, 1)
		flushed := make(chan error, 1)
		go func() { flushed <- c.Flush(t.Context()) }()
		synctest.Wait()
		c.Close()
		if err := c.Err(); !errors.Is(err, transport.ErrClosed) || c.State() != transport.Closed {
			t.Errorf("after Close: %v, %v", c.State(), err)
		}
		if err := <-flushed; err != nil && !errors.Is(err, transport.ErrClosed) {
			t.Errorf("Flush: %v", err)
		}
	})
}
