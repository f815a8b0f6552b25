package negotiate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/negotiate"
)

// attack lets somebody between two ends rewrite the client's offer to version 1 only. If
// forge is set, he also makes both PROBEs anew, with the key he has. It returns the ends.
func attack(t *testing.T, ends, his negotiate.Key, forge bool) (client, server *end) {
	t.Helper()
	o := offer(t, "p v=1-3")
	cc, sc := newEndConfig(negotiate.Client, o, negotiate.Nonce{1}), newEndConfig(negotiate.Server, o, negotiate.Nonce{2})
	cc.key, sc.key = ends, ends
	p := newPairOf(t, cc, sc)

	greeting := p.up.frames[0]
	rewritten := strings.Replace(greeting, " v=1-3", " v=1", 1)
	p.up = pipe{}.write(rewritten)
	p.deliver(p.server)
	answer := p.down.frames[0]
	if !strings.Contains(answer, " v=1 ") {
		t.Fatalf("the server was not fooled: %s", answer)
	}
	probe := func(line, answer string, role negotiate.Role) pipe {
		d := negotiate.GreetingDigest([]byte(strings.TrimSuffix(line, "\n")), []byte(strings.TrimSuffix(answer, "\n")))
		return pipe{}.write(encode(1, negotiate.Probe{Proof: d.Proof(his, role, negotiate.KindProbe, 0)}))
	}
	if !forge {
		p.flow()
		return p.client, p.server
	}
	p.down = pipe{}.write(answer, probe(greeting, answer, negotiate.Server).frames[0])
	for p.deliver(p.client) {
	}
	p.up = probe(rewritten, answer, negotiate.Client)
	p.flow()
	return p.client, p.server
}

// Without a key a rewritten offer is found, unless its writer also makes the proofs anew:
// then it is not found. With a key it always is.
func TestRewrittenOffer(t *testing.T) {
	psk := negotiate.SharedKey([]byte("sixteen bytes or more"))
	tlsKey, _ := tlsKeys(t)
	for _, c := range []struct {
		name      string
		ends, his negotiate.Key
		forge     bool
		found     bool
	}{
		{"no key, a middlebox that rewrites", negotiate.Key{}, negotiate.Key{}, false, true},
		{"no key, an attacker who knows the protocol", negotiate.Key{}, negotiate.Key{}, true, false},
		{"a shared key, an attacker without it", psk, negotiate.Key{}, true, true},
		{"a shared key, an attacker with another", psk, negotiate.SharedKey([]byte("another key of his own")), true, true},
		{"greeting in plaintext, then TLS", tlsKey, negotiate.Key{}, true, true},
	} {
		client, server := attack(t, c.ends, c.his, c.forge)
		if c.found {
			if !errors.Is(client.cause, negotiate.ErrProof) || server.done > 0 {
				t.Errorf("%s: client %v, the server completed: %v", c.name, client.cause, server.done > 0)
			}
		} else if client.up.State() != negotiate.Open || server.up.State() != negotiate.Open || client.up.Version() != 1 {
			t.Errorf("%s: client %v, server %v", c.name, client.cause, server.cause)
		}
	}
}

// Both ends of a TLS connection get one key; another connection, and one end's connection to
// somebody between, get others.
func TestTLSKey(t *testing.T) {
	c1, s1 := tlsKeys(t)
	c2, s2 := tlsKeys(t)
	if c1 != s1 || c2 != s2 || c1 == c2 || c1 == (negotiate.Key{}) {
		t.Error("the keys of two connections are not two pairs of equal keys")
	}
}

func TestTLSKeyError(t *testing.T) {
	cause := errors.New("no exporter")
	if _, err := negotiate.TLSKey(exporterFunc(func() ([]byte, error) { return nil, cause })); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

type exporterFunc func() ([]byte, error)

func (f exporterFunc) ExportKeyingMaterial(string, []byte, int) ([]byte, error) { return f() }

// A key of any length is brought into HMAC's own form, and does not show itself.
func TestSharedKey(t *testing.T) {
	long := bytes.Repeat([]byte("k"), 100)
	if negotiate.SharedKey(long) == negotiate.SharedKey(long[:64]) || negotiate.SharedKey(nil) != (negotiate.Key{}) {
		t.Error("keys are taken for others")
	}
	if s := negotiate.SharedKey(long).String(); strings.Contains(s, "107") || strings.Contains(s, "6b") {
		t.Errorf("a key prints as %s", s)
	}
}

// tlsKeys does a TLS handshake in memory and returns both ends' keys.
func tlsKeys(t *testing.T) (client, server negotiate.Key) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"parley"}, NotBefore: start, NotAfter: start.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	cfg := &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		RootCAs:                pool,
		ServerName:             "parley",
		SessionTicketsDisabled: true, // or the server writes once more than the client reads
		Time:                   func() time.Time { return start },
	}

	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	c, s := tls.Client(a, cfg), tls.Server(b, cfg)
	done := make(chan error)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	cs, ss := c.ConnectionState(), s.ConnectionState()
	client, err = negotiate.TLSKey(&cs)
	if err != nil {
		t.Fatal(err)
	}
	if server, err = negotiate.TLSKey(&ss); err != nil {
		t.Fatal(err)
	}
	return client, server
}
