package fuzz

import (
	"bytes"

	"github.com/parleyproto/parley/frame"
)

// A Layout says how messages stand on the wire, so that they can be changed
// with a purpose. Where the frame's own header and lengths are is found out by
// asking Format; what stands inside a payload only its protocol knows.
type Layout struct {
	// Format makes frames of payloads. It is required, and its options must be
	// right.
	Format frame.Format
	// Fields lists the fields of a payload. Nil: a payload is bytes.
	Fields func(payload []byte) []Field
	// Repair makes the lengths and checksums inside a changed payload right
	// again, in place. It must take any bytes. Nil: there are none.
	Repair func(payload []byte)
	// MaxPayload is the largest payload in bytes that the reader takes; payloads
	// of this size and next to it are made. 0: it is not known.
	MaxPayload int
}

// A Field is a part of a payload.
type Field struct {
	Off, Len int // in bytes; a field that does not lie in the payload is passed over
	Kind     FieldKind
}

// A FieldKind says how a field is changed.
type FieldKind int

const (
	Bytes        FieldKind = iota // any bytes: flipped, replaced
	BigEndian                     // a number of up to 8 bytes: edges, one more, one less
	LittleEndian                  // the same
	Uvarint                       // LEB128: the same, and spellings with leading zeros
	Checksum                      // flipped, and not repaired afterwards
)

// wireFrame is a frame on the wire and what is known of it.
type wireFrame struct {
	bytes []byte
	head  int   // bytes[:head] is the header
	tail  int   // bytes[tail:] is what follows the payload
	sizes []int // bytes of the header that change with the payload's size
}

// fresh returns the format at the start of a stream.
func (l Layout) fresh() frame.Format {
	f, err := frame.Compile(l.Format)
	if err != nil {
		return l.Format // its AppendFrame says what is wrong
	}
	if s, ok := f.(frame.Stateful); ok {
		return s.Fresh()
	}
	return f
}

// examine finds the parts of the frame that carries payload. A format that does
// not carry the payload as it is, such as COBS, gives a frame that is all header.
func (l Layout) examine(wire, payload []byte) wireFrame {
	w := wireFrame{bytes: wire, head: len(wire), tail: len(wire)}
	part, err := l.fresh().Split(bytes.Clone(wire), frame.In{})
	if err != nil || part.More || part.Held || part.Size != len(wire) ||
		!bytes.Equal(payload, wire[part.Off:part.End]) {
		return w
	}
	w.head, w.tail = part.Off, part.End
	for _, more := range []int{1, 256} {
		longer, err := l.fresh().AppendFrame(nil, append(bytes.Clone(payload), make([]byte, more)...))
		if err != nil || len(longer) < w.head {
			continue
		}
		for i := range w.head {
			if longer[i] != wire[i] {
				w.sizes = append(w.sizes, i)
			}
		}
	}
	return w
}
