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

// extensions are what a DATA says besides.
type extensions struct {
	failed   bool
	failure  string
	metadata Metadata
	weight   int // of the extension with the metadata
	deflated bool
	size     int // of the payload that is deflated
}

// extensions reads the extensions of h that the peers have agreed on. The others are skipped.
func (l *link) extensions(h *header) (*extensions, error) {
	x := new(extensions)
	seen := 0
	c := cursor{b: h.ext}
	for c.at < len(c.b) {
		from, tag := c.at, c.uvarint()
		value := c.take(c.uvarint())
		switch {
		case tag == extError && h.flags&FlagReply != 0:
			x.failed, x.failure = true, string(value)
		case tag == extMetadata && l.metadata:
			var ok bool
			if x.metadata, ok = parseMetadata(value); !ok {
				return nil, &ProtocolError{Section: "5.9", Reason: "malformed metadata, or too much of it"}
			}
			x.weight = c.at - from
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
