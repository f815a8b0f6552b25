package fuzz

import (
	"bytes"
	"slices"
)

// mostFrames bounds a mutated stream, as duplication would let it grow.
const mostFrames = 64

// MutateFrames makes a stream of frames from sample payloads and changes it, by
// decisions of s, up to most times (at least once). It returns the frames as
// they stand on the wire; joined, they are the stream. Samples are not modified.
//
// First the messages are changed: frames repeated, dropped, swapped, spliced,
// cut, filled; fields set to edges. Seven times of eight Repair follows, and the
// frames get right lengths and checksums, so that the change comes past the
// first check of whoever reads it. Then, in one stream of two, the wire is
// changed, and nothing is repaired: lengths one off or huge, header bytes set
// or put in, frames cut, rubbish between them.
func MutateFrames(s *Source, samples [][]byte, l Layout, most int) [][]byte {
	m := mutator{s: s, layout: l}
	for _, p := range samples[:min(len(samples), mostFrames)] {
		m.payloads = append(m.payloads, bytes.Clone(p))
	}
	for range 1 + s.Choose(max(most, 1)) {
		m.changeMessages()
	}
	frames := m.encode()
	if s.Bool() {
		for range 1 + s.Choose(max(most, 1)) {
			frames = m.changeWire(frames)
		}
	}
	wire := make([][]byte, len(frames))
	for i, f := range frames {
		wire[i] = f.bytes
	}
	return wire
}

type mutator struct {
	s        *Source
	layout   Layout
	payloads [][]byte
}

// changeMessages makes one change to the list of payloads, or to one of them.
func (m *mutator) changeMessages() {
	op := m.s.Choose(11)
	if len(m.payloads) == 0 {
		m.payloads = append(m.payloads, m.s.Payload(64))
		return
	}
	i := m.s.Choose(len(m.payloads))
	switch op {
	case 0: // repeat a frame, here or later
		if len(m.payloads) < mostFrames {
			at := i + m.s.Choose(len(m.payloads)-i+1)
			m.payloads = slices.Insert(m.payloads, at, bytes.Clone(m.payloads[i]))
		}
	case 1:
		m.payloads = slices.Delete(m.payloads, i, i+1)
	case 2:
		j := m.s.Choose(len(m.payloads))
		m.payloads[i], m.payloads[j] = m.payloads[j], m.payloads[i]
	default:
		m.payloads[i] = m.changePayload(op, m.payloads[i])
	}
}

// changePayload makes one change to a payload and repairs it, most times.
func (m *mutator) changePayload(op int, p []byte) []byte {
	repair := true
	switch op {
	case 3: // cut
		p = p[:m.s.Choose(len(p)+1)]
	case 4: // put bytes in
		p = slices.Insert(p, m.s.Choose(len(p)+1), m.s.Payload(300)...)
	case 5: // the head of this one, the tail of another
		other := m.payloads[m.s.Choose(len(m.payloads))]
		p = append(p[:m.s.Choose(len(p)+1):len(p)], other[m.s.Choose(len(other)+1):]...)
	case 6:
		p = m.s.Payload(300)
	case 7: // set a byte
		if len(p) > 0 {
			p[m.s.Choose(len(p))] = m.edgeByte()
		}
	case 8: // as large as may be, one less, one more
		if size := m.layout.MaxPayload - 1 + m.s.Choose(3); m.layout.MaxPayload > 0 {
			p = append(p, make([]byte, max(size-len(p), 0))...)[:size]
		}
	default:
		p, repair = m.changeField(p)
	}
	if m.layout.Repair != nil && m.s.Choose(8) != 7 && repair {
		m.layout.Repair(p)
	}
	return p
}

// edgeByte is a byte that means something in many encodings.
func (m *mutator) edgeByte() byte {
	const edges = "\x00\x01\x7f\x80\xff\n\r 09-{\"\\"
	if i := m.s.Choose(len(edges) + 1); i < len(edges) {
		return edges[i]
	}
	return byte(m.s.Choose(256))
}

// encode frames the payloads. One that the format cannot carry is left out.
func (m *mutator) encode() []wireFrame {
	var frames []wireFrame
	format := m.layout.fresh()
	for _, p := range m.payloads {
		if wire, err := format.AppendFrame(nil, p); err == nil {
			frames = append(frames, m.layout.examine(wire, p))
		}
	}
	return frames
}

// changeWire makes one change to the frames as they are sent.
func (m *mutator) changeWire(frames []wireFrame) []wireFrame {
	op := m.s.Choose(8)
	if len(frames) == 0 || op == 0 {
		rubbish := wireFrame{bytes: m.s.Payload(64)}
		return slices.Insert(frames, m.s.Choose(len(frames)+1), rubbish)
	}
	f := &frames[m.s.Choose(len(frames))]
	if len(f.bytes) == 0 {
		return frames
	}
	switch op {
	case 1: // cut the frame
		f.bytes = f.bytes[:m.s.Choose(len(f.bytes))]
	case 2: // set a byte of the header
		f.bytes[m.s.Choose(max(min(f.head, len(f.bytes)), 1))] = m.edgeByte()
	case 3: // put a byte in the header: a leading zero, a blank, a continued varint
		at := m.s.Choose(min(f.head, len(f.bytes)) + 1)
		if at > 0 && m.s.Bool() {
			f.bytes[at-1] |= 0x80
		}
		f.bytes = slices.Insert(f.bytes, at, m.edgeByte())
	case 4: // a length that is a little off
		if n := len(f.sizes); n > 0 {
			if at := f.sizes[m.s.Choose(n)]; at < len(f.bytes) {
				f.bytes[at] += []byte{1, 0xff, 2, 0xfe, 0x80}[m.s.Choose(5)]
			}
		}
	case 5: // a length at an edge: nothing, or as much as can be said
		edge := []byte{0xff, 0, 0x7f, 0x80}[m.s.Choose(4)]
		for _, at := range f.sizes {
			if at < len(f.bytes) {
				f.bytes[at] = edge
			}
		}
	case 6: // damage what follows the payload
		if f.tail < len(f.bytes) {
			f.bytes[f.tail+m.s.Choose(len(f.bytes)-f.tail)] ^= 1 << m.s.Choose(8)
		}
	case 7: // flip a bit anywhere
		f.bytes[m.s.Choose(len(f.bytes))] ^= 1 << m.s.Choose(8)
	}
	return frames
}
