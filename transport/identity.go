package transport

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net"
)

// CertificateIdentity is the default of Server.Identify: [KeyIdentity] of the client's certificate
// when TLS has verified it (ClientAuth is VerifyClientCertIfGiven or RequireAndVerifyClientCert), else
// the empty identity, which all such clients share. It returns no error.
//
// A certificate that is renewed with the same key is the same identity. Where keys change too, or a
// VerifyConnection of the application's own vouches for certificates, set Server.Identify.
func CertificateIdentity(conn net.Conn) (string, error) {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return "", nil
	}
	state := t.ConnectionState()
	if len(state.VerifiedChains) == 0 {
		return "", nil
	}
	return KeyIdentity(state.PeerCertificates[0]), nil
}

// KeyIdentity returns "sha256:" and the SHA-256 of the certificate's public key in hex. As in RFC 7469
// the hash is that of the SubjectPublicKeyInfo.
func KeyIdentity(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Identity returns who the peer of a server's session is, as Server.Identify said when it began;
// it never changes. At a client it is empty.
func (s *Session) Identity() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.Identity()
}

// TLS returns the state of the present connection's TLS, with the certificates of the peer; nil
// without a connection or without TLS. The caller may keep it, and must not change what it points to.
func (s *Session) TLS() *tls.ConnectionState {
	s.mu.Lock()
	l := s.link
	if l == nil {
		l = s.meeting
	}
	s.mu.Unlock()
	if l == nil {
		return nil
	}
	t, ok := l.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	state := t.ConnectionState()
	return &state
}
