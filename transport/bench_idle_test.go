package transport_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// idleEnv tells a process that it measures idle sessions itself.
const idleEnv = "PARLEY_BENCH_IDLE"

// BenchmarkIdleSession reports the memory, heap and stacks, of one idle session at the
// server, beside a goroutine that reads into a buffer of 4 KiB. The clients are bare sockets
// that have spoken the opening by hand. Each is measured in a process of its own: the runtime keeps
// half a KiB of each goroutine that has ended, for the next ones, which would seem to go without.
func BenchmarkIdleSession(b *testing.B) {
	const sessions = 1000
	for name, measure := range map[string]func(*testing.B, int) float64{"raw": rawIdle, "parley": parleyIdle} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				one := 0.0
				if os.Getenv(idleEnv) != "" {
					one = measure(b, sessions)
				} else {
					one = elsewhere(b)
				}
				b.ReportMetric(one, "KiB/session")
			}
		})
	}
}

// elsewhere runs the benchmark b once in another process, and returns its KiB a session.
func elsewhere(b *testing.B) float64 {
	path := "^" + strings.ReplaceAll(b.Name(), "/", "$/^") + "$"
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench="+path, "-test.benchtime=1x")
	cmd.Env = append(os.Environ(), idleEnv+"=1")
	out, err := cmd.Output()
	figure := regexp.MustCompile(`([0-9.]+) KiB/session`).FindSubmatch(out)
	if err != nil || figure == nil {
		b.Fatalf("%v: %s", err, out)
	}
	one, err := strconv.ParseFloat(string(figure[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return one
}

// rawIdle returns the KiB of a goroutine that waits for bytes with a buffer of 4 KiB.
func rawIdle(b *testing.B, n int) float64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				conn.Write([]byte{1})
				for {
					if _, err := r.ReadByte(); err != nil {
						return
					}
				}
			}()
		}
	}()
	return idle(b, n, l.Addr().String(), func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 1))
	})
}

// parleyIdle returns the KiB of a session that has been opened, has handled a message and
// has nothing to do.
func parleyIdle(b *testing.B, n int) float64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p := blocks(64)
	s := &transport.Server{Protocol: p, Handler: new(quiet)}
	go s.Serve(l)
	defer s.Close()
	return idle(b, n, l.Addr().String(), func(conn net.Conn) { attach(b, conn, p) })
}

// settle is when the sessions count as idle: the transport waits for up to 2 seconds before
// it gives their memory back.
const settle = 3 * time.Second

// idle connects n clients, lets each speak, and returns the memory of one in KiB. The
// client's own socket, about half a KiB, is in it.
func idle(b *testing.B, n int, addr string, speak func(net.Conn)) float64 {
	conns := make([]net.Conn, 0, n)
	before := memory()
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		speak(conn)
		conns = append(conns, conn)
	}
	<-time.After(settle)
	after := memory()
	for _, conn := range conns {
		conn.Close()
	}
	return float64(after-before) / float64(n) / 1024
}

// rarely is an offer of heartbeats so far apart that nobody misses those of a client made by hand.
var rarely = negotiate.Offer{Heartbeat: negotiate.Heartbeat{Interval: time.Hour}}

// attach opens a session on conn, sends a message in it and reads its acknowledgement.
func attach(b testing.TB, conn net.Conn, p *codec.Protocol) {
	a := attack(b, conn, session.Config{Protocol: p, Offer: rarely})
	a.m.Send(time.Now(), &Block{Bytes: make([]byte, 64)}, session.SendOptions{})
	a.m.Flush(time.Now())
	if _, err := a.until(session.EventFlushed); err != nil {
		b.Fatal(err)
	}
}

// quiet is a handler that does nothing.
type quiet struct{}

func (quiet) Handle(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
	return nil, nil
}
