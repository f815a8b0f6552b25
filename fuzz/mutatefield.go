package fuzz

import (
	"encoding/binary"
	"slices"
)

// changeField changes one field of a payload, if it has any, and tells whether
// a repair may follow.
func (m *mutator) changeField(p []byte) (changed []byte, repair bool) {
	if m.layout.Fields == nil {
		return p, true
	}
	fields := m.layout.Fields(p)
	if len(fields) == 0 {
		return p, true
	}
	f := fields[m.s.Choose(len(fields))]
	if f.Off < 0 || f.Len < 1 || f.Off > len(p)-f.Len {
		return p, true
	}
	field := p[f.Off : f.Off+f.Len]
	switch {
	case f.Kind == Checksum:
		field[m.s.Choose(f.Len)] ^= 1 << m.s.Choose(8)
		return p, false
	case f.Kind == Uvarint:
		return m.changeUvarint(p, f), true
	case f.Kind == Bytes || f.Len > 8:
		field[m.s.Choose(f.Len)] = m.edgeByte()
	default:
		m.changeNumber(field, f.Kind == LittleEndian)
	}
	return p, true
}

// changeNumber sets a number of fixed width to an edge or beside what it was.
func (m *mutator) changeNumber(field []byte, little bool) {
	var b [8]byte
	copy(b[8-len(field):], field)
	if little {
		slices.Reverse(b[8-len(field):])
	}
	v := m.nearOrEdge(binary.BigEndian.Uint64(b[:]), ^uint64(0)>>(64-8*len(field)))
	binary.BigEndian.PutUint64(b[:], v)
	if little {
		slices.Reverse(b[8-len(field):])
	}
	copy(field, b[8-len(field):])
}

// nearOrEdge is one more than v, one less, equal to v in its low bytes only, or
// an edge up to max.
func (m *mutator) nearOrEdge(v, max uint64) uint64 {
	switch m.s.Choose(5) {
	case 0:
		return (v + 1) & max
	case 1:
		return (v - 1) & max
	case 2:
		return (v + 1<<(8+8*m.s.Choose(7))) & max
	}
	return m.s.Boundary(max)
}

// changeUvarint changes the number, or only its spelling: an overlong one ends
// with a zero that says nothing.
func (m *mutator) changeUvarint(p []byte, f Field) []byte {
	v, n := binary.Uvarint(p[f.Off : f.Off+f.Len])
	if n <= 0 {
		return p
	}
	var spelled []byte
	if m.s.Choose(4) == 3 {
		spelled = append(slices.Clone(p[f.Off:f.Off+n]), 0)
		spelled[n-1] |= 0x80
	} else {
		spelled = binary.AppendUvarint(nil, m.nearOrEdge(v, ^uint64(0)))
	}
	return slices.Replace(p, f.Off, f.Off+n, spelled...)
}
