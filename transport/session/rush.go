package session

import (
	"encoding/binary"
	"math"
)

// rush goes on with what number does, for as long as the messages are of the commonest kind: normal,
// small, in the version that is spoken, with nothing to be said of them but their payload; the one
// before them took the acknowledgement along, if there was one. It asks once what is the same for
// all of them, and stops at the first that is not, or where the batch or the window is full: number
// looks at that.
func (m *Machine) rush(l *link, limit int) {
	o, b := &m.outbox, &l.batch
	if o.lane[High].n|o.lane[Low].n|o.gone != 0 || l.write.framing != uint32BE || l.write.Text || l.frag.open {
		return
	}
	largest := min(byRef-1, limit)
	if l.deflate {
		largest = min(largest, l.p.compress.MinSize-1)
	}
	window := int(min(l.agreement.Peer.Window, math.MaxInt))
	before, first := o.n, o.next
	for from := &o.lane[Normal]; from.n > 0; {
		src, dst := from.front(), o.flight.behind(&o.spare)
		src = src[:min(len(src), len(dst))]
		c := o.shelf.chunks[src[0].chunk]
		n, size := 0, 0 // of those in one chunk, which make a run
		own, room := b.own, window-o.weight-windowCost
		for end := maxBatch - max(b.size-b.longer, 0); n < len(src) && len(own) < end; n++ {
			it := &src[n]
			if it.flags != 0 || it.version != l.write.Version || int(it.size) > largest ||
				it.chunk != c.place || size+n*windowCost+int(it.size) > room {
				break
			}
			own = append(own, 0, 0, 0, 0, byte(KindData), 0)
			at := len(own)
			own = binary.AppendUvarint(own, o.next)
			own = append(own, c.buf[it.off:it.off+it.size]...)
			binary.BigEndian.PutUint32(own[at-6:], uint32(len(own)-at+2))
			dst[n] = *it
			dst[n].weight = it.size + windowCost
			size += int(it.size)
			o.next++
		}
		if n == 0 {
			break
		}
		b.own = own
		o.flight.n += int32(n)
		o.follow(&src[0], c, run{n: n, bytes: size + n*itemCost, weight: size + n*windowCost})
		from.pop(n, &o.spare)
		o.weight += size + n*windowCost
		o.unsent -= size + n*itemCost
		o.n -= n
	}
	n := before - o.n
	l.framesOut += uint64(n)
	m.stats.messagesOut += uint64(n)
	for range min(n, turns) {
		o.took(Normal)
	}
	if o.next > first {
		m.wrote(l, o.next-1)
	}
}
