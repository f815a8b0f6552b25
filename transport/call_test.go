package transport_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// A call whose time is up before there is a connection is never executed, and its caller knows.
func TestCallThatEndsInTheQueueIsNotExecuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var told []session.Reason
		c := dial(t, &network, transport.Config{OnOutcome: func(o transport.Outcome) { told = append(told, o.Reason) }})
		for i := range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := c.Call(ctx, &Note{N: i})
			cancel()
			var dropped *transport.DroppedError
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &dropped) || dropped.Reason != session.Cancelled {
				t.Fatalf("call %d: %v, want dropped (cancelled) because of the deadline", i, err)
			}
		}
		if st := c.Stats(); st.QueueBytes != 0 {
			t.Errorf("%d bytes are still queued", st.QueueBytes)
		}
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h})
		send(t, c.Session, 1, 1)
		flush(t, c.Session)
		h.want(t, 1)
		if !slices.Equal(told, slices.Repeat([]session.Reason{session.Cancelled}, 5)) {
			t.Errorf("the outcomes are %v, want five cancelled", told)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Call(ended, &Note{N: 2}); !errors.Is(err, context.Canceled) {
			t.Errorf("a call under a context that has ended: %v", err)
		}
		flush(t, c.Session)
		h.want(t, 1)
	})
}

// One that was written and lost on its way is not sent again over the next connection.
func TestCallThatEndsOnItsWayIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: time.Second}}
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h, Session: keepSessions()})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ended := make(chan error)
		go func() {
			_, err := c.Call(ctx, &Note{N: 1})
			ended <- err
		}()
		synctest.Wait() // it is on its way
		network.Down("server")
		var dropped *transport.DroppedError
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dropped) {
			t.Errorf("the call ended with %v, want the deadline: nobody knows whether it arrived", err)
		}
		network.Up("server")
		flush(t, c.Session)
		if got := h.notes(); len(got) != 0 {
			t.Errorf("the server executed %v after the caller had gone", got)
		}
	})
}

// A reply that comes in the moment in which the context ends is taken whole or not at all, and
// leaves nothing behind for later calls.
func TestReplyAndDeadlineAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 5 * time.Millisecond}}
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		replied := 0
		for i := range 2000 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			reply, err := c.Call(ctx, &Note{N: i})
			cancel()
			switch {
			case err == nil && reply != nil && reply.(*Note).N == 2*i:
				replied++
			case err == nil || reply != nil || !errors.Is(err, context.DeadlineExceeded):
				t.Fatalf("call %d: %v, %v", i, reply, err)
			}
		}
		t.Logf("%d of 2000 calls got their reply", replied)
	})
}

// detachable is a client whose network can be taken away, and a server whose handler waits to reply.
type detachable struct {
	*transport.Client
	network fault.Network
	entered chan *transport.Session
	reply   chan codec.Message
}

func newDetachable(t *testing.T, server, client session.Config) *detachable {
	t.Helper()
	d := &detachable{entered: make(chan *transport.Session, 1), reply: make(chan codec.Message)}
	serve(t, &d.network, "server", &transport.Server{Session: server,
		Handler: transport.HandlerFunc(func(_ context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
			d.entered <- s
			return <-d.reply, nil
		})})
	d.Client = dial(t, &d.network, transport.Config{Session: client, Handler: new(log), Backoff: transport.Backoff{Cap: time.Second}})
	ready(t, d.Client)
	return d
}

// callAway calls, and lets the handler reply while there is no connection.
func (d *detachable) callAway(t *testing.T, reply codec.Message, meanwhile func(*transport.Session)) (codec.Message, error) {
	t.Helper()
	type result struct {
		m   codec.Message
		err error
	}
	done := make(chan result, 1)
	go func() {
		m, err := d.Call(t.Context(), &Note{N: 1})
		done <- result{m, err}
	}()
	s := <-d.entered
	d.network.Down("server")
	synctest.Wait()
	d.reply <- reply
	time.Sleep(time.Second)
	meanwhile(s)
	d.network.Up("server")
	select {
	case r := <-done:
		return r.m, r.err
	case <-time.After(time.Hour):
		t.Fatal("the call has no end")
	}
	return nil, nil
}

