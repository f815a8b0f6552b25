package session

import (
	"encoding/binary"
	"math"

	"github.com/parleyproto/parley/codec"
)

// rush goes on with what number does, for as long as the messages are of the commonest kind: normal,
// small, in the version that is spoken, with nothing to be said of them but their payload; the one
// before them took the acknowledgement along, if there was one. It asks once what is the same for
// all of them, and stops at the first that is not, or where the batch or the window is full: number
// looks at that.
func (m *Machine) rush(l *link, limit int) {
	o := &m.outbox
	if o.lane[High].n|o.lane[Low].n|o.gone != 0 || l.write.framing != uint32BE || l.write.Text || l.frag.open {
		return
	}
	largest := min(byRef-1, limit)
	if l.deflate {
		largest = min(largest, l.p.compress.MinSize-1)
	}
	before := o.n
	for o.lane[Normal].n > 0 && m.rushRun(l, largest) {
	}
	n := before - o.n
	if n == 0 {
		return
	}
	l.framesOut += uint64(n)
	m.stats.messagesOut += uint64(n)
	for range min(n, turns) {
		o.took(Normal)
	}
	m.wrote(l, o.next-1)
}

// rushRun writes the first messages of the lane Normal that lie in one chunk, which make a run, and
// whose places lie together, before and after. It returns false if the first is not to be written so,
// or there is no room for it.
func (m *Machine) rushRun(l *link, largest int) bool {
	o, b := &m.outbox, &l.batch
	from := &o.lane[Normal]
	src, dst := from.front(), o.flight.behind(&o.spare)
	src = src[:min(len(src), len(dst))]
	c := o.shelf.chunks[src[0].chunk]
	n, size := 0, 0
	window := int(min(l.agreement.Peer.Window, math.MaxInt)) - o.weight
	own, end := b.own, maxBatch-max(b.size-b.longer, 0)
	for ; n < len(src) && len(own) < end; n++ {
		it := &src[n]
		if !it.plain(l.write.Version, largest) || it.chunk != c.place || size+int(it.size)+(n+1)*windowCost > window {
			break
		}
		own = appendPlain(own, o.next, c.buf[it.off:it.off+it.size])
		dst[n] = *it
		dst[n].weight = it.size + windowCost
		size += int(it.size)
		o.next++
	}
	if n == 0 {
		return false
	}
	b.own = own
	o.flight.n += int32(n)
	o.follow(&src[0], c, run{n: n, bytes: size + n*itemCost, weight: size + n*windowCost})
	from.pop(n, &o.spare)
	o.weight += size + n*windowCost
	o.unsent -= size + n*itemCost
	o.n -= n
	return true
}

// plain tells whether a message is of the commonest kind: there is nothing to be said of it but its
// payload, which has at most largest bytes and is in the version v.
func (it *item) plain(v codec.Version, largest int) bool {
	return it.flags == 0 && it.version == v && int(it.size) <= largest
}

// appendPlain appends the frame of a DATA that has nothing but its number and a payload.
func appendPlain(dst []byte, seq uint64, payload []byte) []byte {
	dst = append(dst, 0, 0, 0, 0, byte(KindData), 0)
	at := len(dst)
	dst = append(binary.AppendUvarint(dst, seq), payload...)
	binary.BigEndian.PutUint32(dst[at-6:], uint32(len(dst)-at+2))
	return dst
}
