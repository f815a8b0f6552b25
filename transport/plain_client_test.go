package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// Value is a value of Redis's protocol, as it stands on the wire.
type Value string

// rawValues is its codec.
type rawValues struct{}

func (rawValues) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, *m.(*Value)...), nil
}

func (rawValues) Decode(src []byte) (codec.Message, error) {
	v := Value(src)
	return &v, nil
}

var redis = &codec.Protocol{Name: "redis", Releases: []codec.Release{{Version: 2, Codec: rawValues{}}}}

func value(format string, args ...any) *Value {
	v := Value(fmt.Sprintf(format, args...) + "\r\n")
	return &v
}

// redisServer answers HELLO and PING, and echoes whatever else comes.
type redisServer struct {
	mu    sync.Mutex
	seen  []string
	conns int
	mute  bool // answer nothing
}

func (s *redisServer) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns++
		mute := s.mute
		s.mu.Unlock()
		go func() {
			defer conn.Close()
			r := frame.NewReader(conn, frame.RESP{})
			for {
				p, err := r.Next()
				if err != nil {
					return
				}
				answer := string(p)
				s.mu.Lock()
				s.seen = append(s.seen, strings.TrimSpace(answer))
				s.mu.Unlock()
				switch answer {
				case "+HELLO\r\n":
					answer = "+OK\r\n"
				case "+PING\r\n":
					answer = "+PONG\r\n"
				}
				if !mute {
					conn.Write([]byte(answer))
				}
			}
		}()
	}
}

// redisClient dials a Redis server on the network.
func redisClient(t *testing.T, network *fault.Network, s *redisServer, h transport.HandlerFunc) *transport.Client {
	t.Helper()
	l, err := network.Listen("redis")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go s.serve(l)
	return dial(t, network, transport.Config{
		Endpoints: []string{"redis"}, Protocol: redis, Handler: h,
		Formats: map[codec.Version]frame.Format{2: frame.RESP{}},
		Plain: &session.PlainConfig{
			Interval: 10 * time.Second, Silence: 25 * time.Second,
			Ping: func() codec.Message { return value("+PING") },
			Beat: func(m codec.Message) (codec.Message, bool) { return nil, *m.(*Value) == "+PONG\r\n" },
			Handshake: func(received codec.Message) ([]codec.Message, bool, error) {
				switch {
				case received == nil:
					return []codec.Message{value("+HELLO")}, false, nil
				case *received.(*Value) != "+OK\r\n":
					return nil, false, errors.New("no OK")
				}
				return nil, true, nil
			},
		},
	})
}

func TestPlainClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			network fault.Network
			server  redisServer
			got     []string
		)
		c := redisClient(t, &network, &server, func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			got = append(got, strings.TrimSpace(string(*in.Message.(*Value))))
			return nil, nil
		})
		if err := c.Send(t.Context(), value(":1")); err != nil { // waits for the handshake
			t.Fatal(err)
		}
		flush(t, c.Session)
		time.Sleep(31 * time.Second) // three pings
		network.Down("redis")
		synctest.Wait()
		if _, err := c.SendWith(t.Context(), value(":2"), session.SendOptions{Overflow: session.Fail}); !errors.Is(err, session.ErrQueueFull) {
			t.Errorf("a Send that must not wait, without a connection: %v", err)
		}
		network.Up("redis")
		if err := c.Send(t.Context(), value(":3")); err != nil { // waits for the next connection
			t.Fatal(err)
		}
		flush(t, c.Session)
		synctest.Wait()
		if want := []string{":1", ":3"}; !slices.Equal(got, want) {
			t.Errorf("the handler got %q, want %q", got, want)
		}
		if want := []string{"+HELLO", ":1", "+PING", "+PING", "+PING", "+HELLO", ":3"}; !slices.Equal(server.seen, want) {
			t.Errorf("the server saw %q, want %q", server.seen, want)
		}
		if st := c.Stats(); st.Attaches != 2 || st.MessagesIn != 2 || st.MessagesOut != 2 {
			t.Errorf("%+v", st)
		}
		if _, err := c.Call(t.Context(), value(":4")); !errors.Is(err, transport.ErrLegacy) {
			t.Errorf("Call: %v, want ErrLegacy", err)
		}
		if err := c.Shutdown(t.Context()); err != nil || c.State() != transport.Closed {
			t.Errorf("Shutdown: %v, state %v", err, c.State())
		}
		if err := c.Send(t.Context(), value(":5")); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("Send after the end: %v, want ErrClosed", err)
		}
	})
}

// A server that answers nothing is left when the handshake has taken too long, and tried again.
func TestPlainClientLeavesAMuteServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		server := redisServer{mute: true}
		c := redisClient(t, &network, &server, func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := c.WaitReady(ctx); !errors.Is(err, session.ErrHandshakeTimeout) || !isKind(err, transport.Negotiation) {
			t.Errorf("WaitReady: %v, want the handshake's timeout", err)
		}
		server.mu.Lock()
		defer server.mu.Unlock()
		if server.conns < 5 {
			t.Errorf("%d connections in five minutes", server.conns)
		}
	})
}

func isKind(err error, k transport.Kind) bool {
	var e *transport.Error
	return errors.As(err, &e) && e.Kind == k
}

func TestPlainClientWantsItsFields(t *testing.T) {
	h := transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) { return nil, nil })
	good := transport.Config{Endpoints: []string{"a:1"}, Protocol: redis, Handler: h, Plain: new(session.PlainConfig)}
	for want, change := range map[string]func(*transport.Config){
		"without Handler": func(c *transport.Config) { c.Handler = nil },
		"3 versions":      func(c *transport.Config) { c.Protocol = notes },
		"Config.Formats":  func(c *transport.Config) { c.Formats = map[codec.Version]frame.Format{2: frame.RESP{Depth: -1}} },
	} {
		cfg := good
		change(&cfg)
		if _, err := transport.Dial(&cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Dial: %v, want an error about %q", err, want)
		}
	}
}

// A handler keeps the reading role: while one runs, no further connection is made whose messages
// nothing would bound. It may close its client.
func TestPlainClientWaitsForItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			network fault.Network
			server  redisServer
			c       *transport.Client
		)
		goOn, closed := make(chan struct{}), make(chan error)
		c = redisClient(t, &network, &server, func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			<-goOn
			closed <- c.Close()
			return nil, nil
		})
		if err := c.Send(t.Context(), value(":1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // silent for too long
		synctest.Wait()
		server.mu.Lock()
		conns := server.conns
		server.mu.Unlock()
		if conns != 1 || c.State() != transport.Ready {
			t.Errorf("%d connections while the handler runs, state %v", conns, c.State())
		}
		close(goOn)
		if err := <-closed; err != nil || c.State() != transport.Closed {
			t.Errorf("Close in the handler: %v, state %v", err, c.State())
		}
	})
}
