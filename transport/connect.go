package transport

import (
	"context"
	"errors"
	"time"

	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// connector makes connections for a client. It belongs to the client's run loop.
type connector struct {
	cfg       *Config
	profile   *session.Profile // nil: servers are no Parley peers
	endpoints *endpoints
	resolver  resolver
}

func newConnector(cfg *Config, p *session.Profile) *connector {
	return &connector{cfg: cfg, profile: p, endpoints: newEndpoints(cfg.Endpoints),
		resolver: resolver{lookup: cfg.Resolve, keep: cfg.ResolveFor, timeout: cfg.ConnectTimeout}}
}

// connect races the endpoints, healthiest first, through the greeting. Only the winner will be
// attached. The error is that of the endpoint whose failure says most; all of them are in it.
func (c *connector) connect(ctx context.Context) (*opened, error) {
	var f failures
	won, ok := race(ctx, queue(c.endpoints.order(time.Now())), func(ctx context.Context, endpoint string) (*opened, error) {
		return c.reach(ctx, endpoint, &f)
	}, discard)
	now := time.Now()
	for _, endpoint := range f.endpoints {
		c.failed(endpoint, f.of[endpoint], now)
	}
	if !ok {
		return nil, f.worst(c.endpoints.rest(now))
	}
	return won, nil
}

// reach races the addresses of one endpoint, which become known meanwhile.
func (c *connector) reach(ctx context.Context, endpoint string, f *failures) (*opened, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	addrs := make(chan address)
	if c.cfg.Dial != nil {
		go func() {
			defer close(addrs)
			give(ctx, addrs, address{addr: endpoint})
		}()
	} else {
		go c.resolver.addresses(ctx, endpoint, addrs)
	}
	won, ok := race(ctx, addrs, func(ctx context.Context, a address) (*opened, error) {
		o, err := c.try(ctx, endpoint, a)
		if err != nil && ctx.Err() == nil {
			f.add(endpoint, err)
		}
		return o, err
	}, discard)
	cancel()
	for range addrs { // until nobody offers any more
	}
	if !ok {
		return nil, errUnreached
	}
	return won, nil
}

// errUnreached: no address of an endpoint led to a connection. The failures say why.
var errUnreached = errors.New("transport: no address of the endpoint answered")

func discard(o *opened) { o.conn.Close() }

// failed notes how an endpoint failed: where a refusal says to go instead, and for how long the
// endpoint is to be left alone.
func (c *connector) failed(endpoint string, errs []error, now time.Time) {
	c.resolver.failed(endpoint)
	var instead []string
	for _, err := range errs {
		var e *Error
		if errors.As(err, &e) {
			c.endpoints.notBefore(endpoint, e.Retry, now)
		}
		instead = append(instead, alternativesOf(err)...)
	}
	if len(instead) > 0 {
		c.endpoints.goAway(endpoint, instead, now)
	} else {
		c.endpoints.failed(endpoint, now)
	}
}

// alternativesOf returns where a refusal says to go.
func alternativesOf(err error) []string {
	var r *negotiate.RefusedError
	if errors.As(err, &r) {
		return r.Refusal.Alternatives
	}
	return nil
}

// wentAway notes that the server of an endpoint sent the client away.
func (c *connector) wentAway(endpoint string, away *session.GoAwayError, now time.Time) {
	c.endpoints.goAway(endpoint, away.Alternatives, now)
	c.endpoints.notBefore(endpoint, away.RetryAfter, now)
}

// kick forgets what makes the next attempt wait: it is to be made now, maybe on another network.
func (c *connector) kick() {
	c.resolver.restart()
	c.endpoints.wake()
}
