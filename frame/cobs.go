package frame

import "bytes"

// COBS is consistent overhead byte stuffing (Cheshire and Baker, 1997): a frame ends with 00 and
// holds no other; each code byte says how far the next zero of the payload is. It adds one byte in
// 254. Bytes 00 between frames are dropped. A code that points past the end loses its frame only.
// A run of 254 bytes at the payload's end may or may not be followed by the code 01; it is
// written without.
//
//	03 11 22 02 33 00  =  11 22 00 33
var COBS Format = cobs{}

type cobs struct{}

const cobsRun = 0xFF // a code that no zero follows

func (cobs) AppendFrame(dst, payload []byte) ([]byte, error) {
	for {
		n := min(len(payload), cobsRun-1)
		zero := bytes.IndexByte(payload[:n], 0)
		switch {
		case zero >= 0:
			dst = append(append(dst, byte(zero+1)), payload[:zero]...)
			payload = payload[zero+1:]
		case n < len(payload):
			dst = append(append(dst, cobsRun), payload[:n]...)
			payload = payload[n:]
		default: // the last block
			dst = append(append(dst, byte(n+1)), payload...)
			return append(dst, 0), nil
		}
	}
}

func (cobs) Split(buf []byte, in In) (Part, error) {
	if in.Inside {
		return cobsPiece(buf, in.From)
	}
	empty := 0
	for empty < len(buf) && buf[empty] == 0 {
		empty++
	}
	if empty > 0 {
		return Part{Size: empty, None: true}, nil
	}
	if in.Pieces && len(buf) > 0 {
		return cobsPiece(buf, cobsNote{left: 0, first: true}.pack())
	}
	i := bytes.IndexByte(buf[in.From:], 0)
	n := in.From + i
	if i < 0 {
		n = len(buf)
	}
	part := Part{Least: uint64(max(0, n-1-n/cobsRun))}
	if i < 0 {
		part.Need, part.From = n+1, n
		return part, nil
	}
	part.Size = n + 1
	if !cobsValid(buf[:n]) {
		return part, errCOBS
	}
	part.Off, part.End = 1, 1+uncobs(buf[1:n], buf[0])
	return part, nil
}

var errCOBS = corrupt("a code points past the frame's end")

func cobsValid(b []byte) bool {
	i := 0
	for i < len(b) {
		i += int(b[i])
	}
	return i == len(b)
}

// uncobs decodes b, which follows the code given, in place and returns the payload's size. A code
// byte stands where the zero before it belongs; only behind a run has anything to be moved.
func uncobs(b []byte, code byte) int {
	n, i := 0, 0
	for {
		size := int(code) - 1
		if n != i {
			copy(b[n:], b[i:i+size])
		}
		n, i = n+size, i+size
		if i >= len(b) {
			return n
		}
		next := b[i]
		if code != cobsRun {
			b[n] = 0
			n++
		}
		code = next
		i++
	}
}

// cobsNote is the state between two pieces of a frame.
type cobsNote struct {
	left    int  // bytes of the block that are still to come
	run     bool // no zero follows the block
	first   bool // no block was begun
	damaged bool
}

func (s cobsNote) pack() int {
	from := s.left<<3 | 1<<12
	for i, set := range []bool{s.run, s.first, s.damaged} {
		if set {
			from |= 1 << i
		}
	}
	return from
}

func cobsUnpack(from int) cobsNote {
	return cobsNote{left: from >> 3 & 0xFF, run: from&1 != 0, first: from&2 != 0, damaged: from&4 != 0}
}

// cobsPiece decodes what is there of a frame, in place.
func cobsPiece(buf []byte, from int) (Part, error) {
	s := cobsUnpack(from)
	end := bytes.IndexByte(buf, 0)
	enc := buf
	if end >= 0 {
		enc = buf[:end]
	}
	if s.damaged || end >= 0 && !s.ends(enc) {
		return s.lost(len(enc), end >= 0)
	}
	n, i := 0, 0
	for i < len(enc) {
		if s.left > 0 {
			k := copy(buf[n:], enc[i:min(len(enc), i+s.left)])
			n, i, s.left = n+k, i+k, s.left-k
			continue
		}
		code := enc[i]
		if !s.first && !s.run {
			buf[n] = 0
			n++
		}
		i++
		s = cobsNote{left: int(code) - 1, run: code == cobsRun}
	}
	switch {
	case end >= 0:
		return Part{Size: end + 1, End: n}, nil
	case len(enc) == 0:
		return Part{Need: 1, From: from}, nil
	}
	return Part{Size: len(enc), End: n, More: true, From: s.pack()}, nil
}

// ends tells whether the codes in enc lead exactly to its end.
func (s cobsNote) ends(enc []byte) bool {
	i := s.left
	for i < len(enc) {
		i += int(enc[i])
	}
	return i == len(enc)
}

// lost skips n bytes of a damaged frame, and its end if it is there.
func (s cobsNote) lost(n int, end bool) (Part, error) {
	s.damaged = true
	switch {
	case end:
		return Part{Size: n + 1}, errCOBS
	case n == 0:
		return Part{Need: 1, From: s.pack()}, nil
	}
	return Part{Size: n, More: true, From: s.pack()}, errCOBS
}
