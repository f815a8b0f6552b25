package fault_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// overTCP connects two ends over the loopback, the client's through link.
func overTCP(t *testing.T, link *fault.Link) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = link.Dial(nil)(t.Context(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func links() map[string]*fault.Link {
	return map[string]*fault.Link{
		"direct": {},
		"pumped": {Latency: time.Millisecond, Jitter: time.Millisecond},
	}
}

func TestLinkOverTCPKeepsTheBytes(t *testing.T) {
	for name, link := range links() {
		t.Run(name, func(t *testing.T) {
			link.Rates = fault.Rates{Fragment: 0.2, FragmentMax: 100}
			client, server := overTCP(t, link)
			data := bytes.Repeat([]byte("0123456789"), 20_000)
			var wg sync.WaitGroup
			wg.Go(func() {
				io.Copy(server, server) // echo
				server.Close()
			})
			wg.Go(func() {
				for rest := data; len(rest) > 0; rest = rest[1000:] {
					client.Write(rest[:1000])
				}
				client.(*fault.Conn).CloseWrite()
			})
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes came back, want %d; error %v", len(got), len(data), err)
			}
			wg.Wait()
			if s := link.Stats(); s.Conns != 1 || s.Fragments == 0 {
				t.Errorf("counted %v", s)
			}
		})
	}
}

func TestLinkOverTCPResets(t *testing.T) {
	for name, link := range links() {
		t.Run(name, func(t *testing.T) {
			link.Schedule = func(int) fault.Schedule {
				s, _ := fault.Parse("w1:reset(2)")
				return s
			}
			client, server := overTCP(t, link)
			want(t, "write 0", writeOne(client, "one"), result{"one", nil})
			want(t, "write 1", writeOne(client, "two"), result{"tw", syscall.ECONNRESET})
			_, err := io.ReadAll(server)
			if class(err) != syscall.ECONNRESET {
				t.Errorf("server: %v", err)
			}
		})
	}
}

func TestLinkResetAll(t *testing.T) {
	for name, link := range links() {
		t.Run(name, func(t *testing.T) {
			client, server := overTCP(t, link)
			link.ResetAll()
			want(t, "client", readOne(client), result{"", syscall.ECONNRESET})
			want(t, "server", readOne(server), result{"", syscall.ECONNRESET})
			if s := link.Stats(); s.Outages != 1 || s.Resets != 1 {
				t.Errorf("counted %v", s)
			}
		})
	}
}

// A half-open connection that is closed says nothing to its peer, and is gone
// when the peer gives up.
func TestLinkOverTCPHalfOpen(t *testing.T) {
	for name, link := range links() {
		t.Run(name, func(t *testing.T) {
			link.Schedule = func(int) fault.Schedule {
				s, _ := fault.Parse("w0:halfopen")
				return s
			}
			client, server := overTCP(t, link)
			want(t, "write", writeOne(client, "x"), result{"x", nil})
			client.Close()
			server.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if got := readOne(server); got.err == io.EOF || got.data != "" {
				t.Errorf("the peer noticed: %v", got)
			}
			server.Close()
		})
	}
}

func TestLinkListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	link := &fault.Link{Schedule: func(int) fault.Schedule {
		s, _ := fault.Parse("r0:short(1)")
		return s
	}}
	ln := link.Listener(inner)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client.Write([]byte("abc"))
	want(t, "read", readOne(server), result{"a", nil})
}
