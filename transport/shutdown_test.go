package transport_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

func TestShutdownSendsClientsToTheAlternatives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 5 * time.Millisecond}}
		first, second := new(log), new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: first, Alternatives: []string{"other"}})
		serve(t, &network, "other", &transport.Server{Handler: second})
		var clients []*transport.Client
		for range 20 {
			c := dial(t, &network, transport.Config{})
			ready(t, c)
			clients = append(clients, c)
		}
		send(t, clients[0].Session, 1, 100)
		go func() {
			for i := 101; i <= 200; i++ {
				clients[0].Send(context.Background(), &Note{N: i})
				time.Sleep(time.Millisecond)
			}
		}()
		time.Sleep(20 * time.Millisecond)
		before := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if d := time.Since(before); d > 2*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
		time.Sleep(5 * time.Second)
		for _, c := range clients {
			ready(t, c)
		}
		flush(t, clients[0].Session)
		all := append(first.notes(), second.notes()...)
		if len(all) != 200 {
			t.Errorf("%d messages arrived, want 200", len(all))
		}
		for i, n := range all {
			if n != i+1 {
				t.Fatalf("message %d is %d", i+1, n)
			}
		}
	})
}

// whenAttached is a handler of a server's log that does something when a session was attached,
// before its connection is served on.
type whenAttached struct {
	slog.Handler
	do func()
}

func (h whenAttached) Enabled(context.Context, slog.Level) bool { return true }

func (h whenAttached) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "transport: attached" {
		h.do()
	}
	return nil
}

// A client knows that it is attached before the server's goroutine has come back from it. A Shutdown or Close
// in that moment parts with it as with any other.
func TestShutdownPartsWithWhoWasJustAttached(t *testing.T) {
	for name, end := range map[string]func(*transport.Server) error{
		"Shutdown": func(s *transport.Server) error { return s.Shutdown(context.Background()) },
		"Close":    func(s *transport.Server) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				h := new(log)
				serve(t, &network, "other", &transport.Server{Handler: h})
				first := &transport.Server{Handler: new(log), Alternatives: []string{"other"}, RetryAfter: -1, RetrySpread: -1}
				ended := make(chan error, 1)
				first.Log = slog.New(whenAttached{slog.DiscardHandler, func() {
					go func() { ended <- end(first) }()
					time.Sleep(time.Second)
				}})
				serve(t, &network, "server", first)
				var last []error
				c := dial(t, &network, transport.Config{OnChange: func(c transport.Change) { last = append(last, c.Err) }})
				select {
				case err := <-ended:
					if err != nil {
						t.Error(err)
					}
				case <-time.After(time.Minute):
					t.Error("it does not return")
				}
				synctest.Wait()
				var away *session.GoAwayError
				var closed *session.CloseError
				for _, err := range last {
					if errors.As(err, &away) || errors.As(err, &closed) && closed.Code == session.CloseShutdown {
						return
					}
				}
				t.Errorf("the client was not told why it was disconnected: %v, now %v", last, c.State())
			})
		})
	}
}

func TestShutdownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &log{hooks: map[int]func(context.Context, *transport.Session){
			1: func(ctx context.Context, _ *transport.Session) { <-ctx.Done() },
		}}
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 1)
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		before := time.Now()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want the context's error", err)
		}
		if d := time.Since(before); d > 6*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
		synctest.Wait()
		var ended *session.CloseError
		if err := c.LastError(); !errors.As(err, &ended) || ended.Code != session.CloseShutdown || !ended.Remote {
			t.Errorf("the client's last error is %v, want the server's shutdown", err)
		}
	})
}

func TestClientShutdownFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 50 * time.Millisecond}}
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 500)
		if err := c.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		h.want(t, 500)
		time.Sleep(time.Second)
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions left at the server", n)
		}

		c = dial(t, &network, transport.Config{Endpoints: []string{"nowhere"}})
		send(t, c.Session, 1, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := c.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown without a server: %v", err)
		}
	})
}

func TestCloseBySession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := &log{hooks: map[int]func(context.Context, *transport.Session){
			3: func(_ context.Context, s *transport.Session) { s.Close(session.CloseHandler, "three is too many") },
		}}
		closed := make(chan error, 1)
		s := serve(t, &network, "server", &transport.Server{Handler: h, OnClose: func(_ *transport.Session, err error) { closed <- err }})
		c := dial(t, &network, transport.Config{})
		send(t, c.Session, 1, 3) // another might find the session ended
		<-c.Done()
		var ended *session.CloseError
		if !errors.As(c.Err(), &ended) || ended.Code != session.CloseHandler || ended.Text != "three is too many" {
			t.Errorf("the client ended with %v", c.Err())
		}
		if !errors.Is(c.Err(), &transport.Error{Kind: transport.Ended}) {
			t.Errorf("%v is not of kind Ended", c.Err())
		}
		if err := <-closed; !errors.Is(err, transport.ErrClosed) {
			t.Errorf("OnClose got %v", err)
		}
		synctest.Wait()
		if len(s.Sessions()) != 0 || c.State() != transport.Closed {
			t.Errorf("%d sessions left, client %v", len(s.Sessions()), c.State())
		}
	})
}
