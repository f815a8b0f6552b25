package transport_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// slow is a handler that takes its time.
type slow struct {
	takes   time.Duration
	handled atomic.Int32
}

func (h *slow) Handle(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
	time.Sleep(h.takes)
	h.handled.Add(1)
	return nil, nil
}

// outcomes counts them.
type outcomes [session.Unknown + 1]atomic.Int32

func (o *outcomes) told(out transport.Outcome) { o[out.Outcome].Add(1) }

// within is a context for so long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestShutdownWaitsForPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 5 * time.Millisecond}}
		var out outcomes
		h := &slow{takes: 20 * time.Millisecond}
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), OnOutcome: out.told})
		ready(t, dial(t, &network, transport.Config{Handler: h}))
		send(t, s.Sessions()[0].Session, 1, 100)
		if err := s.Shutdown(within(t, time.Minute)); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		synctest.Wait()
		if n := h.handled.Load(); n != 100 || out[session.Unknown].Load() != 0 {
			t.Errorf("%d of 100 were handled, %d are unknown", n, out[session.Unknown].Load())
		}
	})
}

func TestShutdownSaysWhatItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var out outcomes
		s := serve(t, &network, "server", &transport.Server{Handler: &slow{takes: time.Hour}, OnOutcome: out.told})
		c := dial(t, &network, transport.Config{Handler: &slow{takes: 20 * time.Millisecond}})
		ready(t, c)
		send(t, s.Sessions()[0].Session, 1, 100)
		send(t, c.Session, 1, 7)
		err := s.Shutdown(within(t, time.Second))
		synctest.Wait()
		var left *transport.ShutdownError
		if !errors.As(err, &left) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Shutdown: %v, want a ShutdownError by the context", err)
		}
		if n := int(out[session.Unknown].Load()); left.Unsettled != n || n < 40 || n > 90 {
			t.Errorf("%d were left by %v, but %d are unknown; want those that were not acknowledged within a second", left.Unsettled, err, n)
		}
		if left.Unhandled != 7 || left.Sessions != 1 {
			t.Errorf("%d of 7 were not handled, in %d sessions: %v", left.Unhandled, left.Sessions, err)
		}
		time.Sleep(2 * time.Hour)
	})
}

// A client that is away cannot come back: what it did not get is said to be left.
func TestShutdownCountsTheAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
		ready(t, dial(t, &network, transport.Config{Handler: new(log)}))
		network.Down("server")
		time.Sleep(time.Second)
		send(t, s.Sessions()[0].Session, 1, 3)
		var left *transport.ShutdownError
		if err := s.Shutdown(within(t, time.Minute)); !errors.As(err, &left) || left.Unsettled != 3 || left.Err != nil {
			t.Errorf("Shutdown: %v, want 3 messages left", err)
		}
	})
}

// Handlers of messages on their way still reply and push; others are refused.
func TestShutdownFinishesWhatWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 50 * time.Millisecond}}
		var out outcomes
		s := &transport.Server{OnOutcome: out.told}
		s.Session.Offer.Window, s.Session.Queue = 2<<10, 8<<10
		s.Handler = transport.HandlerFunc(func(ctx context.Context, sess *transport.Session, in transport.Incoming) (codec.Message, error) {
			time.Sleep(100 * time.Millisecond)
			for range 10 {
				if err := sess.Send(ctx, &Note{Text: string(make([]byte, 300))}); err != nil {
					t.Errorf("a handler cannot send: %v", err)
				}
			}
			return &Note{N: in.Message.(*Note).N}, nil
		})
		serve(t, &network, "server", s)
		h := &slow{takes: time.Millisecond}
		cfg := transport.Config{Handler: h}
		cfg.Session.Offer.Window = 1 << 10
		c := dial(t, &network, cfg)
		ready(t, c)
		replies := make(chan error, 5)
		for n := range 5 {
			go func() {
				_, err := c.Call(t.Context(), &Note{N: n})
				replies <- err
			}()
		}
		time.Sleep(200 * time.Millisecond) // they are on their way
		sess := s.Sessions()[0].Session
		done := make(chan error, 1)
		go func() { done <- s.Shutdown(within(t, time.Minute)) }()
		time.Sleep(time.Millisecond)
		if err := sess.Send(t.Context(), &Note{}); !errors.Is(err, transport.ErrDraining) {
			t.Errorf("Send while the server shuts down: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		for range 5 {
			if err := <-replies; err != nil {
				t.Errorf("a call: %v", err)
			}
		}
		if n := h.handled.Load(); n != 50 || out[session.Unknown].Load() != 0 {
			t.Errorf("%d of 50 were handled, %d are unknown", n, out[session.Unknown].Load())
		}
	})
}

