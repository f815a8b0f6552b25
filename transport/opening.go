package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// open moves the bytes of an opening until it leaves OpeningWaits. When it fails, its last
// output is left to be written.
func open(conn net.Conn, o *session.Opening) error {
	conn.SetDeadline(o.Deadline())
	for {
		if o.State() == session.OpeningFailed {
			return o.Err()
		}
		if out := o.Output(); out != nil {
			if _, err := conn.Write(out); err != nil {
				return err
			}
			o.Flushed()
		}
		if o.State() != session.OpeningWaits {
			return conn.SetDeadline(time.Time{})
		}
		n, err := conn.Read(o.Space())
		now := time.Now()
		o.Wrote(now, n)
		o.Tick(now)
		if err != nil && o.State() == session.OpeningWaits {
			return err
		}
	}
}

// keyOf does the TLS handshake, if conn is of TLS, and returns the key of its proofs: that of
// the TLS session, else the one made of the secret that both sides share, if there is one.
func keyOf(ctx context.Context, conn net.Conn, shared []byte) (negotiate.Key, error) {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return negotiate.SharedKey(shared), nil
	}
	if err := secured(ctx, conn); err != nil {
		return negotiate.Key{}, err
	}
	state := t.ConnectionState()
	return negotiate.TLSKey(&state)
}

// secured does the TLS handshake, if conn is of TLS.
func secured(ctx context.Context, conn net.Conn) error {
	if t, ok := conn.(*tls.Conn); ok {
		return t.HandshakeContext(ctx)
	}
	return nil
}
