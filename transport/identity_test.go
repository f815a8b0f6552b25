package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// authority makes certificates.
type authority struct {
	t      *testing.T
	cert   tls.Certificate
	pool   *x509.CertPool
	serial int64
}

func newAuthority(t *testing.T) *authority {
	cert, pool := certificate(t)
	return &authority{t: t, cert: cert, pool: pool, serial: 1}
}

// issue makes a client's certificate, for a new key if key is nil.
func (a *authority) issue(name string, key *ecdsa.PrivateKey) tls.Certificate {
	a.t.Helper()
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			a.t.Fatal(err)
		}
	}
	a.serial++
	template := &x509.Certificate{SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert.Leaf, &key.PublicKey, a.cert.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// server is TLS that wants certificates of this authority.
func (a *authority) server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: a.pool}
}

// client is TLS with the certificates given, or none.
func (a *authority) client(certs ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: a.pool, ServerName: "parley.test", Certificates: certs}
}

// dice are random numbers that a thief has seen: the id and the secret of a session.
type dice struct {
	mu         sync.Mutex
	id, secret []byte
}

func (d *dice) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rand.Read(p)
	switch {
	case len(p) == 32 && d.secret == nil:
		d.secret = append(d.secret, p...)
	case len(p) == 16 && d.id == nil:
		d.id = append(d.id, p...)
	}
	return len(p), nil
}

// replay gives a client the id and the secret that were seen.
func (d *dice) replay() io.Reader { return &replay{id: d.id, secret: d.secret} }

type replay struct{ id, secret []byte }

func (r *replay) Read(p []byte) (int, error) {
	rand.Read(p)
	switch {
	case len(p) == len(r.secret):
		copy(p, r.secret)
		r.secret = nil
	case len(p) == len(r.id):
		copy(p, r.id)
		r.id = nil
	}
	return len(p), nil
}

// cutFirst lets the first connection end before its ATTACH is answered, so that the next one has
// generation 2.
func cutFirst(network *fault.Network) func(context.Context, string) (net.Conn, error) {
	dials := 0
	return func(ctx context.Context, _ string) (net.Conn, error) {
		if dials++; dials == 1 {
			return network.Dial(ctx, "decoy")
		}
		return network.Dial(ctx, "server")
	}
}

// A session belongs to the certificate's key that began it. Who has stolen its id and secret, and has
// another certificate, gets nothing and learns nothing.
func TestResumeWithAnotherCertificate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		who     string // comes second
		first   bool   // with the secret of a first ATTACH, else with a proof
		resumes bool
	}{
		{"the same, by proof", "alice", false, true},
		{"the same key in a new certificate, by proof", "renewed", false, true},
		{"another, by proof", "mallory", false, false},
		{"another, by secret", "mallory", true, false},
		{"none, by proof", "", false, false},
		{"none, by secret", "", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority(t)
				alice := ca.issue("alice", nil)
				var certs []tls.Certificate
				switch tt.who {
				case "alice":
					certs = append(certs, alice)
				case "renewed":
					certs = append(certs, ca.issue("alice", alice.PrivateKey.(*ecdsa.PrivateKey)))
				case "mallory":
					certs = append(certs, ca.issue("mallory", nil))
				}
				stealSession(t, ca, alice, certs, tt.first, tt.resumes)
			})
		})
	}
}

// stealSession lets a thief with certs come to a session that the owner of the certificate began.
func stealSession(t *testing.T, ca *authority, owner tls.Certificate, certs []tls.Certificate, first, resumes bool) {
	var network fault.Network
	cfg := keepSessions()
	s := serve(t, &network, "server", &transport.Server{Handler: new(log), TLS: ca.server(), Session: cfg})
	serve(t, &network, "decoy", &transport.Server{Handler: new(log), TLS: ca.server()})
	seen := new(dice)
	victim := dial(t, &network, transport.Config{TLS: ca.client(owner), Session: session.Config{Rand: seen}})
	ready(t, victim)
	began := s.Sessions()[0]
	if began.Identity != transport.KeyIdentity(owner.Leaf) || began.Session.TLS().PeerCertificates[0].Subject.CommonName != "alice" {
		t.Fatalf("the session is of %q", began.Identity)
	}

	thief := transport.Config{TLS: ca.client(certs...), Session: session.Config{Rand: seen.replay()}}
	if !first {
		thief.Dial = cutFirst(&network) // the decoy answers, so that it comes to the server with a proof
	}
	c := dial(t, &network, thief)
	if c.ID() != victim.ID() {
		t.Fatal("the thief has another id: the test shows nothing")
	}
	if !first {
		ready(t, c)
		network.Down("decoy")
		synctest.Wait()
	}
	if first {
		<-c.Done()
		var closed *session.CloseError
		if !errors.As(c.Err(), &closed) || closed.Code != session.CloseDenied || closed.Text != "" {
			t.Errorf("the thief ended with %v, want denied without a word", c.Err())
		}
	} else {
		ready(t, c)
		synctest.Wait()
		if took := c.ID() == victim.ID(); took != resumes {
			t.Errorf("the session was resumed: %t, want %t", took, resumes)
		}
	}
	if resumes {
		return
	}
	if _, err := victim.Call(t.Context(), &Note{N: 1}); err != nil || victim.Stats().Attaches != 1 || victim.Stats().Lost != 0 {
		t.Errorf("the victim: %v, %d connections, %d sessions lost", err, victim.Stats().Attaches, victim.Stats().Lost)
	}
	if id := began.Session.Identity(); id != began.Identity {
		t.Errorf("the session is of %q now", id)
	}
}

func TestIdentityWithoutCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		for name, tt := range map[string]struct{ server, client *tls.Config }{
			"no TLS":         {nil, nil},
			"no certificate": {ca.server(), ca.client()},
			"not verified":   {&tls.Config{Certificates: ca.server().Certificates, ClientAuth: tls.RequireAnyClientCert}, ca.client(ca.issue("alice", nil))},
		} {
			var network fault.Network
			s := serve(t, &network, name, &transport.Server{Handler: new(log), TLS: tt.server})
			c := dial(t, &network, transport.Config{TLS: tt.client, Endpoints: []string{name}})
			ready(t, c)
			info := s.Sessions()[0]
			if info.Identity != "" || (info.Session.TLS() != nil) != (tt.server != nil) {
				t.Errorf("%s: identity %q, TLS %v", name, info.Identity, info.Session.TLS())
			}
			if (c.TLS() != nil) != (tt.server != nil) || c.Identity() != "" {
				t.Errorf("%s: at the client: identity %q, TLS %v", name, c.Identity(), c.TLS())
			}
			network.Down(name)
			synctest.Wait()
			if info.Session.TLS() != nil {
				t.Errorf("%s: TLS without a connection", name)
			}
		}
	})
}

// A handler and OnOpen decide by the certificate.
func TestOnOpenDecidesByCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		ca := newAuthority(t)
		serve(t, &network, "server", &transport.Server{Handler: new(log), TLS: ca.server(), OnOpen: func(s *transport.Session) error {
			if state := s.TLS(); state == nil || len(state.VerifiedChains) == 0 || state.PeerCertificates[0].Subject.CommonName != "alice" {
				return errors.New("only alice")
			}
			return nil
		}})
		ready(t, dial(t, &network, transport.Config{TLS: ca.client(ca.issue("alice", nil))}))
		c := dial(t, &network, transport.Config{TLS: ca.client(ca.issue("bob", nil))})
		<-c.Done()
		var closed *session.CloseError
		if !errors.As(c.Err(), &closed) || closed.Code != session.CloseHandler || closed.Text != "only alice" {
			t.Errorf("bob ended with %v", c.Err())
		}
	})
}

func TestIdentifyRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		var away atomic.Bool
		away.Store(true)
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), Identify: func(conn net.Conn) (string, error) {
			switch h, _, _ := net.SplitHostPort(conn.RemoteAddr().String()); {
			case h == "10.0.0.1":
				return "", errors.New("nobody knows 10.0.0.1")
			case away.Load():
				return "", &negotiate.Refusal{Code: negotiate.CodeOverload, RetryAfter: time.Minute, Message: "the directory is away"}
			}
			return "known", nil
		}})
		c := dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.1")})
		<-c.Done()
		var closed *session.CloseError
		if !errors.As(c.Err(), &closed) || closed.Code != session.CloseDenied || closed.Text != "" {
			t.Errorf("a client that is not known ended with %v, want denied without a word", c.Err())
		}
		c = dial(t, &network, transport.Config{Dial: dialFrom(&network, "10.0.0.2")})
		time.Sleep(time.Second)
		refusedWith(t, c, time.Minute)
		away.Store(false)
		ready(t, c)
		if info := s.Sessions(); len(info) != 1 || info[0].Identity != "known" {
			t.Errorf("sessions %+v", info)
		}
	})
}

// An identity that outlives keys: the name in the certificate.
func TestIdentifyByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		ca := newAuthority(t)
		strict := ca.server()
		strict.ClientAuth = tls.RequireAndVerifyClientCert
		s := serve(t, &network, "server", &transport.Server{Handler: new(log), TLS: strict,
			Identify: func(conn net.Conn) (string, error) {
				t, ok := conn.(*tls.Conn)
				if !ok {
					return "", errors.New("only TLS")
				}
				return t.ConnectionState().VerifiedChains[0][0].Subject.CommonName, nil
			},
		})
		cfg := ca.client()
		certs := []tls.Certificate{ca.issue("alice", nil), ca.issue("alice", nil), ca.issue("mallory", nil)}
		i := -1
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			i++
			return &certs[i], nil
		}
		c := dial(t, &network, transport.Config{TLS: cfg})
		for n, lost := range []uint64{0, 0, 1} {
			ready(t, c)
			synctest.Wait()
			if st := c.Stats(); st.Lost != lost {
				t.Errorf("with certificate %d: %d sessions lost, want %d", n, st.Lost, lost)
			}
			if n == 2 {
				break
			}
			network.Down("server")
			network.Up("server")
			synctest.Wait()
		}
		names := map[string]int{}
		for _, info := range s.Sessions() {
			names[info.Identity]++
		}
		if names["alice"] != 1 || names["mallory"] != 1 {
			t.Errorf("sessions of %v", names)
		}
		c.Close()
	})
}
