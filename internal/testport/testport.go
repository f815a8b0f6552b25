// Package testport gives tests addresses where nobody listens yet.
package testport

import (
	"net"
	"testing"
)

// Reserve returns an address on loopback that is t's own until its end: nobody listens there but who is
// told to, and nobody else is given the port, for an accepted connection holds it.
func Reserve(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	return ln.Addr().String()
}
