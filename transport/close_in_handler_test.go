package transport_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// onQuit is a handler that does something and then says so.
func onQuit(do func(context.Context) error) (transport.Handler, chan error) {
	done := make(chan error, 1)
	return transport.HandlerFunc(func(ctx context.Context, _ *transport.Session, _ transport.Incoming) (codec.Message, error) {
		done <- do(ctx)
		return nil, nil
	}), done
}

// soon returns what came, if it came before long.
func soon(t *testing.T, done chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
		return nil
	}
}

func TestClientCloseInItsHandler(t *testing.T) {
	for _, slow := range []time.Duration{0, time.Second} { // then it has lost the reading role
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
			var c *transport.Client
			h, done := onQuit(func(context.Context) error {
				time.Sleep(slow)
				return c.Close()
			})
			c = dial(t, &network, transport.Config{Handler: h})
			ready(t, c)
			sess := s.Sessions()[0].Session
			send(t, sess, 1, 1)
			if err := soon(t, done); err != nil || c.State() != transport.Closed {
				t.Errorf("Close: %v; the client is %v", err, c.State())
			}
			<-sess.Done()
			if !errors.Is(sess.Err(), &transport.Error{Kind: transport.Ended}) {
				t.Errorf("the server's session ended with %v, want the client's CLOSE", sess.Err())
			}
		})
	}
}

func TestServerCloseInItsHandler(t *testing.T) {
	for _, slow := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var network fault.Network
			s := new(transport.Server)
			h, done := onQuit(func(context.Context) error {
				time.Sleep(slow)
				return s.Close()
			})
			s.Handler = h
			serve(t, &network, "server", s)
			cfg := transport.Config{Session: session.Config{Renew: func(*session.CloseError) bool { return false }}}
			c, other := dial(t, &network, cfg), dial(t, &network, cfg)
			ready(t, other)
			send(t, c.Session, 1, 1)
			if err := soon(t, done); err != nil {
				t.Errorf("Close: %v", err)
			}
			var ended *session.CloseError
			for _, c := range []*transport.Client{c, other} {
				<-c.Done()
				if !errors.As(c.Err(), &ended) || ended.Code != session.CloseShutdown {
					t.Errorf("a client ended with %v, want the server's CLOSE", c.Err())
				}
			}
		})
	}
}

// With the context of the handler a Shutdown is refused, and nothing is closed.
func TestShutdownInAHandlerIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		asked := new(log)
		s := new(transport.Server)
		s.Handler = transport.HandlerFunc(func(ctx context.Context, sess *transport.Session, in transport.Incoming) (codec.Message, error) {
			if err := s.Shutdown(ctx); !errors.Is(err, transport.ErrInHandler) {
				t.Errorf("Server.Shutdown: %v", err)
			}
			return asked.Handle(ctx, sess, in)
		})
		serve(t, &network, "server", s)
		var c *transport.Client
		h, done := onQuit(func(ctx context.Context) error {
			send(t, c.Session, 1, 100)
			return c.Shutdown(ctx)
		})
		c = dial(t, &network, transport.Config{Handler: h})
		ready(t, c)
		send(t, s.Sessions()[0].Session, 1, 1)
		if err := soon(t, done); !errors.Is(err, transport.ErrInHandler) {
			t.Errorf("Client.Shutdown: %v", err)
		}
		flush(t, c.Session)
		asked.want(t, 100)
		send(t, c.Session, 101, 101)
		flush(t, c.Session)
		if c.State() != transport.Ready {
			t.Errorf("the client is %v", c.State())
		}
	})
}

// With another context a client may shut down in its handler.
func TestClientShutdownInItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 5 * time.Millisecond}}
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		var c *transport.Client
		quit, done := onQuit(func(context.Context) error {
			send(t, c.Session, 1, 100)
			return c.Shutdown(within(t, time.Minute))
		})
		c = dial(t, &network, transport.Config{Handler: quit})
		ready(t, c)
		send(t, s.Sessions()[0].Session, 1, 1)
		if err := soon(t, done); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		h.want(t, 100)
	})
}

// closing is a connection that knows whether it is closed.
type closing struct {
	net.Conn
	closed atomic.Bool
}

func (c *closing) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

func (c *closing) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

func TestCloseWaitsForTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Latency: 50 * time.Millisecond}}
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		var conn *closing
		c := dial(t, &network, transport.Config{Dial: func(ctx context.Context, name string) (net.Conn, error) {
			raw, err := network.Dial(ctx, name)
			conn = &closing{Conn: raw}
			return conn, err
		}})
		ready(t, c)
		c.Close()
		if !conn.closed.Load() {
			t.Error("the connection is open after Close")
		}
	})
}

// Close returns while a handler runs, for that may be who calls it. The handler's context tells.
func TestCloseEndsTheHandlersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		over := make(chan struct{})
		h := transport.HandlerFunc(func(ctx context.Context, _ *transport.Session, _ transport.Incoming) (codec.Message, error) {
			<-ctx.Done()
			close(over)
			return nil, nil
		})
		s := serve(t, &network, "server", &transport.Server{Handler: h})
		send(t, dial(t, &network, transport.Config{}).Session, 1, 1)
		time.Sleep(time.Second)
		s.Close()
		select {
		case <-over:
		case <-time.After(time.Nanosecond): // when nobody else can run
			t.Error("the handler's context goes on after Close")
		}
	})
}
