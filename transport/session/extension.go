package session

import "encoding/binary"

// An extension of a DATA is a tag, a length, and so many bytes; the numbers are uvarints in
// both spellings. There is one tag:
const extError = 1 // a reply without payload: the handler failed, and this is why

// validExt tells whether b is a sequence of extensions.
func validExt(b []byte) bool {
	c := cursor{b: b}
	for c.at < len(b) && !c.bad {
		c.uvarint()
		c.take(c.uvarint())
	}
	return !c.bad
}

// failure returns the extension that says why a handler failed.
func failure(text []byte) []byte {
	b := binary.AppendUvarint([]byte{extError}, uint64(len(text)))
	return append(b, text...)
}

// failure returns why the handler of a call failed, if h is of a reply that says so.
func (h *header) failure() (text []byte, failed bool) {
	const both = FlagReply | FlagExt
	if h.flags&both != both {
		return nil, false
	}
	c := cursor{b: h.ext}
	for c.at < len(c.b) && !c.bad {
		tag := c.uvarint()
		if v := c.take(c.uvarint()); tag == extError && !c.bad {
			return v, true
		}
	}
	return nil, false
}
