package transport

import (
	"context"
	"crypto/tls"
	"errors"
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

// candidate is one address to try.
type candidate struct{ endpoint, addr string }

// connector makes connections for a client. It belongs to the client's run loop.
type connector struct {
	cfg       *Config
	profile   *session.Profile // nil: servers are no Parley peers
	endpoints *endpoints
	resolver  resolver
}

func newConnector(cfg *Config, p *session.Profile) *connector {
	return &connector{cfg: cfg, profile: p, endpoints: newEndpoints(cfg.Endpoints),
		resolver: resolver{lookup: cfg.Resolve, keep: cfg.ResolveFor}}
}

// connect races all addresses of all endpoints, healthiest first, through the greeting. Only
// the winner will be attached. The error is that of the last endpoint that failed; all of
// them are in it.
func (c *connector) connect(ctx context.Context) (*opened, error) {
	candidates, failures := c.candidates(ctx)
	if len(candidates) == 0 {
		return nil, worst(failures)
	}
	results := make([]error, len(candidates))
	won, winner, _ := race(ctx, len(candidates), func(ctx context.Context, i int) (*opened, error) {
		o, err := c.try(ctx, candidates[i])
		if err != nil && ctx.Err() == nil {
			results[i] = err // written before the result is received
		}
		return o, err
	}, func(o *opened) { o.conn.Close() })
	now := time.Now()
	for i, err := range results {
		if err != nil {
			failures = append(failures, err)
			c.failed(candidates[i].endpoint, err, now)
		}
	}
	if winner < 0 {
		return nil, worst(failures)
	}
	return won, nil
}

// candidates lists what to try. Endpoints whose name is not found are failures.
func (c *connector) candidates(ctx context.Context) (all []candidate, failures []error) {
	now := time.Now()
	for _, endpoint := range c.endpoints.order(now) {
		if c.cfg.Dial != nil {
			all = append(all, candidate{endpoint, endpoint})
			continue
		}
		lookup, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
		addrs, err := c.resolver.resolve(lookup, endpoint, now)
		cancel()
		if err != nil {
			failures = append(failures, dialError(endpoint, err))
			c.endpoints.failed(endpoint, now)
		}
		for _, a := range addrs {
			all = append(all, candidate{endpoint, a})
		}
	}
	return all, failures
}

// failed notes that an endpoint failed, and where a refusal says to go instead.
func (c *connector) failed(endpoint string, err error, now time.Time) {
	c.resolver.failed(endpoint)
	if alternatives := alternativesOf(err); len(alternatives) > 0 {
		c.endpoints.goAway(endpoint, alternatives, now)
	} else {
		c.endpoints.failed(endpoint, now)
	}
}

// try makes one connection and greets.
func (c *connector) try(ctx context.Context, to candidate) (*opened, error) {
	dialing, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	raw, err := c.dial(dialing, to.addr)
	if err != nil {
		return nil, dialError(to.endpoint, err)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn, err := c.secure(raw, to.endpoint)
	if err != nil {
		conn.Close()
		return nil, &Error{Kind: TLS, Endpoint: to.endpoint, Err: err}
	}
	var o *session.Opening
	if c.profile == nil {
		err = secured(dialing, conn)
	} else {
		var key negotiate.Key
		key, err = keyOf(dialing, conn, c.cfg.SharedKey)
		o = c.profile.Open(time.Now(), key)
	}
	if err != nil {
		conn.Close()
		return nil, &Error{Kind: TLS, Endpoint: to.endpoint, Err: err}
	}
	if o != nil {
		if err := open(conn, o); err != nil {
			conn.Close()
			if o.Err() != nil {
				return nil, machineError(to.endpoint, err)
			}
			return nil, streamError(to.endpoint, err)
		}
	}
	if !stop() {
		return nil, &Error{Kind: Unreachable, Endpoint: to.endpoint, Err: ctx.Err()}
	}
	return &opened{conn: conn, opening: o, endpoint: to.endpoint}, nil
}

// alternativesOf returns where a refusal says to go.
func alternativesOf(err error) []string {
	var r *negotiate.RefusedError
	if errors.As(err, &r) {
		return r.Refusal.Alternatives
	}
	return nil
}

func (c *connector) dial(ctx context.Context, addr string) (net.Conn, error) {
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// secure puts TLS on conn if the configuration says so.
func (c *connector) secure(conn net.Conn, endpoint string) (net.Conn, error) {
	if c.cfg.TLS == nil {
		return conn, nil
	}
	cfg := c.cfg.TLS
	if cfg.ServerName == "" && !cfg.InsecureSkipVerify {
		host, _, err := net.SplitHostPort(endpoint)
		if err != nil {
			return conn, err
		}
		cfg = cfg.Clone()
		cfg.ServerName = host
	}
	return tls.Client(conn, cfg), nil
}

// worst returns the failure that says most: the last typed one, with the others joined.
func worst(failures []error) error {
	if len(failures) == 0 {
		return &Error{Kind: Unreachable, Err: context.Canceled}
	}
	var last *Error
	for _, f := range failures {
		var e *Error
		if errors.As(f, &e) && (last == nil || e.Kind >= last.Kind) {
			last = e
		}
	}
	if len(failures) == 1 || last == nil {
		return failures[0]
	}
	all := *last
	all.Err = errors.Join(failures...)
	all.Endpoint = ""
	return &all
}
