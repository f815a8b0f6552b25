package wireshark_test

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
)

// tap is a connection of a client that remembers what went over it.
type tap struct {
	net.Conn
	mu     *sync.Mutex
	chunks *[]chunk
}

func (c tap) note(fromServer bool, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(b) > 0 {
		*c.chunks = append(*c.chunks, chunk{fromServer, bytes.Clone(b)})
	}
}

// Write notes the bytes first, so that the peer's answer to them cannot come before them.
func (c tap) Write(b []byte) (int, error) {
	c.note(false, b)
	return c.Conn.Write(b)
}

func (c tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.note(true, b[:n])
	return n, err
}

// record returns what goes over the wire in a session of beacon's protocol: readings[v-1] are
// sent in version v, and live upgrades stand between.
func record(t *testing.T, readings ...[]*telemetry.Reading) []chunk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	srv := &transport.Server{
		Protocol: telemetry.Protocol,
		Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		}),
	}
	srv.Session.Offer.Prefer = []codec.Version{1}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() { srv.Close(); <-served }()
	var mu sync.Mutex
	var chunks []chunk
	var dialer net.Dialer
	c, err := transport.Dial(&transport.Config{
		Endpoints: []string{ln.Addr().String()}, Protocol: telemetry.Protocol,
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, "tcp", address)
			return tap{conn, &mu, &chunks}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for k, some := range readings {
		if k > 0 {
			if err := c.Upgrade(ctx, codec.Version(k+1)); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range some {
			if err := c.Send(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return chunks
}
