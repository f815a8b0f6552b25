package fault_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// Each rate makes its own fault, and none other.
func TestRates(t *testing.T) {
	for name, test := range map[string]struct {
		rates fault.Rates
		count func(fault.Stats) int
	}{
		"stall":    {fault.Rates{Stall: 0.5}, func(s fault.Stats) int { return s.Stalls }},
		"fragment": {fault.Rates{Fragment: 0.5}, func(s fault.Stats) int { return s.Fragments }},
		"short":    {fault.Rates{Short: 0.5}, func(s fault.Stats) int { return s.Shorts }},
		"reset":    {fault.Rates{Reset: 0.5}, func(s fault.Stats) int { return s.Resets }},
		"eof":      {fault.Rates{EOF: 0.5}, func(s fault.Stats) int { return s.EOFs }},
		"halfopen": {fault.Rates{HalfOpen: 0.5}, func(s fault.Stats) int { return s.HalfOpens }},
		"one way":  {fault.Rates{OneWay: 0.5}, func(s fault.Stats) int { return s.Losses }},
		"corrupt":  {fault.Rates{Corrupt: 0.5}, func(s fault.Stats) int { return s.Corruptions }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &fault.Network{Link: fault.Link{Rates: test.rates}}
				client, server, _ := connect(t, n)
				go func() {
					for range 30 {
						client.Write(make([]byte, 100))
					}
					client.Close()
				}()
				server.SetDeadline(time.Now().Add(time.Hour))
				io.ReadAll(server)
				server.Close()
				synctest.Wait()
				s := n.Stats()
				if got := test.count(s); got == 0 || got != s.Faults() {
					t.Errorf("counted %v", s)
				}
			})
		})
	}
}

// Loss in one direction stays, once it began.
func TestOneWayStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Rates: fault.Rates{OneWay: 0.2}}}
		client, server, _ := connect(t, n)
		for i := range 50 {
			client.Write([]byte{byte(i)})
		}
		lost := n.Stats().Losses
		client.Write([]byte("x"))
		if n.Stats().Losses != lost+1 {
			t.Errorf("%d writes were lost, and the next was not", lost)
		}
		server.SetReadDeadline(time.Now().Add(time.Hour))
		got, _ := io.ReadAll(server)
		if len(got) > 50-lost {
			t.Errorf("%d bytes arrived although %d of 50 were lost", len(got), lost)
		}
	})
}
