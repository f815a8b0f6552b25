package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
)

// A peer in another language, written from docs/protocol.md alone, greets, sends, is cut off,
// attaches again and takes part in a live upgrade from text to binary.
func TestPeerInPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("PARLEY_PYTHON") != "" {
			t.Fatal(err)
		}
		t.Skip("no python3 on this machine")
	}
	const count, upgradeAt = 600, 300
	book := newLedger()
	reached, moved := make(chan struct{}), make(chan struct{})
	srv := newServer(func(_ context.Context, r *telemetry.Reading) error {
		book.delivered(r.Device, r.N)
		if r.N == upgradeAt {
			close(reached)
			<-moved // or the peer could be done before: it ends when all is acknowledged
		}
		return nil
	}, 1, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() { srv.Close(); <-served }()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results := make(chan []transport.UpgradeResult, 1)
	go func() {
		defer close(moved)
		select {
		case <-reached:
			results <- srv.Upgrade(ctx, codec.Version(2))
		case <-ctx.Done():
			results <- nil
		}
	}()
	peer := exec.CommandContext(ctx, python, "../../docs/peers/python/parley_peer.py", ln.Addr().String(),
		"--versions", "1-2", "--count", "600", "--rate", "2000", "--cut-after", "100")
	out, err := peer.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if want := "acknowledged=600 upgrades=1 generations=2 version=2"; !strings.Contains(string(out), want) {
		t.Errorf("the peer said:\n%s\nwant %s", out, want)
	}
	for _, r := range <-results {
		if r.Err != nil {
			t.Errorf("upgrade: %v", r.Err)
		}
	}
	for range count {
		book.sent("py")
	}
	if got, want := book.tally(), (tally{Sent: count, Delivered: count}); got != want {
		t.Errorf("the server got %+v, want %+v", got, want)
	}
}
