package frame

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Varint is the format of frames that begin with the size of what follows, as an unsigned LEB128
// number: 7 bits a byte, the lowest first, the top bit set in all bytes but the last. Only the
// shortest spelling of a number is accepted.
//
//	AC 02 | 300 bytes
type Varint struct {
	Width  int  // the most bytes a number may have, 1 to 10; 0 means 10
	Offset int  // bytes before the number; they need Whole
	Whole  bool // the payload is the whole frame, header included
}

// Uvarint is the framing of delimited protocol buffers: a LEB128 number of at most 10 bytes.
var Uvarint Format = Varint{}

// Compile implements [Compiler].
func (v Varint) Compile() (Format, error) {
	switch {
	case v.Width < 0 || v.Width > binary.MaxVarintLen64:
		return nil, badOption("Varint", "Width", v.Width, "must be 1 to 10, or 0 for 10")
	case v.Offset < 0 || v.Offset > maxHeader:
		return nil, badOption("Varint", "Offset", v.Offset, fmt.Sprintf("must be 0 to %d", maxHeader))
	case v.Offset > 0 && !v.Whole:
		return nil, badOption("Varint", "Offset", v.Offset, "the bytes before the number would be lost; set Whole")
	}
	return &varint{v}, nil
}

func (v Varint) AppendFrame(dst, payload []byte) ([]byte, error) {
	return fresh(v).AppendFrame(dst, payload)
}
func (v Varint) Split(buf []byte, in In) (Part, error) { return fresh(v).Split(buf, in) }

// varint is a Varint whose options have been checked.
type varint struct{ Varint }

func (v *varint) width() int {
	if v.Width == 0 {
		return binary.MaxVarintLen64
	}
	return v.Width
}

func (v *varint) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return rest(buf, in.From), nil
	}
	if len(buf) <= v.Offset {
		return Part{Need: v.Offset + 1}, nil
	}
	n, size, err := uvarint(buf[v.Offset:], v.width())
	if err != nil {
		return Part{}, err
	}
	if size == 0 {
		return Part{Need: len(buf) + 1}, nil
	}
	x := Extent{Total: n + uint64(v.Offset+size), Off: v.Offset + size}
	if v.Whole {
		x.Off = 0
	}
	return x.split(buf, in), nil
}

// uvarint reads a canonical number of at most width bytes. size is 0 if b is too short.
func uvarint(b []byte, width int) (n uint64, size int, err error) {
	for i, c := range b[:min(len(b), width)] {
		if i == 9 && c > 1 {
			return 0, 0, corrupt("the number does not fit 64 bits")
		}
		n |= uint64(c&0x7F) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, 0, corrupt("the number is not in its shortest spelling")
			}
			if n > math.MaxInt64-maxHeader {
				return 0, 0, corrupt("the length is 2^63 or more")
			}
			return n, i + 1, nil
		}
	}
	if len(b) >= width {
		return 0, 0, corrupt(fmt.Sprintf("the number goes on past %d bytes", width))
	}
	return 0, 0, nil
}

func (v *varint) AppendFrame(dst, payload []byte) ([]byte, error) {
	out, _, err := v.Enclose(dst, payload)
	if err != nil {
		return dst, err
	}
	return append(out, payload...), nil
}

// Enclose implements [Encloser].
func (v *varint) Enclose(dst, payload []byte) ([]byte, int, error) {
	if v.Whole {
		return dst, len(dst), whole(v, payload, len(payload))
	}
	out := binary.AppendUvarint(dst, uint64(len(payload)))
	if len(out)-len(dst) > v.width() {
		return dst, 0, tooLarge(uint64(len(payload)), 1<<(7*v.width())-1, "the number cannot hold more")
	}
	return out, len(out), nil
}