func TestCallEndsWhenItsReplyIsDropped(t *testing.T) {
	tests := []struct {
		name  string
		reply codec.Message
		want  string
	}{
		{"too large", &Note{Text: strings.Repeat("x", 100_000)}, "exceeds the limit of 10000"},
		{"expired", transport.Reply{Message: &Note{N: 2}, Options: session.SendOptions{TTL: time.Millisecond}}, "expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var small session.Config
				small.Offer.MaxMessage = 10_000
				d := newDetachable(t, session.Config{}, small)
				m, err := d.callAway(t, tt.reply, func(*transport.Session) {})
				var failed *session.CallError
				if !errors.As(err, &failed) || !strings.Contains(failed.Text, tt.want) {
					t.Errorf("the call ended with %v, %v; want %q", m, err, tt.want)
				}
			})
		})
	}
}

func TestReplySurvivesDropOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDetachable(t, session.Config{Overflow: session.DropOldest, Queue: 64 << 10}, session.Config{})
		m, err := d.callAway(t, &Note{N: 42}, func(s *transport.Session) { send(t, s, 1, 5000) })
		if err != nil || m.(*Note).N != 42 {
			t.Errorf("the call ended with %v, %v; want the reply", m, err)
		}
	})
}

// Urgent calls overtake the rest; a reply has the lane that its handler chose.
func TestLanesOfCallsAndReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var order []int
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 3)
		done := make(chan struct{})
		go func() {
			defer close(done)
			in, err := c.CallWith(t.Context(), &Note{N: 4}, session.SendOptions{Lane: session.High})
			if err != nil || in.Message.(*Note).N != 8 || in.Call || in.Size == 0 {
				t.Errorf("the reply is %+v, %v", in, err)
			}
		}()
		synctest.Wait()
		serve(t, &network, "server", &transport.Server{Handler: transport.HandlerFunc(
			func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
				n := in.Message.(*Note).N
				order = append(order, n)
				return transport.Reply{Message: &Note{N: 2 * n}, Options: session.SendOptions{Lane: session.High}}, nil
			})})
		<-done
		flush(t, c.Session)
		if !slices.Equal(order, []int{4, 1, 2, 3}) {
			t.Errorf("handled in the order %v, want the urgent call first", order)
		}
	})
}

func TestCallThatMustNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		c := dial(t, &network, transport.Config{Session: session.Config{Overflow: session.Fail, Queue: 1 << 10}})
		before := time.Now()
		var dropped *transport.DroppedError
		_, err := c.CallWith(t.Context(), &Note{N: 1}, session.SendOptions{TTL: time.Second})
		if !errors.As(err, &dropped) || dropped.Reason != session.Expired || time.Since(before) != time.Second {
			t.Errorf("a call for a second: %v after %v, want expired", err, time.Since(before))
		}
		for err = nil; err == nil; {
			err = c.Send(t.Context(), &Note{})
		}
		if !errors.Is(err, session.ErrQueueFull) {
			t.Errorf("Send with Fail: %v, want ErrQueueFull", err)
		}
		if _, err := c.Call(t.Context(), &Note{}); !errors.Is(err, session.ErrQueueFull) {
			t.Errorf("Call with Fail: %v, want ErrQueueFull", err)
		}
		if _, err := c.SendWith(t.Context(), &Note{}, session.SendOptions{Overflow: session.DropOldest}); err != nil {
			t.Errorf("Send with DropOldest: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before = time.Now()
		if _, err := c.SendWith(ctx, &Note{}, session.SendOptions{Overflow: session.Block}); err == nil || time.Since(before) != time.Second {
			t.Errorf("Send with Block: %v after %v, want to wait for the context", err, time.Since(before))
		}
	})
}
