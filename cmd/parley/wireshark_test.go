package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
	"github.com/parleyproto/parley/transport"
)

// tshark shows, with the generated dissector, every field of a session of beacon's protocol
// that is upgraded twice while it runs, from segments that end anywhere.
func TestDissectorShowsASession(t *testing.T) {
	t.Parallel()
	tshark := needTshark(t)
	protocols, err := schema.Load("../beacon/telemetry", ".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lua := gen.Dissector(protocols[0])
	writeFile(t, filepath.Join(dir, lua.Name), string(lua.Data))
	writeFile(t, filepath.Join(dir, "session.pcap"), string(pcap(record(t), rand.New(rand.NewSource(1)))))

	out, status := run(t, dir, tshark, "-X", "lua_script:"+lua.Name, "-r", "session.pcap", "-O", "telemetry,json")
	if status != 0 {
		t.Fatalf("tshark: status %d\n%s", status, out)
	}
	if strings.Contains(out, "Malformed") || strings.Contains(out, "Lua Error") {
		t.Errorf("tshark finds something malformed:\n%s", grep(out, "Malformed", "Lua Error"))
	}
	rest := out
	for _, want := range []string{
		"Line: PARLEY/1 telemetry ", "Line: PARLEY/1 OK telemetry ",
		"Line: PROBE ", "Line: ATTACH ", "Line: DATA 1 ",
		`{"type":"reading","device":"d1"`, "Member: value", "Line: CUT ",
		"Version: 2", "(PROBE)", "(DATA)", "Sequence number: 2", "Message: Reading",
		"Device: d2", "Sensor: s", "N: 2", "At: Jan  2, 2026 03:04:05.000000006 UTC", "Value: 2.5", "Unit: K",
		"Version: 3", "Sequence number: 3", "Device: d3", "Milli: -3500",
		"Labels: 2 elements", "Labels[0]", "Key: a", "Value: b", "Labels[1]", "Key: c",
		"(CLOSE)",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("after what came before, there is no %q in\n%s", want, out)
		}
		rest = after
	}
	filtered, _ := run(t, dir, tshark, "-X", "lua_script:"+lua.Name, "-r", "session.pcap",
		"-2", "-Y", "telemetry.reading.milli == -3500", "-T", "fields", "-e", "telemetry.reading.device", "-e", "telemetry.label.key")
	if !strings.Contains(filtered, "d3\ta,c\n") {
		t.Errorf("a filter on a field, in two passes, shows %q", filtered)
	}
}

// needTshark returns where tshark is. Without it the test is skipped, but not where it must
// run.
func needTshark(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil && os.Getenv("PARLEY_TSHARK") != "" {
		t.Fatal("PARLEY_TSHARK is set, but tshark is not installed")
	}
	if err != nil {
		t.Skip("tshark is not installed on this machine")
	}
	return path
}

func grep(out string, words ...string) string {
	var lines []string
	for line := range strings.Lines(out) {
		for _, w := range words {
			if strings.Contains(line, w) {
				lines = append(lines, line)
			}
		}
	}
	return strings.Join(lines, "")
}

// record returns what goes over the wire in a session that sends a reading in each version.
func record(t *testing.T) []span {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan struct{}, 10)
	srv := &transport.Server{
		Protocol: telemetry.Protocol,
		Handler: transport.HandlerFunc(func(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
			done <- struct{}{}
			return nil, nil
		}),
	}
	srv.Session.Offer.Prefer = []codec.Version{1}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(ln)
	defer srv.Close()
	var mu sync.Mutex
	var spans []span
	var dialer net.Dialer
	c, err := transport.Dial(&transport.Config{
		Endpoints: []string{ln.Addr().String()}, Protocol: telemetry.Protocol,
		Dial: func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, "tcp", address)
			return tap{conn, &mu, &spans}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for v, r := range []*telemetry.Reading{
		{Device: "d1", Sensor: "s", N: 1, At: at, Value: 1.5},
		{Device: "d2", Sensor: "s", N: 2, At: at, Value: 2.5, Unit: "K"},
		{Device: "d3", Sensor: "s", N: 300, At: at, Value: -3.5, Unit: "K", Labels: []telemetry.Label{{Key: "a", Value: "b"}, {Key: "c", Value: "d"}}},
	} {
		if v > 0 {
			if err := c.Upgrade(ctx, codec.Version(v+1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Send(ctx, r); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	if err := c.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return spans
}

var messageLine = regexp.MustCompile(`(?m)^ +\[?Message: `)

// Payloads of all kinds of fields, in all versions, are shown without a complaint.
func TestDissectorKnowsAllKinds(t *testing.T) {
	t.Parallel()
	tshark := needTshark(t)
	protocols, err := schema.Load("../../codec/gen/internal/zoo", ".")
	if err != nil {
		t.Fatal(err)
	}
	p := protocols[0]
	_, golden, err := (&schema.Lock{Protocol: p.Name}).Freeze(p, nil, p.Versions.Last)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lua := gen.Dissector(p)
	writeFile(t, filepath.Join(dir, lua.Name), string(lua.Data))
	for _, v := range p.All() {
		spans := []span{
			{true, []byte("PARLEY/1 zoo v=0-4\n")},
			{false, fmt.Appendf(nil, "PARLEY/1 OK zoo v=%d all=0-4\n", v)},
		}
		seq := byte(0)
		for _, g := range golden {
			if g.Version != v {
				continue
			}
			if seq = seq%100 + 1; p.IsText(v) {
				spans = append(spans, span{true, fmt.Appendf(nil, "DATA %d - %s\n", seq, g.Payload)})
			} else {
				frame := binary.BigEndian.AppendUint32(nil, uint32(3+len(g.Payload)))
				spans = append(spans, span{true, append(append(frame, 1, 0, seq), g.Payload...)})
			}
		}
		name := fmt.Sprintf("v%d.pcap", v)
		writeFile(t, filepath.Join(dir, name), string(pcap(spans, rand.New(rand.NewSource(2)))))
		out, status := run(t, dir, tshark, "-X", "lua_script:"+lua.Name, "-r", name, "-O", "zoo")
		if bad := grep(out, "Malformed", "Lua Error", "Bytes after"); status != 0 || bad != "" {
			t.Errorf("%v: status %d\n%s", v, status, bad)
		}
		if got, want := len(messageLine.FindAllString(out, -1)), len(spans)-2; got != want {
			t.Errorf("%v: %d messages are shown, not %d", v, got, want)
		}
	}
}
