package testport_test

import (
	"net"
	"testing"

	"github.com/parleyproto/parley/internal/testport"
)

// Nobody listens at the address, and who is told to can, also a second time.
func TestReserve(t *testing.T) {
	addr := testport.Reserve(t)
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("somebody listens there")
	}
	for range 2 {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		ln.Close()
	}
}
