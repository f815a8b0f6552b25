package framing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/libp2p/go-msgio"
)

const longest = 1 << 20

// cursor is the limit for length prefixes: the stream is copied once, in pieces of 64 KiB, and a
// cursor moves from prefix to prefix. It does not make frames contiguous that lie across two
// pieces: only their bytes are counted.
func cursor(src io.Reader) func() (int, error) {
	buf := make([]byte, chunk)
	at, end := 0, 0
	return func() (int, error) {
		if end-at >= 4 {
			n := int(binary.BigEndian.Uint32(buf[at:]))
			if at+4+n <= end {
				at += 4 + n
				return n, nil
			}
		}
		var head [4]byte
		got := copy(head[:], buf[at:end])
		at = min(end, at+4)
		for got < 4 {
			at = 0
			var err error
			if end, err = src.Read(buf); err != nil {
				return 0, err
			}
			at = copy(head[got:], buf[:end])
			got += at
		}
		n := int(binary.BigEndian.Uint32(head[:]))
		left := n - (end - at)
		for left > 0 {
			var err error
			if end, err = src.Read(buf); err != nil {
				return 0, err
			}
			at = 0
			if left <= end {
				at = left
				return n, nil
			}
			left -= end
		}
		at = end + left
		return n, nil
	}
}

// cursorLines is the limit for lines: one copy in pieces of 64 KiB and bytes.IndexByte.
func cursorLines(src io.Reader) func() (int, error) {
	buf := make([]byte, chunk)
	at, end := 0, 0
	return func() (int, error) {
		n := 0
		for {
			if i := bytes.IndexByte(buf[at:end], '\n'); i >= 0 {
				at += i + 1
				return n + i, nil
			}
			n += end - at
			at = 0
			var err error
			if end, err = src.Read(buf); err != nil {
				return 0, err
			}
		}
	}
}

func scanner(split bufio.SplitFunc) func(io.Reader) func() (int, error) {
	return func(src io.Reader) func() (int, error) {
		s := bufio.NewScanner(src)
		s.Buffer(make([]byte, chunk), longest)
		s.Split(split)
		return func() (int, error) {
			if !s.Scan() {
				return 0, s.Err()
			}
			return len(s.Bytes()), nil
		}
	}
}

func splitUint32(data []byte, atEOF bool) (int, []byte, error) {
	if len(data) < 4 {
		return 0, nil, nil
	}
	n := int(binary.BigEndian.Uint32(data))
	if n > longest {
		return 0, nil, bufio.ErrTooLong
	}
	if len(data) < 4+n {
		return 0, nil, nil
	}
	return 4 + n, data[4 : 4+n], nil
}

func peekDiscard(src io.Reader) func() (int, error) {
	r := bufio.NewReaderSize(src, chunk+4)
	last := 0
	return func() (int, error) {
		r.Discard(last)
		last = 0
		head, err := r.Peek(4)
		if err != nil {
			return 0, err
		}
		n := int(binary.BigEndian.Uint32(head))
		all, err := r.Peek(4 + n)
		last = len(all)
		return len(all) - 4, err
	}
}

func readFull(src io.Reader) func() (int, error) {
	r := bufio.NewReaderSize(src, chunk)
	buf := make([]byte, longest)
	return func() (int, error) {
		if _, err := io.ReadFull(r, buf[:4]); err != nil {
			return 0, err
		}
		n := int(binary.BigEndian.Uint32(buf))
		if n > longest {
			return 0, io.ErrShortBuffer
		}
		return io.ReadFull(r, buf[:n])
	}
}

func readMsgio(src io.Reader) func() (int, error) {
	r := msgio.NewReaderSize(bufio.NewReaderSize(src, chunk), longest)
	return func() (int, error) {
		m, err := r.ReadMsg()
		n := len(m)
		r.ReleaseMsg(m)
		return n, err
	}
}

func readSlice(src io.Reader) func() (int, error) {
	r := bufio.NewReaderSize(src, 2*chunk)
	return func() (int, error) {
		line, err := r.ReadSlice('\n')
		return max(0, len(line)-1), err
	}
}
