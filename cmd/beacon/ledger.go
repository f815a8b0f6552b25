package main

import "sync"

// ledger checks what the demo's server receives against what the devices sent. Each device
// numbers its readings from 1, so the next number is known: a higher one is a hole, a lower
// one was seen before or comes late. Safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	devices map[string]*account
}

// account is what is known of one device.
type account struct {
	sent      uint64
	delivered uint64
	next      uint64              // the number that should come next
	missing   map[uint64]struct{} // numbers that were jumped over
	late      uint64              // came after a higher number
	twice     uint64              // came again
}

// tally sums up all accounts.
type tally struct {
	Sent       uint64
	Delivered  uint64 // distinct readings
	Lost       uint64
	Duplicated uint64
	Reordered  uint64
}

func newLedger() *ledger { return &ledger{devices: make(map[string]*account)} }

func (l *ledger) account(device string) *account {
	a := l.devices[device]
	if a == nil {
		a = &account{next: 1, missing: make(map[uint64]struct{})}
		l.devices[device] = a
	}
	return a
}

// sent notes that device had a reading accepted for sending.
func (l *ledger) sent(device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account(device).sent++
}

// delivered notes that the server's handler got device's reading number n.
func (l *ledger) delivered(device string, n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(device)
	switch _, hole := a.missing[n]; {
	case n >= a.next:
		for ; a.next < n; a.next++ {
			a.missing[a.next] = struct{}{}
		}
		a.next++
		a.delivered++
	case hole:
		delete(a.missing, n)
		a.late++
		a.delivered++
	default:
		a.twice++
	}
}

func (l *ledger) tally() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	var t tally
	for _, a := range l.devices {
		t.Sent += a.sent
		t.Delivered += a.delivered
		t.Duplicated += a.twice
		t.Reordered += a.late
		if a.sent > a.delivered {
			t.Lost += a.sent - a.delivered
		}
	}
	return t
}
