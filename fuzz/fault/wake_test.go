package fault_test

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/fuzz/fault"
)

// A Read that waited before its peer vanished ends with Close, as does a Write.
func TestCloseAfterHalfOpenEndsWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := fault.Network{Link: fault.Link{Buffer: 4, Schedule: func(int) fault.Schedule {
			return fault.Schedule{{Op: fault.Write, From: 1, To: 1, Kind: fault.HalfOpen}}
		}}}
		client, _, _ := connect(t, &n)
		results := make(chan result, 2)
		go func() { results <- readOne(client) }()
		go func() { results <- writeOne(client, "more than fits") }()
		synctest.Wait()
		client.Write([]byte("into the void"))
		client.Close()
		for range 2 {
			if r := <-results; r.err != net.ErrClosed {
				t.Errorf("it ended with %v, want net.ErrClosed", r.err)
			}
		}
	})
}

// The server's end is reset when the client's is closed and a partition stands between them.
func TestResetAfterCloseInAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n fault.Network
		client, server, _ := connect(t, &n)
		server.Write([]byte("arrived, never read"))
		n.Partition("server")
		client.Close()
		n.Link.ResetAll()
		if r := readOne(server); r.err == nil {
			t.Errorf("read %q after a reset", r.data)
		}
	})
}
