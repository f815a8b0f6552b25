package session

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

func (e *Envelope) appendText(dst []byte) []byte {
	l := &layouts[e.Kind]
	dst = append(dst, l.name...)
	if e.Flags&1 != 0 {
		dst = append(append(dst, ' '), l.flag...)
	}
	for _, f := range l.fields {
		if (f == fText || f == fAlt) && len(e.Text) == 0 {
			continue
		}
		dst = append(append(append(dst, ' '), fieldNames[f]...), '=')
		if n := e.num(f); n != nil {
			dst = strconv.AppendUint(dst, *n, 10)
		} else if b := e.fixed(f); b != nil {
			dst = hex.AppendEncode(dst, b)
		} else {
			dst = append(dst, e.Text...)
		}
	}
	if n := e.extra(); n != nil && *n != 0 {
		dst = append(append(append(dst, ' '), fieldNames[l.extra]...), '=')
		dst = strconv.AppendUint(dst, *n, 10)
	}
	return dst
}

func (e *Envelope) parseText(b []byte) error {
	name, rest := token(b)
	for k := KindAck; k <= KindClose; k++ {
		if string(name) == layouts[k].name {
			e.Kind = k
		}
	}
	if e.Kind == 0 {
		return malformed(0, 0, "unknown kind")
	}
	l := &layouts[e.Kind]
	if t, after := token(rest); l.flag != "" && string(t) == l.flag {
		e.Flags, rest = 1, after
	}
	for _, f := range l.fields {
		at := len(b) - len(rest)
		after, reason := e.parsePair(f, rest)
		if reason != "" {
			return malformed(e.Kind, at, fieldNames[f]+" "+reason)
		}
		rest = after
	}
	if name := fieldNames[l.extra]; l.extra != 0 && bytes.HasPrefix(rest, []byte(" "+name+"=")) {
		at := len(b) - len(rest)
		after, reason := e.parsePair(l.extra, rest)
		if reason != "" {
			return malformed(e.Kind, at, name+" "+reason)
		}
		rest = after
	}
	if len(rest) > 0 && (l.exact || rest[0] != ' ') {
		return malformed(e.Kind, len(b)-len(rest), "something after the last field")
	}
	return nil
}

// parsePair takes " key=value" from the front of b and returns the rest, or what is wrong.
func (e *Envelope) parsePair(f field, b []byte) (rest []byte, wrong string) {
	name := fieldNames[f]
	tail := f == fText || f == fAlt
	if tail && len(b) == 0 {
		return nil, ""
	}
	if len(b) < len(name)+2 || b[0] != ' ' || string(b[1:1+len(name)]) != name || b[1+len(name)] != '=' {
		return nil, "is not there"
	}
	b = b[len(name)+2:]
	if tail {
		if len(b) == 0 || !printable(b) {
			return nil, "is empty or has control characters"
		}
		e.Text = b
		return nil, ""
	}
	end := bytes.IndexByte(b, ' ')
	if end < 0 {
		end = len(b)
	}
	if num := e.num(f); num != nil {
		n, ok := decimal(b[:end])
		if !ok || f == fVersion && n > maxWireVersion {
			return nil, "is not a number in range"
		}
		*num = n
		return b[end:], ""
	}
	if !unhex(e.fixed(f), b[:end]) {
		return nil, "is not lower-case hex of the right size"
	}
	return b[end:], ""
}

// token cuts b before its next space, after one that it begins with: "ACK", then " done=1".
func token(b []byte) (tok, rest []byte) {
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// decimal parses a number without sign or leading zeros.
func decimal(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1)/10 || n == (1<<64-1)/10 && d > 5 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// unhex decodes lower-case hex that fills dst exactly.
func unhex(dst, src []byte) bool {
	if len(src) != 2*len(dst) || bytes.ContainsAny(src, "ABCDEF") {
		return false
	}
	_, err := hex.Decode(dst, src)
	return err == nil
}
