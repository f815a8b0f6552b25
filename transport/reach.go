package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// opened is a connection that is ready to be attached.
type opened struct {
	conn     net.Conn
	opening  *session.Opening // nil: the server is no Parley peer
	endpoint string
}

// try makes one connection and greets.
func (c *connector) try(ctx context.Context, endpoint string, to address) (*opened, error) {
	if to.err != nil {
		return nil, dialError(endpoint, to.err)
	}
	dialing, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	raw, err := c.dial(dialing, to.addr)
	if err != nil {
		return nil, dialError(endpoint, err)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn, key, err := c.secure(dialing, raw, endpoint)
	if err != nil {
		conn.Close()
		return nil, &Error{Kind: TLS, Endpoint: endpoint, Err: err}
	}
	o := &opened{conn: conn, endpoint: endpoint}
	if err := c.greet(o, key); err != nil {
		conn.Close()
		return nil, err
	}
	if !stop() {
		return nil, &Error{Kind: Unreachable, Endpoint: endpoint, Err: ctx.Err()}
	}
	return o, nil
}

func (c *connector) dial(ctx context.Context, addr string) (net.Conn, error) {
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, addr)
	}
	conn, err := c.cfg.tcp(ctx, "tcp", addr)
	if err == nil {
		boundNear(conn)
	}
	return conn, err
}

// secure puts TLS on conn, if the configuration says so, and returns the key of the proofs.
func (c *connector) secure(ctx context.Context, conn net.Conn, endpoint string) (net.Conn, negotiate.Key, error) {
	if cfg := c.cfg.TLS; cfg != nil {
		if cfg.ServerName == "" && !cfg.InsecureSkipVerify {
			host, _, err := net.SplitHostPort(endpoint)
			if err != nil {
				return conn, negotiate.Key{}, err
			}
			cfg = cfg.Clone()
			cfg.ServerName = host
		}
		conn = tls.Client(conn, cfg)
	}
	if c.profile == nil {
		return conn, negotiate.Key{}, secured(ctx, conn)
	}
	key, err := keyOf(ctx, conn, c.cfg.SharedKey)
	return conn, key, err
}

// greet moves the bytes of the opening, where the server is a Parley peer.
func (c *connector) greet(o *opened, key negotiate.Key) error {
	if c.profile == nil {
		return nil
	}
	o.opening = c.profile.Open(time.Now(), key)
	err := open(o.conn, o.opening)
	switch {
	case err == nil:
		return nil
	case o.opening.Err() != nil:
		return machineError(o.endpoint, err)
	}
	return streamError(o.endpoint, err)
}
