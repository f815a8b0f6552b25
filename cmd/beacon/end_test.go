package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/internal/testport"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// How commands end: by a signal, by a second one, by an output that takes no more.

// beBeacon, when it is set, makes the test binary the command itself.
const beBeacon = "BEACON_TEST_COMMAND"

func TestMain(m *testing.M) {
	if args := os.Getenv(beBeacon); args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
	}
	os.Exit(m.Run())
}

// Who presses Ctrl-C again does not want to wait for acknowledgements.
func TestSecondInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	agent := exec.CommandContext(ctx, os.Args[0])
	agent.Env = append(os.Environ(), beBeacon+"=agent -drain 1h -connect "+testport.Reserve(t))
	said := newScreen()
	agent.Stderr = said
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- agent.Wait() }()
	said.wait(t, "trying again in")
	agent.Process.Signal(os.Interrupt)
	said.wait(t, "waiting for acknowledgements, at most 1h0m0s")
	again := time.NewTicker(10 * time.Millisecond) // the handler is taken off a little after the words
	defer again.Stop()
	for {
		select {
		case <-again.C:
			agent.Process.Signal(os.Interrupt)
		case err := <-ended:
			if ctx.Err() != nil {
				t.Fatalf("it went on waiting:\n%s", said)
			}
			if err == nil || !strings.Contains(err.Error(), "signal: interrupt") {
				t.Errorf("it ended with %v, want the signal:\n%s", err, said)
			}
			return
		}
	}
}

// Bad lines are counted also when stdin has not ended.
func TestInterruptCountsBadLines(t *testing.T) {
	stdin, pipe := io.Pipe()
	agent := start(t, stdin, "agent", "-connect", testport.Reserve(t), "-stdin", "-drain", "10ms")
	io.WriteString(pipe, "no reading\n")
	agent.err.wait(t, "stdin: line 1: not a reading")
	agent.stop()
	agent.exit(t, exitFailed)
	agent.err.wait(t, "sent=0 acknowledged=0 unknown=0 dropped=0 bad-lines=1")
}

// A reading that cannot be written is not acknowledged, and the server ends and says why.
func TestServeCannotWrite(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	srv := &started{newScreen(), newScreen(), cancel, make(chan int, 1)}
	go func() {
		srv.code <- run(ctx, &env{nil, fullWriter{}, srv.err}, []string{"serve", "-listen", "127.0.0.1:0"})
	}()
	address := srv.err.wait(t, `listening on (\S+),`)
	stdin, pipe := io.Pipe()
	agent := start(t, stdin, "agent", "-connect", address, "-stdin")
	io.WriteString(pipe, `{"sensor":"t1","value":1}`+"\n")
	srv.exit(t, exitFailed)
	srv.err.wait(t, "cannot be written, so none is taken: no space left")
	srv.err.wait(t, "0 readings written")
	pipe.Close()
	agent.exit(t, exitFailed)
	agent.err.wait(t, "sent=1 acknowledged=0 unknown=1 ")
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// What is not known of a session is a dash in the table.
func TestSessionTable(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}
	var out strings.Builder
	printSessions(&out, []transport.SessionInfo{
		{Addr: addr, Since: noon, Version: 1, Legacy: true},
		{Addr: addr, Since: noon, Version: codec.Version(3), State: session.Attached, RTT: 1234 * time.Microsecond,
			LastSeen: noon.Add(time.Second), BytesIn: 5, BytesOut: 6},
	}, noon.Add(3*time.Second))
	want := `ADDRESS      SINCE     VERSION  STATE     RTT     LAST SEEN  LIVENESS  IN  OUT
127.0.0.1:7  12:00:00  v1       legacy    -       -          alive     0   0
127.0.0.1:7  12:00:00  v3       attached  1.23ms  2s ago     alive     5   6
`
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", &out, want)
	}
}