// A client's handler that asks the server back gets its answer before it is sent away.
func TestShutdownAnswersTheClientsHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
		answers := make(chan error, 3)
		c := dial(t, &network, transport.Config{Handler: transport.HandlerFunc(func(ctx context.Context, sess *transport.Session, in transport.Incoming) (codec.Message, error) {
			time.Sleep(time.Second)
			_, err := sess.Call(ctx, &Note{N: 5})
			answers <- err
			return nil, nil
		})})
		ready(t, c)
		send(t, s.Sessions()[0].Session, 1, 3)
		if err := s.Shutdown(within(t, time.Minute)); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		for range 3 {
			if err := <-answers; err != nil {
				t.Errorf("the handler's call: %v", err)
			}
		}
	})
}

func TestShutdownWaitsForLegacyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &slow{takes: time.Minute}
		s := &transport.Server{Handler: h}
		s.Session.Recognizer = negotiate.RecognizeLines(1)
		serve(t, &network, "server", s)
		conn, err := network.Dial(t.Context(), "server")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte("{\"type\":\"note\",\"n\":1}\n"))
		time.Sleep(time.Second)
		if err := s.Shutdown(within(t, time.Hour)); err != nil || h.handled.Load() != 1 {
			t.Errorf("Shutdown: %v, with %d handled", err, h.handled.Load())
		}
	})
}

func TestClientShutdownRefusesWhatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var out outcomes
		cfg := transport.Config{Endpoints: []string{"nowhere"}, OnOutcome: out.told}
		cfg.Session.Queue = 1 << 10
		c := dial(t, &network, cfg)
		try := func() error {
			_, err := c.SendWith(t.Context(), &Note{}, session.SendOptions{Overflow: session.Fail})
			return err
		}
		for try() == nil {
		}
		waits := make(chan error, 1)
		go func() { waits <- c.Send(t.Context(), &Note{}) }()
		synctest.Wait()
		queued := c.Stats().Queued
		done := make(chan error, 1)
		go func() { done <- c.Shutdown(within(t, time.Hour)) }()
		time.Sleep(time.Minute)
		if err := c.Send(t.Context(), &Note{}); !errors.Is(err, transport.ErrDraining) {
			t.Errorf("Send: %v", err)
		}
		if err := try(); !errors.Is(err, transport.ErrDraining) {
			t.Errorf("Send that does not wait: %v", err)
		}
		if _, err := c.Call(t.Context(), &Note{}); !errors.Is(err, transport.ErrDraining) {
			t.Errorf("Call: %v", err)
		}
		if err := <-waits; !errors.Is(err, transport.ErrDraining) {
			t.Errorf("the Send that waited for room: %v", err)
		}
		var left *transport.ShutdownError
		if err := <-done; !errors.As(err, &left) || left.Unsettled != queued || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want %d messages left", err, queued)
		}
		if err := c.Send(t.Context(), &Note{}); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("Send after Shutdown: %v", err)
		}
	})
}

// What a handler sends while the client shuts down is refused, once all before it is handled, or
// waited for too.
func TestClientShutdownWaitsForWhatHandlersSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 10 * time.Millisecond}}
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		var out outcomes
		c := dial(t, &network, transport.Config{OnOutcome: out.told, Handler: transport.HandlerFunc(func(ctx context.Context, sess *transport.Session, in transport.Incoming) (codec.Message, error) {
			for n := 2; n <= 20; n++ {
				if err := sess.Send(ctx, &Note{N: n}); err != nil && !errors.Is(err, transport.ErrClosed) {
					t.Errorf("a handler's Send: %v", err)
				}
				time.Sleep(5 * time.Millisecond)
			}
			return nil, nil
		})})
		ready(t, c)
		send(t, s.Sessions()[0].Session, 1, 1)
		time.Sleep(15 * time.Millisecond)
		send(t, c.Session, 1, 1)
		if err := c.Shutdown(within(t, time.Minute)); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		synctest.Wait()
		if n := out[session.Unknown].Load(); n != 0 {
			t.Errorf("%d are unknown after a Shutdown that lost nothing", n)
		}
	})
}
