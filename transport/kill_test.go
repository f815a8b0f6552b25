package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/internal/testport"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// The test binary runs itself as a server or a client of its own, to be killed.
const roleEnv = "PARLEY_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role, addr, _ := strings.Cut(os.Getenv(roleEnv), " "); role {
	case "server":
		killedServer(addr)
	case "client":
		killedClient(addr)
	default:
		os.Exit(m.Run())
	}
}

// killedServer prints each number before its handler returns, so before it is acknowledged.
func killedServer(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("listening", l.Addr())
	s := &transport.Server{Protocol: notes, Handler: transport.HandlerFunc(
		func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			fmt.Println("got", in.Message.(*Note).N)
			return nil, nil
		})}
	s.Serve(l)
}

// killedClient sends numbers, and prints each that was acknowledged.
func killedClient(addr string) {
	c, err := transport.Dial(&transport.Config{Endpoints: []string{addr}, Protocol: notes,
		OnOutcome: func(o transport.Outcome) {
			if o.Outcome == session.Acked {
				fmt.Println("acked", o.ID)
			}
		}})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for i := 1; ; i++ {
		c.SendWith(context.Background(), &Note{N: i}, session.SendOptions{Notify: true})
	}
}

// process is a run of this binary. Its lines "word number" are counted.
type process struct {
	cmd   *exec.Cmd
	lines chan string
}

func start(t *testing.T, role, addr string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role+" "+addr)
	// Not StdoutPipe: Wait would close it, and what a killed process said last would be lost.
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	cmd.Stdout = in
	err = cmd.Start()
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, lines: make(chan string, 1<<16)}
	go func() {
		defer close(p.lines)
		in := bufio.NewReader(out)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				io.Copy(io.Discard, out)
				return
			}
			p.lines <- strings.TrimSpace(line)
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9: the process has no chance to do anything.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// listens waits until a server does.
func (p *process) listens(t *testing.T) {
	t.Helper()
	if line := <-p.lines; !strings.HasPrefix(line, "listening ") {
		t.Fatalf("the server said %q", line)
	}
}

// numbers takes n lines and returns the number that each ends with.
func (p *process) numbers(n int) (out []int) {
	for range n {
		out = append(out, number(<-p.lines))
	}
	return out
}

func (p *process) rest() (out []int) {
	for line := range p.lines {
		out = append(out, number(line))
	}
	return out
}

func number(line string) int {
	_, digits, _ := strings.Cut(line, " ")
	n, _ := strconv.Atoi(digits)
	return n
}

// kill -9 of the server: whatever the client was told to be acknowledged had been handled.
func TestKillServer(t *testing.T) {
	addr := testport.Reserve(t)
	server := start(t, "server", addr)
	server.listens(t)
	var mu sync.Mutex
	var acked []int
	c := dialTCP(t, transport.Config{Endpoints: []string{addr}, Session: session.Config{Queue: 256 << 10}, // some thousands
		Backoff: transport.Backoff{Base: 20 * time.Millisecond, Cap: 100 * time.Millisecond, Floor: time.Millisecond},
		OnOutcome: func(o transport.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			if o.Outcome == session.Acked {
				acked = append(acked, int(o.ID))
			}
		}})
	ctx, stop := context.WithCancel(t.Context())
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := 1; ; i++ {
			if _, err := c.SendWith(ctx, &Note{N: i}, session.SendOptions{Notify: true}); err != nil {
				return
			}
		}
	})
	handled := server.numbers(20_000)
	server.kill()
	handled = append(handled, server.rest()...)
	stop()
	sender.Wait()
	again := start(t, "server", addr)
	again.listens(t)
	rest := make(chan []int, 1) // taken at once: a server that nobody listens to stops
	go func() { rest <- again.rest() }()
	flush(t, c.Session)
	again.kill()
	handled = append(handled, <-rest...)

	got := map[int]bool{}
	for _, n := range handled {
		got[n] = true
	}
	mu.Lock()
	defer mu.Unlock()
	for _, n := range acked {
		if !got[n] {
			t.Fatalf("message %d was acknowledged and has not been handled", n)
		}
	}
	if len(acked) < 10_000 {
		t.Errorf("only %d were acknowledged: the test shows little", len(acked))
	}
}

// kill -9 of the client: what it was told to be acknowledged had been handled, and what was
// handled is a prefix of what it sent, each once.
func TestKillClient(t *testing.T) {
	h := new(log)
	addr := listenTCP(t, &transport.Server{Handler: h})
	client := start(t, "client", addr)
	acked := client.numbers(20_000)
	client.kill()
	acked = append(acked, client.rest()...)
	got := h.notes()
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("message %d is %d", i+1, n)
		}
	}
	for _, n := range acked {
		if n > len(got) {
			t.Fatalf("message %d was acknowledged, but only %d were handled", n, len(got))
		}
	}
}
