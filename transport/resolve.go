package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// resolver turns the host of an endpoint into addresses and keeps them for a bounded time.
// It is not safe for concurrent use.
type resolver struct {
	lookup func(ctx context.Context, host string) ([]string, error)
	keep   time.Duration
	cache  map[string]resolved
}

type resolved struct {
	addrs   []string // host and port, first choice first
	until   time.Time
	suspect bool // an address failed: ask again, but keep these for when nobody answers
}

// resolve returns the addresses of endpoint ("host:port"). Old ones serve while the name
// service does not answer.
func (r *resolver) resolve(ctx context.Context, endpoint string, now time.Time) ([]string, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return []string{endpoint}, nil
	}
	old, known := r.cache[endpoint]
	if known && !old.suspect && now.Before(old.until) {
		return old.addrs, nil
	}
	hosts, err := r.lookup(ctx, host)
	if err == nil && len(hosts) == 0 {
		err = errors.New("the name has no addresses")
	}
	if err != nil {
		if known {
			return old.addrs, nil
		}
		return nil, err
	}
	addrs := interleave(hosts)
	for i, h := range addrs {
		addrs[i] = net.JoinHostPort(h, port)
	}
	if r.cache == nil {
		r.cache = map[string]resolved{}
	}
	r.cache[endpoint] = resolved{addrs: addrs, until: now.Add(r.keep)}
	return addrs, nil
}

// EndpointError is an address in Config.Endpoints that cannot be dialled.
type EndpointError struct {
	Endpoint string
	Err      error // what is wrong with it
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("transport: Config.Endpoints: %q is not host:port: %v", e.Endpoint, e.Err)
}

// Unwrap returns the cause.
func (e *EndpointError) Unwrap() error { return e.Err }

var errPort = errors.New("the port must be a number from 1 to 65535, or the name of a service")

// checkEndpoint tells what is wrong with an address, as far as that can be known without a network.
func checkEndpoint(endpoint string) error {
	_, port, err := net.SplitHostPort(endpoint)
	if err == nil {
		if n, wrong := net.LookupPort("tcp", port); wrong != nil || n == 0 {
			err = errPort
		}
	}
	if err != nil {
		return &EndpointError{Endpoint: endpoint, Err: err}
	}
	return nil
}

// failed makes the next resolve of endpoint ask the name service again.
func (r *resolver) failed(endpoint string) {
	if c, ok := r.cache[endpoint]; ok {
		c.suspect = true
		r.cache[endpoint] = c
	}
}

// interleave alternates the address families, beginning with that of the first address, so
// that one broken family costs one stagger only (RFC 8305, section 4).
func interleave(hosts []string) []string {
	var first, second []string
	for _, h := range hosts {
		if is6(h) == is6(hosts[0]) {
			first = append(first, h)
		} else {
			second = append(second, h)
		}
	}
	out := make([]string, 0, len(hosts))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out
}

func is6(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Is6() && !a.Is4In6()
}
