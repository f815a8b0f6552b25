package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

// Over real sockets only what they alone can show is tested: addresses, TLS, several clients
// at once, and that nothing is left behind.

func listenTCP(t *testing.T, s *transport.Server) string {
	t.Helper()
	s.Protocol = notes
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return l.Addr().String()
}

func dialTCP(t *testing.T, cfg transport.Config) *transport.Client {
	t.Helper()
	cfg.Protocol = notes
	c, err := transport.Dial(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestLoopback(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("clients", func(t *testing.T) {
		link := &fault.Link{Seed: 1, Rates: fault.Rates{Reset: 0.002, Fragment: 0.05}}
		h := new(sums)
		addr := listenTCP(t, &transport.Server{Handler: h})
		var clients sync.WaitGroup
		for range 8 {
			c := dialTCP(t, transport.Config{Endpoints: []string{addr}, Dial: link.Dial(nil),
				Backoff: transport.Backoff{Base: 10 * time.Millisecond, Cap: 50 * time.Millisecond, Floor: time.Millisecond}})
			clients.Go(func() {
				for i := 1; i <= 500; i++ {
					if err := c.Send(t.Context(), &Note{N: i}); err != nil {
						t.Error(err)
					}
					if i%50 == 0 {
						if _, err := c.Call(t.Context(), &Note{}); err != nil {
							t.Error(err)
						}
					}
				}
				if err := c.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		h.check(t, 8, 500)
		if link.Stats().Conns <= 8 {
			t.Error("no connection was cut: the test shows nothing")
		}
	})
	awaitGoroutines(t, before)
}

// awaitGoroutines waits until no more goroutines run than before.
func awaitGoroutines(t *testing.T, before int) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for runtime.NumGoroutine() > before {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			buf := make([]byte, 1<<20)
			t.Fatalf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
		}
	}
}

// sums notes what came in each session.
type sums struct {
	mu  sync.Mutex
	got map[*transport.Session][]int
}

func (h *sums) Handle(_ context.Context, s *transport.Session, in transport.Incoming) (codec.Message, error) {
	if in.Call {
		return in.Message, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.got == nil {
		h.got = map[*transport.Session][]int{}
	}
	h.got[s] = append(h.got[s], in.Message.(*Note).N)
	return nil, nil
}

// check checks that each session got 1 to n, once and in order.
func (h *sums) check(t *testing.T, sessions, n int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.got) != sessions {
		t.Errorf("%d sessions, want %d", len(h.got), sessions)
	}
	for _, got := range h.got {
		if len(got) != n {
			t.Errorf("%d messages in a session, want %d", len(got), n)
		}
		for i, g := range got {
			if g != i+1 {
				t.Fatalf("message %d is %d", i+1, g)
			}
		}
	}
}

func TestLoopbackTLS(t *testing.T) {
	cert, pool := certificate(t)
	h := new(log)
	addr := listenTCP(t, &transport.Server{Handler: h, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	c := dialTCP(t, transport.Config{Endpoints: []string{addr}, TLS: &tls.Config{RootCAs: pool, ServerName: "parley.test"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	send(t, c.Session, 1, 100)
	flush(t, c.Session)
	h.want(t, 100)

	failed := make(chan error, 1)
	dialTCP(t, transport.Config{Endpoints: []string{addr}, TLS: &tls.Config{ServerName: "parley.test"},
		Backoff: transport.Backoff{Attempts: 1}, OnChange: func(c transport.Change) {
			if c.To == transport.Closed {
				failed <- c.Err
			}
		}})
	if err := <-failed; !errors.Is(err, &transport.Error{Kind: transport.TLS}) {
		t.Errorf("a certificate that nobody signed: %v, want kind TLS", err)
	}
	plain := dialTCP(t, transport.Config{Endpoints: []string{addr}, Backoff: transport.Backoff{Attempts: 1}})
	<-plain.Done()
	if err := plain.Err(); !errors.Is(err, transport.ErrClosed) || strings.Contains(err.Error(), "panic") {
		t.Errorf("a client without TLS: %v", err)
	}
}

// certificate makes a certificate for parley.test, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	cert, pool, err := selfSigned("parley.test")
	if err != nil {
		t.Fatal(err)
	}
	return cert, pool
}

// selfSigned makes a certificate for a host that vouches for itself, and the pool that trusts it.
func selfSigned(host string) (cert tls.Certificate, pool *x509.CertPool, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return cert, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return cert, nil, err
	}
	pool = x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool, nil
}
