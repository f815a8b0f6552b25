package session

import (
	"testing"
	"unsafe"
)

// A server holds one of each per session, busy or not. The allocator rounds a size up to its
// class, so that one field more can cost 128 bytes: what a session seldom has belongs behind a
// pointer. Beyond 512 bytes the allocator adds 8 of its own.
func TestIdleMachineStaysInItsSizeClasses(t *testing.T) {
	for _, c := range []struct {
		name       string
		size, most uintptr // in bytes; most is for a machine of 64 bits
	}{
		{"Machine", unsafe.Sizeof(Machine{}), 768 - 8},
		{"link", unsafe.Sizeof(link{}), 768 - 8},
	} {
		if c.size > c.most {
			t.Errorf("%s takes %d bytes, more than the %d of its size class", c.name, c.size, c.most)
		}
	}
}

// There are many items, and the outbox's bound and the cache count on their size.
func TestItemsStayInTheirSize(t *testing.T) {
	for _, c := range []struct {
		name       string
		size, most uintptr // in bytes; a run has a pointer, and is smaller on a machine of 32 bits
	}{
		{"item", unsafe.Sizeof(item{}), itemSize},
		{"run", unsafe.Sizeof(run{}), runSize},
		{"placeBlock", unsafe.Sizeof(placeBlock{}), 1536},
	} {
		if c.size > c.most {
			t.Errorf("%s takes %d bytes, want %d at most", c.name, c.size, c.most)
		}
	}
}
