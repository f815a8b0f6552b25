package frame

import (
	"encoding/binary"
	"math"
)

// lengthField is a LengthField whose options have been checked.
type lengthField struct {
	LengthField
	at     uint   // Offset
	head   int    // bytes up to the length field's end
	shift  uint   // 64 − its width in bits
	mask   uint64 // its largest value
	little bool   // its byte order
	least  int    // the smallest frame: head, what is stripped, trailer
	add    uint64 // head + Adjust, modulo 2^64: frame size − length
	fewest uint64 // the smallest frame that Min allows
}

// length reads the length field at the front of b.
func (f *lengthField) length(b []byte) uint64 {
	b = b[:f.Size]
	var n uint64
	if f.little {
		for i := len(b) - 1; i >= 0; i-- {
			n = n<<8 | uint64(b[i])
		}
		return n
	}
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (f *lengthField) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return f.trailed(buf, rest(buf, in.From), in)
	}
	if f.Magic != "" {
		if n := f.gap(buf); n > 0 {
			return Part{Size: n, More: true}, corrupt("no magic at the frame's start")
		}
	}
	if len(buf) < f.head {
		return Part{Need: f.head}, nil
	}
	total, reason := f.total(f.length(buf[f.Offset:]))
	if reason != "" {
		return f.broken(Part{}, buf, reason)
	}
	x := Extent{Total: total, Off: f.Strip, Tail: len(f.Trailer)}
	return f.trailed(buf, x.split(buf, in), in)
}

// trailed checks the trailer of a complete frame.
func (f *lengthField) trailed(buf []byte, part Part, in In) (Part, error) {
	const reason = "the trailer is not where the length says"
	switch {
	case !part.complete() || string(buf[part.End:part.Size]) == f.Trailer:
		return part, nil
	case in.Pieces && f.Magic != "": // the frame's beginning may be gone: look behind it
		part.More = true
		return part, corrupt(reason)
	}
	return f.broken(part, buf, reason)
}

// intact tells whether magic and trailer of a whole frame are in their places.
func (f *lengthField) intact(b []byte) bool {
	return string(b[:len(f.Magic)]) == f.Magic && string(b[len(b)-len(f.Trailer):]) == f.Trailer
}

// total returns the frame's size for the length field's value, or why there is no such frame.
func (f *lengthField) total(v uint64) (uint64, string) {
	if v < f.Min {
		return 0, "the length is less than the least legal one"
	}
	if v > math.MaxInt64-2*maxHeader {
		return 0, "the length is 2^63 or more"
	}
	total := int64(v) + int64(f.head+f.Adjust)
	if total < int64(f.head) {
		return 0, "the length ends before its own field"
	}
	if total < int64(f.least) {
		return 0, "the frame is shorter than what is stripped from it"
	}
	return uint64(total), ""
}

// broken is a frame that cannot be. With a Magic the next frame is looked for.
func (f *lengthField) broken(part Part, buf []byte, reason string) (Part, error) {
	if f.Magic == "" {
		part.Size = 0
		return part, corrupt(reason)
	}
	part.Size, part.More = 1+f.gap(buf[1:]), true
	return part, corrupt(reason)
}

// gap returns how many bytes stand before the first place where Magic begins, or may begin once
// more bytes are there.
func (f *lengthField) gap(buf []byte) int {
	for i := range buf {
		n := min(len(buf)-i, len(f.Magic))
		if string(buf[i:i+n]) == f.Magic[:n] {
			return i
		}
	}
	return len(buf)
}

// header appends the first Strip bytes of payload's frame: those that payload does not hold.
func (f *lengthField) header(dst, payload []byte) ([]byte, error) {
	total := uint64(f.Strip) + uint64(len(payload)) + uint64(len(f.Trailer))
	v := int64(total) - int64(f.head+f.Adjust)
	switch {
	case total < uint64(f.least):
		return dst, unfit(0, "the payload is shorter than the header that it has to hold")
	case v < 0 || uint64(v) < f.Min:
		return dst, unfit(0, "the payload is shorter than the least legal length")
	case uint64(v) > f.max():
		most := int64(f.max()) + int64(f.head+f.Adjust-f.Strip-len(f.Trailer))
		return dst, tooLarge(uint64(len(payload)), uint64(max(most, 0)), "the length field cannot hold more")
	}
	var scratch [64]byte
	head := append(scratch[:0], f.Magic...)
	for len(head) < f.Offset {
		head = append(head, 0)
	}
	if f.little {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(v))
		head = append(head, b[:f.Size]...)
	} else {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(v))
		head = append(head, b[8-f.Size:]...)
	}
	for i := f.Strip; i < f.head; i++ { // the part of the header that payload holds
		if (i < len(f.Magic) || i >= f.Offset) && payload[i-f.Strip] != head[i] {
			return dst, unfit(i-f.Strip, "the header in the payload has another magic or length")
		}
	}
	for len(head) < f.Strip {
		head = append(head, 0)
	}
	return append(dst, head[:f.Strip]...), nil
}

func (f *lengthField) AppendFrame(dst, payload []byte) ([]byte, error) {
	out, err := f.header(dst, payload)
	if err != nil {
		return dst, err
	}
	return append(append(out, payload...), f.Trailer...), nil
}

// Enclose implements [Encloser].
func (f *lengthField) Enclose(dst, payload []byte) ([]byte, int, error) {
	out, err := f.header(dst, payload)
	if err != nil {
		return dst, 0, err
	}
	return append(out, f.Trailer...), len(out), nil
}
