package transport

import (
	"testing"
	"unsafe"
)

// A server holds one of each per session, busy or not. The allocator rounds a size up to its
// class, so that one field more can cost 128 bytes: what a session seldom has belongs behind a
// pointer. Beyond 512 bytes the allocator adds 8 of its own.
func TestIdleSessionStaysInItsSizeClasses(t *testing.T) {
	for _, c := range []struct {
		name       string
		size, most uintptr // in bytes; most is for a machine of 64 bits
	}{
		{"Session", unsafe.Sizeof(Session{}), 416},
		{"link", unsafe.Sizeof(link{}), 192},
	} {
		if c.size > c.most {
			t.Errorf("%s takes %d bytes, more than the %d of its size class", c.name, c.size, c.most)
		}
	}
}
