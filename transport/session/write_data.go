package session

import (
	"bytes"
	"encoding/binary"
)

// fragment is a message that is being written in pieces.
type fragment struct {
	open bool
	seq  uint64
	rest []byte // of its payload
	in   *chunk // that holds it; nil: memory that is not used again
}

// cut takes the next piece, of at most room bytes. A text line must not end with CR, so none does.
func (f *fragment) cut(room int, text bool) []byte {
	n := min(len(f.rest), room)
	if text && n < len(f.rest) {
		for n > 1 && f.rest[n-1] == '\r' {
			n--
		}
	}
	piece := f.rest[:n]
	f.rest = f.rest[n:]
	return piece
}

// writeFragment writes the next piece of the open message.
func (m *Machine) writeFragment(l *link) {
	f := &l.frag
	h := header{seq: f.seq, flags: FlagCont}
	piece := f.cut(MaxFragment, l.write.Text)
	if len(f.rest) > 0 {
		h.flags |= FlagMore
	}
	m.writeData(l, &h, piece, f.in, true)
	if len(f.rest) == 0 {
		seq := f.seq
		l.frag = fragment{}
		m.wrote(l, seq)
	}
}

// writeData writes one DATA frame. An acknowledgement rides on it if one is owed. With ref the
// payload may be written from where it is, in chunk c or in memory that is not used again.
func (m *Machine) writeData(l *link, h *header, payload []byte, c *chunk, ref bool) {
	if in := &m.inbox; m.state == Attached && !l.away && (in.done > in.told || in.asked) && !in.confesses() {
		h.flags |= FlagAck
		h.done, h.received = in.tell()
	}
	b := &l.batch
	switch l.write.framing {
	case uint32BE:
		at := len(b.own)
		b.own = h.append(append(b.own, 0, 0, 0, 0), l.write.Text)
		binary.BigEndian.PutUint32(b.own[at:], uint32(len(b.own)-at-4+len(payload)))
		b.add(payload, c, ref)
		l.framesOut++
	case line:
		if bytes.IndexByte(payload, '\n') >= 0 || len(payload) > 0 && payload[len(payload)-1] == '\r' {
			m.framed(l, h, payload)
			return
		}
		b.own = h.append(b.own, l.write.Text)
		b.add(payload, c, ref)
		b.own = append(b.own, '\n')
		l.framesOut++
	default:
		m.framed(l, h, payload)
	}
}

// framed leaves the framing to the format.
func (m *Machine) framed(l *link, h *header, payload []byte) {
	l.env = append(h.append(l.env[:0], l.write.Text), payload...)
	l.batch.own = l.frame(l.batch.own, l.env)
}

// add appends a payload, or refers to it if it is large and may be.
func (b *batch) add(payload []byte, c *chunk, refer bool) {
	if !refer || len(payload) < byRef {
		b.own = append(b.own, payload...)
		return
	}
	b.refs = append(b.refs, ref{len(b.own), payload, c})
	b.size += len(payload)
	if c != nil {
		c.pins++
	}
}
