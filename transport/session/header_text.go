package session

import (
	"bytes"
)

// parseText parses "DATA SEQ ATTRS PAYLOAD".
func (h *header) parseText(b []byte) (payload []byte, err error) {
	*h = header{}
	at := len("DATA ")
	end := bytes.IndexByte(b[at:], ' ')
	if end < 0 {
		return nil, malformed(KindData, len(b), "no attributes; write - for none")
	}
	var ok bool
	if h.seq, ok = decimal(b[at : at+end]); !ok {
		return nil, malformed(KindData, at, "seq is not a number")
	}
	at += end + 1
	if len(b) >= at+2 && b[at] == '-' && b[at+1] == ' ' {
		payload = b[at+2:]
		return payload, h.check(payload)
	}
	if end = bytes.IndexByte(b[at:], ' '); end < 0 {
		return nil, malformed(KindData, len(b), "no space before the payload")
	}
	if !h.parseAttrs(b[at : at+end]) {
		return nil, malformed(KindData, at, "malformed attributes, or not in the order of the table")
	}
	payload = b[at+end+1:]
	return payload, h.check(payload)
}

// parseAttrs parses at least one attribute, each at most once and in the order of the table.
func (h *header) parseAttrs(b []byte) bool {
	before := Flags(0)
	for {
		attr, rest, more := bytes.Cut(b, comma)
		flag, ok := h.parseAttr(attr)
		if !ok || flag <= before {
			return false
		}
		h.flags |= flag
		if !more {
			return true
		}
		before, b = flag, rest
	}
}

func (h *header) parseAttr(b []byte) (Flags, bool) {
	switch string(b) {
	case "more":
		return FlagMore, true
	case "cont":
		return FlagCont, true
	case "dup":
		return FlagDup, true
	}
	name, value, ok := bytes.Cut(b, equals)
	if !ok {
		return 0, false
	}
	switch string(name) {
	case "ack":
		done, received, _ := bytes.Cut(value, slash)
		var ok1, ok2 bool
		h.done, ok1 = decimal(done)
		h.received, ok2 = decimal(received)
		return FlagAck, ok1 && ok2
	case "call":
		h.call, ok = decimal(value)
		return FlagCall, ok
	case "re":
		h.call, ok = decimal(value)
		return FlagReply, ok
	case "ext":
		h.ext = make([]byte, len(value)/2)
		return FlagExt, unhex(h.ext, value)
	}
	return 0, false
}

var (
	comma  = []byte{','}
	equals = []byte{'='}
	slash  = []byte{'/'}
)
