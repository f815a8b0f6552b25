package transport

import (
	"net"
	"net/netip"
	"sync"
)

// The defaults of a server's limits.
const (
	defaultMaxConns        = 100_000
	defaultMaxConnsPerAddr = 10_000

	// maxRefusing is how many connections are told at the same time that there are too
	// many; those beyond it are closed without a word.
	maxRefusing = 256
)

// admission counts a server's connections, in all and per address. The zero value with its
// limits set is ready.
type admission struct {
	max, maxPerAddr int

	mu       sync.Mutex
	total    int
	refusing int
	perAddr  map[netip.Addr]int
}

// enter admits a connection from addr, or says no. Each yes needs a leave.
func (a *admission) enter(addr net.Addr) bool {
	host := hostOf(addr)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.total >= a.max || a.perAddr[host] >= a.maxPerAddr {
		return false
	}
	if a.perAddr == nil {
		a.perAddr = map[netip.Addr]int{}
	}
	a.total++
	a.perAddr[host]++
	return true
}

func (a *admission) leave(addr net.Addr) {
	host := hostOf(addr)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if a.perAddr[host]--; a.perAddr[host] == 0 {
		delete(a.perAddr, host)
	}
}

// refuse admits a connection for the time that it takes to refuse it. Each yes needs a refused.
func (a *admission) refuse() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refusing >= maxRefusing {
		return false
	}
	a.refusing++
	return true
}

func (a *admission) refused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusing--
}

// hostOf returns the address without its port: of an IPv6 address the /64, which is what one
// customer gets. Addresses that are not of IP count as one.
func hostOf(addr net.Addr) netip.Addr {
	var ip netip.Addr
	if t, ok := addr.(*net.TCPAddr); ok {
		ip = t.AddrPort().Addr()
	} else if p, err := netip.ParseAddrPort(addr.String()); err == nil {
		ip = p.Addr()
	}
	if ip = ip.Unmap(); ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return ip
}
