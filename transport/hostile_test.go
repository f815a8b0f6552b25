package transport_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// raw connects to the server as anybody may.
func raw(t *testing.T, network *fault.Network) net.Conn {
	t.Helper()
	conn, err := network.Dial(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// rest reads until the connection ends, and tells after how long.
func rest(conn net.Conn) (string, time.Duration) {
	before := time.Now()
	b, _ := io.ReadAll(conn)
	return string(b), time.Since(before)
}

func TestHostileOpenings(t *testing.T) {
	tests := []struct {
		name, says string
		answer     string // what the answer begins with
		within     time.Duration
	}{
		{"nothing", "", "", 10 * time.Second},
		{"half a greeting", "PARLEY/1 notes v=", "", 10 * time.Second},
		{"garbage", "\x16\x03\x01\x02\x00\x01\x00", "PARLEY/1 NO code=greeting", time.Second},
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PARLEY/1 NO code=greeting", time.Second},
		{"a line without end", "PARLEY/1 " + strings.Repeat("x", 5000), "PARLEY/1 NO code=greeting", time.Second},
		{"version 99", "PARLEY/1 notes v=99\n", "PARLEY/1 NO code=version v=1-3", time.Second},
		{"another protocol", "PARLEY/1 chat v=1\n", "PARLEY/1 NO code=protocol p=notes", time.Second},
		{"greeting, then silence", "PARLEY/1 notes v=3\n", "PARLEY/1 OK notes v=3", 10 * time.Second},
		{"greeting, then 4 GiB", "PARLEY/1 notes v=3\n\xff\xff\xff\xff", "PARLEY/1 OK notes v=3", time.Second},
		{"greeting, then a line without end", "PARLEY/1 notes v=1\n" + strings.Repeat("x", 100_000), "PARLEY/1 OK notes v=1", time.Second},
		{"greeting, then garbage", "PARLEY/1 notes v=3\n\x00\x00\x00\x02\x77\x77", "PARLEY/1 OK notes v=3", time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				h := new(log)
				s := serve(t, &network, "server", &transport.Server{Handler: h})
				c := dial(t, &network, transport.Config{})
				ready(t, c)
				conn := raw(t, &network)
				go io.WriteString(conn, test.says)
				answer, took := rest(conn)
				if !strings.HasPrefix(answer, test.answer) {
					t.Errorf("answer %q, want %q…", answer, test.answer)
				}
				if took > test.within {
					t.Errorf("closed after %v, want %v", took, test.within)
				}
				if n := len(s.Sessions()); n != 1 {
					t.Errorf("%d sessions, want that of the other client only", n)
				}
				if _, err := c.Call(t.Context(), &Note{N: 1}); err != nil {
					t.Errorf("the other client: %v", err)
				}
			})
		})
	}
}

// A client meets a server that is no Parley server, or one that it cannot speak with.
func TestClientTellsServersApart(t *testing.T) {
	tests := []struct {
		name, says string
		want       transport.Kind
	}{
		{"another protocol", "220 mail.example.org ESMTP\r\n", transport.Negotiation},
		{"refusal", "PARLEY/1 NO code=version v=7-9\n", transport.Negotiation},
		{"silence", "", transport.Negotiation},
		{"a version that was not offered", "PARLEY/1 OK notes v=9 all=9\n", transport.Negotiation},
		{"a wrong proof", "PARLEY/1 OK notes v=3 all=1-3\n\x00\x00\x00\x23\x05\x00\x00" + strings.Repeat("x", 32), transport.Violation},
		{"garbage after the answer", "PARLEY/1 OK notes v=3 all=1-3\n\x00\x00\x00\x01\x7f", transport.Violation},
		{"overload", "PARLEY/1 NO code=overload retry=60000\n", transport.Negotiation},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network fault.Network
				l, _ := network.Listen("server")
				defer l.Close()
				go func() {
					for {
						conn, err := l.Accept()
						if err != nil {
							return
						}
						go io.Copy(io.Discard, conn)
						go io.WriteString(conn, test.says)
					}
				}()
				var r record
				c := dial(t, &network, transport.Config{OnChange: r.add})
				for r.count(transport.Waiting) == 0 {
					time.Sleep(time.Second)
				}
				e, _ := c.LastError().(*transport.Error)
				if e == nil || e.Kind != test.want {
					t.Errorf("last error %v, want kind %v", c.LastError(), test.want)
				}
				if test.name == "overload" && r.changes[len(r.changes)-1].Wait < time.Minute {
					t.Errorf("waits %v, but the server asked for a minute", r.changes[len(r.changes)-1].Wait)
				}
			})
		})
	}
}

func TestLegacyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		h := new(log)
		s := serve(t, &network, "server", &transport.Server{Handler: h,
			Session: session.Config{Recognizer: negotiate.RecognizeLines(1)}})
		conn := raw(t, &network)
		written := 0
		for i := 1; i <= 100; i++ {
			n, err := fmt.Fprintf(conn, "{\"type\":\"note\",\"n\":%d}\n", i)
			if err != nil {
				t.Fatal(err)
			}
			written += n
		}
		synctest.Wait()
		h.want(t, 100)
		table := s.Sessions()
		if len(table) != 1 || !table[0].Legacy || table[0].Version != 1 || table[0].MessagesIn != 100 {
			t.Fatalf("table %+v", table)
		}
		if table[0].BytesIn != uint64(written) || table[0].LastSeen.IsZero() {
			t.Errorf("%d bytes came, last at %v; the client wrote %d", table[0].BytesIn, table[0].LastSeen, written)
		}
		if err := table[0].Session.Send(t.Context(), &Note{N: 7}); err != nil {
			t.Error(err)
		}
		flush(t, table[0].Session) // it is written
		synctest.Wait()
		buf := make([]byte, 100)
		n, _ := conn.Read(buf)
		if got, want := string(buf[:n]), "{\"type\":\"note\",\"n\":7}\n"; got != want {
			t.Errorf("the client got %q, want %q", got, want)
		}
		if results := s.Upgrade(t.Context(), 3); len(results) != 0 {
			t.Errorf("an upgrade of all tries the legacy client: %v", results)
		}
		conn.Close()
		synctest.Wait()
		if n := len(s.Sessions()); n != 0 {
			t.Errorf("%d sessions after the client has gone", n)
		}
	})
}
