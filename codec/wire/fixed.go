package wire

import "slices"

// Grow returns dst with n more bytes, whose contents are unspecified, and the index where
// they begin.
func Grow(dst []byte, n int) ([]byte, int) {
	i := len(dst)
	if n <= cap(dst)-i {
		return dst[:i+n], i
	}
	if dst == nil {
		return make([]byte, n), 0
	}
	return slices.Grow(dst, n)[:i+n], i
}

// Reserve returns dst with room for n more bytes.
func Reserve(dst []byte, n int) []byte {
	if n <= cap(dst)-len(dst) {
		return dst
	}
	return reserve(dst, n)
}

func reserve(dst []byte, n int) []byte {
	if dst == nil {
		return make([]byte, 0, n)
	}
	return slices.Grow(dst, n)
}

// Bool returns 0 or 1.
func Bool(b bool) byte {
	if b {
		return 1
	}
	return 0
}
