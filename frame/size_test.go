package frame_test

import (
	"testing"
	"unsafe"

	"github.com/parleyproto/parley/frame"
)

// A server has a Decoder for each connection, busy or not. The allocator rounds its size up, with 8
// bytes of its own, to a class of 384 bytes; one field more would make that 416.
func TestDecoderStaysInItsSizeClass(t *testing.T) {
	if frame.Poisoning {
		t.Skip("the frame that is borrowed is noted in it")
	}
	if size := unsafe.Sizeof(frame.Decoder{}); size > 384-8 {
		t.Errorf("a Decoder takes %d bytes, more than the %d of its size class", size, 384-8)
	}
}
