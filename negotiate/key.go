package negotiate

import (
	"crypto/sha256"
	"fmt"
)

// ExporterLabel is the label of the TLS keying material that keys the proofs.
const ExporterLabel = "EXPORTER-parley-digest"

// Key keys the proofs, so that only who holds it can prove a digest. The zero Key is the
// empty key: proofs then find accidents and meddling middleboxes, but not an attacker, who
// can compute them too.
//
// It is in the form that HMAC-SHA-256 brings every key into: padded with zeros to a block, a
// longer one hashed first (RFC 2104), so it is comparable and needs no memory of its own.
type Key [sha256.BlockSize]byte

// SharedKey returns the key for a secret of any length that both sides hold. Use at least 16
// random bytes.
func SharedKey(secret []byte) Key {
	var k Key
	if len(secret) > len(k) {
		h := sha256.Sum256(secret)
		secret = h[:]
	}
	copy(k[:], secret)
	return k
}

// Exporter is a connection that exports keying material. A *tls.ConnectionState is one.
type Exporter interface {
	ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error)
}

// TLSKey returns the key of a TLS connection whose handshake is complete. Both its ends get
// the same key, and nobody else does. The error is that of the exporter: TLS 1.2 without
// extended master secret, or with renegotiation.
func TLSKey(e Exporter) (Key, error) {
	b, err := e.ExportKeyingMaterial(ExporterLabel, nil, 32)
	if err != nil {
		return Key{}, fmt.Errorf("negotiate: export keying material: %w; use TLS 1.3", err)
	}
	return SharedKey(b), nil
}

// String hides the key.
func (k Key) String() string {
	if k == (Key{}) {
		return "no key"
	}
	return "a key"
}

// GoString hides the key.
func (k Key) GoString() string { return k.String() }
