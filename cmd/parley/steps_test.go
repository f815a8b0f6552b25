package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The steps of docs/codec.md, "Adding a version", in a module of their own: beacon's
// telemetry gets a version 4.
func TestAddingAVersion(t *testing.T) {
	t.Parallel()
	telemetry := "../beacon/telemetry"
	files := map[string]string{"telemetry/move_test.go": moveTest}
	for _, name := range []string{"telemetry.go", "telemetry.parley.lock", "telemetry.parley.golden"} {
		files["telemetry/"+name] = readFile(t, filepath.Join(telemetry, name))
	}
	dir := module(t, files)
	pkg := filepath.Join(dir, "telemetry")
	source := filepath.Join(pkg, "telemetry.go")
	must := func(name string, args ...string) {
		t.Helper()
		out, status := "", 0
		if name == "parley" {
			out, status = tool(t, pkg, args...)
		} else {
			out, status = run(t, pkg, name, args...)
		}
		if status != 0 {
			t.Fatalf("%s %s: status %d\n%s", name, strings.Join(args, " "), status, out)
		}
	}
	must("parley", "gen")

	// 1. Edit the struct. The old generated code does not compile any more.
	edit(t, source, "versions=1-3 text=1", "versions=1-4 text=1")
	edit(t, source, "\tLabels []Label ", "\tBattery uint8 `parley:\"v4+,max=100,lossy\"` // charge in percent\n\tLabels []Label ")
	if out, status := run(t, pkg, "go", "build", "."); status == 0 || !strings.Contains(out, "_parley.go") {
		t.Errorf("go build with stale code: status %d\n%s", status, out)
	}
	// 2. Generate and test.
	must("go", "generate", "./...")
	must("parley", "gen", "-check")
	must("go", "test", "-run", "Laws", "./...")
	must("parley", "compat")
	// 3. Freeze. 4. Deploy the server first, and watch sessions move.
	must("parley", "freeze")
	must("parley", "gen", "-check")
	must("go", "test", "-run", "Move", ".")
	if lock := readFile(t, filepath.Join(pkg, "telemetry.parley.lock")); !strings.Contains(lock, "version 4 binary") {
		t.Errorf("version 4 is not in the lock:\n%s", lock)
	}
	// From now on version 4 is what it is.
	edit(t, source, "max=100", "max=99")
	if out, status := tool(t, pkg, "gen"); status != 1 || !strings.Contains(out, "WIRE v4 Reading.Battery") {
		t.Errorf("gen after a change of a frozen version: status %d\n%s", status, out)
	}
}

// moveTest is a test of the temporary module: a client of the old build talks to a server of
// the new one; then it is replaced by a client of the new build, and the server moves that
// client's live session to version 4.
const moveTest = `package telemetry

import (
	"context"
	"net"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
)

func TestSessionsMove(t *testing.T) {
	ctx := t.Context()
	got := make(chan *Reading, 10)
	srv := &transport.Server{
		Protocol: Protocol,
		Handler: transport.HandlerFunc(func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			got <- in.Message.(*Reading)
			return nil, nil
		}),
	}
	srv.Session.Offer.Prefer = []codec.Version{3}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ln)
	defer srv.Close()
	old := &codec.Protocol{Name: Protocol.Name, Releases: Protocol.Releases[:3]}
	for _, p := range []*codec.Protocol{old, Protocol} {
		c, err := transport.Dial(&transport.Config{Endpoints: []string{ln.Addr().String()}, Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
		if v := c.Version(); v != 3 {
			t.Errorf("a session starts in %v, want v3", v)
		}
		send := func() *Reading {
			if err := c.Send(ctx, &Reading{Sensor: "s", Value: 1.5, Battery: 80}); err != nil {
				t.Fatal(err)
			}
			return <-got
		}
		if r := send(); r.Battery != 0 || r.Value != 1.5 {
			t.Errorf("in version 3: %+v", r)
		}
		if p == Protocol {
			srv.Upgrade(ctx, 4) // the old client's session, which lingers, stays in 3
			if r := send(); c.Version() != 4 || r.Battery != 80 {
				t.Errorf("after the upgrade, in %v: %+v", c.Version(), r)
			}
		}
		c.Close()
	}
}
`
