package transport

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A server whose memory is measured runs in a process of its own: this test binary, started
// again with the peer's name in the environment. It prints its address; for each line that
// it reads it prints its live heap and stacks in bytes.
const serverEnv = "PARLEY_BENCH_SERVER"

// idlePeers are the peers with the smallest sensible buffers on the server's side.
var idlePeers = []peer{
	{"raw-4KiB", serveRaw(4 << 10), rawPeer.dial},
	parleyPeer,
	grpcPeer,
	{"yamux-4KiB", serveYamux(4 << 10), dialYamux},
	natsPeer,
}

func TestMain(m *testing.M) {
	name := os.Getenv(serverEnv)
	for _, p := range idlePeers {
		if p.name == name {
			os.Exit(serveMemory(p, os.Stdin, os.Stdout))
		}
	}
	os.Exit(m.Run())
}

func serveMemory(p peer, in io.Reader, out io.Writer) int {
	addr, stop, err := p.serve()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	fmt.Fprintln(out, addr)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, liveMemory())
	}
	return 0
}

// liveMemory returns the bytes of reachable heap and of goroutine stacks. Two collections
// also empty what sync.Pool holds.
func liveMemory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// child is a server in a process of its own.
type child struct {
	addr string
	in   io.Writer
	out  *bufio.Reader
}

func startChild(tb testing.TB, p peer) *child {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+p.name)
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.Close(); cmd.Wait() })
	c := &child{in: in, out: bufio.NewReader(out)}
	c.addr = c.line(tb)
	return c
}

func (c *child) line(tb testing.TB) string {
	tb.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		tb.Fatal("the server's process ended: ", err)
	}
	return strings.TrimSpace(s)
}

// settle is how long a server is left alone before its sessions count as idle: Parley gives
// the memory of a session back when nothing was said for two seconds.
const settle = 3 * time.Second

func (c *child) memory(tb testing.TB) (n uint64) {
	tb.Helper()
	<-time.After(settle)
	fmt.Fprintln(c.in)
	fmt.Sscan(c.line(tb), &n)
	return n
}

func BenchmarkIdleSession(b *testing.B) {
	const sessions = 1000
	for _, p := range idlePeers {
		b.Run(p.name, func(b *testing.B) {
			for range b.N {
				s := startChild(b, p)
				warm(b, p, s.addr)
				before := s.memory(b)
				for range sessions {
					warm(b, p, s.addr)
				}
				b.ReportMetric((float64(s.memory(b))-float64(before))/sessions/1024, "KiB/session")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// warm opens a session that stays, and uses it once.
func warm(tb testing.TB, p peer, addr string) {
	tb.Helper()
	c, err := p.dial(addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	if _, err := c.Call(message(opEcho, 64)); err != nil {
		tb.Fatal(err)
	}
}
