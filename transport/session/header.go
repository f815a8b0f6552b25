package session

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// header is all of a DATA but its payload. It is what every message costs, so both
// directions of both spellings work without allocation, but for extensions in text.
type header struct {
	flags          Flags
	seq            uint64
	done, received uint64 // with FlagAck
	call           uint64 // with FlagCall or FlagReply
	ext            []byte // with FlagExt
}

// isData tells whether b is to be parsed as DATA.
func isData(b []byte, text bool) bool {
	if text {
		return len(b) >= 5 && string(b[:5]) == "DATA "
	}
	return len(b) > 0 && b[0] == byte(KindData)
}

func (h *header) append(dst []byte, text bool) []byte {
	if text {
		return h.appendText(dst)
	}
	dst = append(dst, byte(KindData), byte(h.flags))
	dst = binary.AppendUvarint(dst, h.seq)
	if h.flags&FlagAck != 0 {
		dst = binary.AppendUvarint(dst, h.done)
		dst = binary.AppendUvarint(dst, h.received)
	}
	if h.flags&(FlagCall|FlagReply) != 0 {
		dst = binary.AppendUvarint(dst, h.call)
	}
	if h.flags&FlagExt != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(h.ext)))
		dst = append(dst, h.ext...)
	}
	return dst
}

func (h *header) appendText(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, "DATA "...), h.seq, 10)
	dst = append(dst, ' ')
	if h.flags == 0 {
		return append(dst, "- "...)
	}
	if h.flags&FlagAck != 0 {
		dst = strconv.AppendUint(append(dst, "ack="...), h.done, 10)
		dst = strconv.AppendUint(append(dst, '/'), h.received, 10)
		dst = append(dst, ',')
	}
	if h.flags&FlagMore != 0 {
		dst = append(dst, "more,"...)
	}
	if h.flags&FlagCont != 0 {
		dst = append(dst, "cont,"...)
	}
	if h.flags&FlagCall != 0 {
		dst = append(strconv.AppendUint(append(dst, "call="...), h.call, 10), ',')
	}
	if h.flags&FlagReply != 0 {
		dst = append(strconv.AppendUint(append(dst, "re="...), h.call, 10), ',')
	}
	if h.flags&FlagDup != 0 {
		dst = append(dst, "dup,"...)
	}
	if h.flags&FlagExt != 0 {
		dst = append(hex.AppendEncode(append(dst, "ext="...), h.ext), ',')
	}
	dst[len(dst)-1] = ' '
	return dst
}

// The most bytes of a header without its extensions: all flags, the longest numbers.
const (
	longestHeader     = 2 + 5*binary.MaxVarintLen64
	longestTextHeader = len("DATA ack=/,more,call=,dup,ext=  ") + 4*len("18446744073709551615")
)

// room returns how much payload fits behind h into one envelope.
func (h *header) room(text bool) int {
	switch {
	case h.flags&FlagExt == 0:
		return MaxFragment
	case text:
		return min(MaxFragment, MaxEnvelope-longestTextHeader-2*len(h.ext))
	}
	return min(MaxFragment, MaxEnvelope-longestHeader-len(h.ext))
}

// parse sets h, which is zero, to the header of the DATA b and returns its payload, which shares b's
// memory.
func (h *header) parse(b []byte, text bool) (payload []byte, err error) {
	if text {
		return h.parseText(b)
	}
	if len(b) < 3 {
		return nil, malformed(KindData, len(b), "ends early")
	}
	h.flags = Flags(b[1])
	c := cursor{b: b, at: 2}
	if h.flags == 0 { // most messages
		if n, size := uvarint(b[2:]); size > 0 && n-1 < lastNumber && len(b) <= MaxFragment {
			h.seq = n
			return b[2+size:], nil
		}
	}
	h.seq = c.uvarint()
	if h.flags != 0 {
		if h.flags&FlagAck != 0 {
			h.done, h.received = c.uvarint(), c.uvarint()
		}
		if h.flags&(FlagCall|FlagReply) != 0 {
			h.call = c.uvarint()
		}
		if h.flags&FlagExt != 0 {
			h.ext = c.take(c.uvarint())
		}
	}
	if c.bad {
		return nil, malformed(KindData, c.at, "ends early, or a number is not canonical")
	}
	payload = b[c.at:]
	return payload, h.check(payload)
}

// check refuses what no header may say.
func (h *header) check(payload []byte) error {
	switch {
	case h.seq == 0:
		return malformed(KindData, 2, "seq is 0")
	case h.seq > lastNumber:
		return malformed(KindData, 2, "seq exceeds 2^63-1")
	case h.flags == 0 && len(payload) <= MaxFragment:
		return nil
	case h.flags&^dataFlags != 0:
		return malformed(KindData, 1, "illegal flag")
	case h.flags&FlagCont != 0 && h.flags&^contFlags != 0:
		return malformed(KindData, 1, "a further fragment with call, reply, dup or ext")
	case h.flags&FlagCall != 0 && h.flags&FlagReply != 0:
		return malformed(KindData, 1, "call and reply at once")
	case len(payload) > MaxFragment:
		return malformed(KindData, 0, "more than 65,536 bytes of payload")
	case h.flags&FlagExt != 0 && !validExt(h.ext):
		return malformed(KindData, 2, "malformed extensions")
	}
	return nil
}

// cursor reads fields; its first failure sticks.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

func (c *cursor) uvarint() uint64 {
	n, size := uvarint(c.b[c.at:])
	if size == 0 {
		c.bad = true
	}
	c.at += size
	return n
}

func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)-c.at) {
		c.bad = true
		return nil
	}
	s := c.b[c.at : c.at+int(n) : c.at+int(n)]
	c.at += int(n)
	return s
}
