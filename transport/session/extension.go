package session

import (
	"encoding/binary"
	"fmt"
)

// An extension of a DATA is a tag, a length, and so many bytes; the numbers are uvarints in
// both spellings. Each tag comes at most once; of those that are not known any number. These are:
const (
	extError    = 1 // a reply without payload: the handler failed, and this is why
	extMetadata = 2 // keys and values, each with its length in front
	extDeflate  = 3 // the payload is compressed, and so large without
)

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

// extensions are what a DATA says besides: metadata, or why the handler failed. The metadata waits
// for its message's handler as it came: its fields would take many times the memory.
type extensions struct {
	text     string
	size     int   // of the payload that is deflated
	weight   int32 // of the extension with the metadata
	failed   bool
	deflated bool
}

// extensions reads the extensions of h that the peers have agreed on. The others are skipped.
func (l *link) extensions(h *header) (*extensions, error) {
	x := new(extensions)
	seen := 0
	c := cursor{b: h.ext}
	for c.at < len(c.b) {
		from := c.at
		tag := c.uvarint()
		value := c.take(c.uvarint())
		switch {
		case tag == extError && h.flags&FlagReply != 0:
			x.failed, x.text = true, string(value)
		case tag == extMetadata && l.metadata:
			if _, ok := parseMetadata(string(value), false); !ok {
				return nil, &ProtocolError{Section: "5.9", Reason: "malformed metadata, or too much of it"}
			}
			if x.weight = int32(c.at - from); !x.failed {
				x.text = string(value)
			}
		case tag == extDeflate && l.inflate:
			size, n := uvarint(value)
			switch {
			case n == 0 || n < len(value) || l.read.Text:
				return nil, &ProtocolError{Section: "5.10", Reason: "a malformed size of a compressed payload, or one in a text"}
			case size > uint64(l.p.largest):
				return nil, &ProtocolError{Section: "1.2", Reason: fmt.Sprintf("a compressed message of %d bytes; the limit is %d", size, l.p.largest)}
			}
			x.deflated, x.size = true, int(size)
		default:
			continue
		}
		if seen&(1<<tag) != 0 {
			return nil, &ProtocolError{Section: "5.3", Reason: "the same extension twice"}
		}
		seen |= 1 << tag
	}
	return x, nil
}
