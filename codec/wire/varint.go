package wire

import (
	"io"
	"math/bits"

	"github.com/parleyproto/parley/codec"
)

// UvarintSize returns how many bytes x takes as a uvarint (LEB128): 1 to 10.
func UvarintSize(x uint64) int { return (9*bits.Len64(x) + 64) / 64 }

// PutUvarint writes x to b from index i on and returns the index after it. b must be long
// enough.
func PutUvarint(b []byte, i int, x uint64) int {
	if x < 0x80 {
		b[i] = byte(x)
		return i + 1
	}
	return putUvarint(b, i, x)
}

func putUvarint(b []byte, i int, x uint64) int {
	for x >= 0x80 {
		b[i] = byte(x) | 0x80
		x >>= 7
		i++
	}
	b[i] = byte(x)
	return i + 1
}

// AppendUvarint appends x to dst.
func AppendUvarint(dst []byte, x uint64) []byte {
	for x >= 0x80 {
		dst = append(dst, byte(x)|0x80)
		x >>= 7
	}
	return append(dst, byte(x))
}

// Uvarint reads a uvarint at src[i:] and returns it and the index after it. Only the
// shortest spelling is accepted. A negative index says that it is bad; [BadUvarint] says
// why.
func Uvarint(src []byte, i int) (uint64, int) {
	if uint(i) < uint(len(src)) && src[i] < 0x80 {
		return uint64(src[i]), i + 1
	}
	return uvarint(src, i)
}

func uvarint(src []byte, i int) (uint64, int) {
	var x uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if uint(i) >= uint(len(src)) {
			return 0, -1
		}
		c := src[i]
		i++
		if c < 0x80 {
			if c == 0 || shift == 63 && c > 1 {
				break
			}
			return x | uint64(c)<<shift, i
		}
		x |= uint64(c&0x7f) << shift
	}
	return 0, -1
}

// BadUvarint returns why there is no uvarint at src[i:].
func BadUvarint(path string, src []byte, i int) error {
	for n := i; n < len(src) && n < i+10; n++ {
		if src[n] < 0x80 || n == i+9 {
			return Bad(path, i, codec.ErrCanonical)
		}
	}
	return Bad(path, len(src), io.ErrUnexpectedEOF)
}

// Zigzag maps 0, −1, 1, −2 … to 0, 1, 2, 3 …, so that small numbers of either sign are short
// as uvarints.
func Zigzag(x int64) uint64 { return uint64(x<<1) ^ uint64(x>>63) }

// Unzigzag is the inverse of [Zigzag].
func Unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }
