package transport_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		c := dial(t, &network, transport.Config{Session: session.Config{Queue: 16 << 10}})
		n := 0
		var err error
		for ; err == nil; n++ {
			_, err = c.SendWith(t.Context(), &Note{N: n + 1}, session.SendOptions{Overflow: session.Fail})
		}
		n--
		if !errors.Is(err, session.ErrQueueFull) {
			t.Fatalf("a Send that must not wait: %v, want ErrQueueFull", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		before := time.Now()
		if err := c.Send(ctx, &Note{}); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, session.ErrQueueFull) {
			t.Errorf("Send: %v, want the context's error and why", err)
		}
		if d := time.Since(before); d != time.Minute {
			t.Errorf("Send waited %v, want a minute", d)
		}
		sent := make(chan error)
		go func() { sent <- c.Send(t.Context(), &Note{N: n + 1}) }()
		serve(t, &network, "server", &transport.Server{Handler: h})
		if err := <-sent; err != nil {
			t.Errorf("Send when there is room again: %v", err)
		}
		flush(t, c.Session)
		h.want(t, n+1)
	})
}

func TestOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var told []string
		tell := make(chan transport.Outcome, 100)
		c := dial(t, &network, transport.Config{OnOutcome: func(o transport.Outcome) { tell <- o },
			Session: session.Config{Queue: 1 << 10, Overflow: session.DropOldest}})
		c.SendWith(t.Context(), &Note{N: 1}, session.SendOptions{TTL: time.Second})
		c.SendWith(t.Context(), &Note{N: 2}, session.SendOptions{Notify: true})
		time.Sleep(2 * time.Second)
		h := new(log)
		serve(t, &network, "server", &transport.Server{Handler: h})
		c.Reconnect()
		flush(t, c.Session)
		network.Down("server")
		synctest.Wait()
		for i := range 20 { // about 10 fit
			c.SendWith(t.Context(), &Note{N: 3 + i}, session.SendOptions{Lane: session.Low})
		}
		c.Close()
		synctest.Wait()
		close(tell)
		counts := map[string]int{}
		for o := range tell {
			word := strings.TrimSuffix(o.Outcome.String()+" "+o.Reason.String(), " none")
			counts[word]++
			told = append(told, word)
		}
		if told[0] != "dropped expired" || told[1] != "acked" {
			t.Errorf("outcomes begin with %v", told[:2])
		}
		if len(told) != 22 {
			t.Errorf("%d outcomes, want one for each of 22 messages: %v", len(told), counts)
		}
		if got := h.notes(); !slices.Equal(got, []int{2}) {
			t.Errorf("the server got %v, want [2]", got)
		}
	})
}

func TestCallsEndWithTheirContextAndSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &log{hooks: map[int]func(context.Context, *transport.Session){
			1: func(ctx context.Context, _ *transport.Session) { <-ctx.Done() },
		}}
		serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Call(ctx, &Note{N: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call whose time is up: %v", err)
		}
		lost := make(chan error)
		go func() {
			_, err := c.Call(t.Context(), &Note{N: 2})
			lost <- err
		}()
		time.Sleep(time.Second)
		c.Close()
		if err := <-lost; !errors.Is(err, transport.ErrUnknownOutcome) {
			t.Errorf("a call whose session ended: %v, want ErrUnknownOutcome", err)
		}
		if _, err := c.Call(t.Context(), &Note{N: 3}); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("a call after Close: %v, want ErrClosed", err)
		}
	})
}

// A peer that never reads is closed, and costs no more than the queue.
func TestPeerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: time.Millisecond}}
		closed := make(chan error, 1)
		s := serve(t, &network, "server", &transport.Server{Handler: new(log),
			Session: session.Config{Queue: 64 << 10, Overflow: session.DropOldest},
			OnClose: func(_ *transport.Session, err error) { closed <- err }})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		sess := s.Sessions()[0].Session
		network.Partition("server")
		before := time.Now()
		text := strings.Repeat("x", 1000)
		for range 5000 {
			sess.Send(t.Context(), &Note{Text: text})
			time.Sleep(time.Millisecond)
		}
		if q := sess.Stats().QueueBytes; q > 64<<10 {
			t.Errorf("the queue holds %d bytes, more than its bound", q)
		}
		for sess.Stats().State == session.Attached && time.Since(before) < time.Hour {
			time.Sleep(time.Second)
		}
		if d := time.Since(before); d > 3*time.Minute {
			t.Errorf("the connection was given up after %v", d)
		}
		<-closed // by the resume window
		network.Heal("server")
	})
}
