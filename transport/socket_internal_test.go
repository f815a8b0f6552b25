//go:build unix

package transport

import (
	"net"
	"testing"
)

// A write that does not come about reports no byte, whatever the one before did.
func TestSocketAfterClose(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	k := newSocket(conn)
	if n, err := k.write(make([]byte, 1000)); n != 1000 || err != nil {
		t.Fatalf("wrote %d of 1000 bytes: %v", n, err)
	}
	conn.Close()
	if n, err := k.write(make([]byte, 10)); n != 0 || err == nil {
		t.Errorf("on a closed connection it wrote %d bytes: %v", n, err)
	}
}
