package fuzz

import (
	"encoding/binary"
	"slices"
)

// A Script writes the bytes from which a Source makes given decisions: it is
// the inverse of Source, for seeds. Call its methods in the order in which the
// Source's are called. The zero Script is empty.
type Script struct {
	front, back []byte // back: as the Source takes it, last byte of the input first
}

// Choose makes Source.Choose(n) return v, which must be in [0, n).
func (w *Script) Choose(n, v int) {
	if n >= 2 {
		w.put(width(uint64(n-1)), uint64(v))
	}
}

// Bool makes Source.Bool return v.
func (w *Script) Bool(v bool) {
	if v {
		w.Choose(2, 1)
	} else {
		w.Choose(2, 0)
	}
}

// Boundary makes Source.Boundary(max) return v, which must be at most max.
func (w *Script) Boundary(max, v uint64) {
	w.put(1, boundaryAny)
	w.put(width(max), v)
}

// Uint64 makes Source.Uint64 return v.
func (w *Script) Uint64(v uint64) { w.put(8, v) }

// Payload makes Source.Payload(max) return p, which must have at most max bytes.
func (w *Script) Payload(max int, p []byte) {
	switch {
	case max <= 0:
		return
	case len(p) < lengthEscape:
		w.put(1, uint64(len(p)))
	default:
		w.put(1, lengthEscape)
		w.Choose(max+1, len(p))
	}
	w.back = append(w.back, p...)
}

func (w *Script) put(n int, v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	w.front = append(w.front, b[:n]...)
}

// Bytes returns the input.
func (w *Script) Bytes() []byte {
	data := append(slices.Clone(w.front), w.back...)
	slices.Reverse(data[len(w.front):])
	return data
}
