package session

import "encoding/binary"

func (e *Envelope) appendBinary(dst []byte) []byte {
	dst = append(dst, byte(e.Kind), byte(e.Flags))
	for _, f := range layouts[e.Kind].fields {
		if n := e.num(f); n != nil {
			dst = binary.AppendUvarint(dst, *n)
		} else if b := e.fixed(f); b != nil {
			dst = append(dst, b...)
		} else {
			dst = append(dst, e.Text...)
		}
	}
	if n := e.extra(); n != nil && *n != 0 {
		dst = binary.AppendUvarint(dst, *n)
	}
	return dst
}

func (e *Envelope) parseBinary(b []byte) error {
	if len(b) < 2 {
		return malformed(0, 0, "ends early")
	}
	e.Kind, e.Flags = Kind(b[0]), Flags(b[1])
	if !e.Kind.valid() {
		return malformed(e.Kind, 0, "unknown kind")
	}
	l := &layouts[e.Kind]
	if e.Flags > 1 || e.Flags == 1 && l.flag == "" {
		return malformed(e.Kind, 1, "illegal flag")
	}
	at := 2
	for _, f := range l.fields {
		n, reason := e.parseField(f, b[at:])
		if reason != "" {
			return malformed(e.Kind, at, fieldNames[f]+" "+reason)
		}
		at += n
	}
	if l.extra != 0 && at < len(b) {
		if _, reason := e.parseField(l.extra, b[at:]); reason != "" {
			return malformed(e.Kind, at, fieldNames[l.extra]+" "+reason)
		}
	}
	if l.exact && at < len(b) {
		return malformed(e.Kind, at, "bytes after the last field")
	}
	return nil
}

// parseField takes one field from the front of b and returns its size, or what is wrong.
func (e *Envelope) parseField(f field, b []byte) (size int, wrong string) {
	if num := e.num(f); num != nil {
		n, size := uvarint(b)
		if size == 0 {
			return 0, "ends early or is not canonical"
		}
		if f == fVersion && n > maxWireVersion {
			return 0, "exceeds 65535"
		}
		*num = n
		return size, ""
	}
	if dst := e.fixed(f); dst != nil {
		if len(b) < len(dst) {
			return 0, "ends early"
		}
		return copy(dst, b), ""
	}
	if !printable(b) {
		return 0, "has control characters"
	}
	if len(b) > 0 {
		e.Text = b
	}
	return len(b), ""
}

// uvarint is binary.Uvarint, strict: size is 0 for a number that ends early, exceeds 64 bits
// or has a needless byte.
func uvarint(b []byte) (n uint64, size int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	n, size = binary.Uvarint(b)
	if size <= 0 || b[size-1] == 0 {
		return 0, 0
	}
	return n, size
}
