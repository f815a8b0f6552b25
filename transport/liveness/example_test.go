package liveness_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/liveness"
	"github.com/parleyproto/parley/transport/session"
)

// A server that gives up the sessions of clients that are gone. Its numbers are small, so that the
// example is short.
func Example() {
	type line struct{ Text string }
	chat := &codec.Protocol{Name: "chat", Releases: []codec.Release{{Version: 1, Codec: codec.JSON(&line{})}}}
	often := session.Config{Offer: negotiate.Offer{Heartbeat: negotiate.Heartbeat{Interval: 50 * time.Millisecond}}}

	over := make(chan error, 1)
	srv := &transport.Server{Protocol: chat, Session: often,
		Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			return nil, nil
		}),
		Monitor: liveness.New(liveness.Config{Threshold: 2, Strikes: 1, LeaveFor: 100 * time.Millisecond}),
		OnLiveness: func(_ *transport.Session, from, to transport.Liveness) {
			fmt.Println(from, "→", to)
		},
		OnClose: func(_ *transport.Session, err error) { over <- err },
	}
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	go srv.Serve(ln)
	defer srv.Close()

	var conn net.Conn
	var gone atomic.Bool // the device has lost its network
	client, _ := transport.Dial(&transport.Config{Endpoints: []string{"server"}, Protocol: chat, Session: often,
		Dial: func(context.Context, string) (c net.Conn, err error) {
			if gone.Load() {
				return nil, errors.New("no network")
			}
			conn, err = net.Dial("tcp", ln.Addr().String())
			return conn, err
		}})
	defer client.Close()
	client.WaitReady(context.Background())
	gone.Store(true)
	conn.Close()

	var closed *session.CloseError
	fmt.Println(errors.As(<-over, &closed), closed.Code)
	// Output:
	// alive → leaving
	// leaving → dead
	// true not alive
}
