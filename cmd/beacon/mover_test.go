package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/transport"
)

// A device that comes after the order is moved like the one that was there.
func TestMoverKeepsVersion(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(func(context.Context, *telemetry.Reading) error { return nil }, 1, nil)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() { srv.Close(); <-served }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	connect := func() {
		client, err := transport.Dial(&transport.Config{Endpoints: []string{ln.Addr().String()}, Protocol: telemetry.Protocol})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		if err := client.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
	connect()
	m := &mover{srv: srv}
	if got := m.order(ctx, 2); len(got) != 1 || got[0].From != 1 || got[0].Err != nil {
		t.Fatalf("order: %+v, want one session moved from 1", got)
	}
	connect()
	keeping := make(chan struct{})
	go func() { m.keep(ctx); close(keeping) }()
	for pause(ctx, 5*time.Millisecond) {
		if s := srv.Sessions(); len(s) == 2 && s[0].Version == 2 && s[1].Version == 2 {
			cancel()
			<-keeping
			return
		}
	}
	t.Fatalf("it was never moved: %+v", srv.Sessions())
}
