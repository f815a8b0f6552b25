package fault

import (
	"bytes"
	"io"
	"syscall"
)

// Write writes p, or what the schedule leaves of it.
func (c *Conn) Write(p []byte) (int, error) {
	t := c.next(Write)
	if err := c.begin(Write, t); err != nil {
		return 0, c.wrap(Write, err)
	}
	switch {
	case c.isSilent():
		return len(p), nil
	case t.lose:
		c.count.kind[Lose].Add(1)
		return len(p), nil
	case t.eof || c.hasEnded(Write):
		c.end(Write)
		closeWrite(c.Conn)
		return 0, c.wrap(Write, syscall.EPIPE)
	}
	if t.corrupt >= 0 && len(p) > 0 {
		p = bytes.Clone(p)
		c.corrupt(p, t.corrupt)
	}
	end := c.cut(len(p), t)
	n, err := c.writePieces(p[:end], t.fragment)
	switch {
	case err != nil:
		return n, c.explain(Write, err)
	case t.reset >= 0:
		c.breakDown()
		return n, c.wrap(Write, syscall.ECONNRESET)
	case n < len(p):
		return n, io.ErrShortWrite
	}
	return n, nil
}

// cut returns how many of n bytes pass before a short operation or a reset.
func (c *Conn) cut(n int, t trouble) int {
	if t.short >= 0 && t.short < n {
		c.count.kind[Short].Add(1)
		n = t.short
	}
	if t.reset >= 0 {
		n = min(n, t.reset)
	}
	return n
}

// writePieces writes p in pieces of at most size bytes; 0 means in one.
func (c *Conn) writePieces(p []byte, size int) (int, error) {
	if size == 0 || size >= len(p) {
		return c.Conn.Write(p)
	}
	c.count.kind[Fragment].Add(1)
	written := 0
	for written < len(p) {
		n, err := c.Conn.Write(p[written:min(written+size, len(p))])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// Read reads what the schedule lets through. Bytes that are lost make it read
// again, as the next operation.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		n, lost, err := c.readOnce(p)
		if !lost || err != nil {
			return n, err
		}
	}
}

func (c *Conn) readOnce(p []byte) (n int, lost bool, err error) {
	t := c.next(Read)
	if err := c.begin(Read, t); err != nil {
		return 0, false, c.wrap(Read, err)
	}
	switch {
	case c.isSilent():
		return 0, false, c.wrap(Read, c.wait(Read, forever))
	case t.eof || c.hasEnded(Read):
		c.end(Read)
		return 0, false, io.EOF
	case t.reset == 0:
		c.breakDown()
		return 0, false, c.wrap(Read, syscall.ECONNRESET)
	}
	n, err = c.Conn.Read(c.limited(p, t))
	switch {
	case c.isSilent():
		// The peer vanished while this Read waited for it.
		return 0, false, c.wrap(Read, c.wait(Read, forever))
	case err != nil:
		return n, false, c.explain(Read, err)
	}
	if t.reset > 0 {
		c.breakDown()
	}
	switch {
	case t.lose && n > 0:
		c.count.kind[Lose].Add(1)
		return 0, true, nil
	case t.corrupt >= 0 && n > 0:
		c.corrupt(p[:n], t.corrupt)
	}
	return n, false, nil
}

// limited returns the part of p that a Read may fill.
func (c *Conn) limited(p []byte, t trouble) []byte {
	if t.fragment > 0 && t.fragment < len(p) {
		c.count.kind[Fragment].Add(1)
		p = p[:t.fragment]
	}
	// A Read of no bytes would say nothing to its caller: at least one.
	if t.short >= 0 && max(t.short, 1) < len(p) {
		c.count.kind[Short].Add(1)
		p = p[:max(t.short, 1)]
	}
	if t.reset > 0 {
		p = p[:min(t.reset, len(p))]
	}
	return p
}

func (c *Conn) corrupt(p []byte, i int) {
	p[i%len(p)] ^= 1
	c.count.kind[Corrupt].Add(1)
}

// hasEnded reports whether EOF stood at an earlier operation.
func (c *Conn) hasEnded(op Op) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended[op]
}

// end remembers that a direction has ended.
func (c *Conn) end(op Op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended[op] {
		c.ended[op] = true
		c.count.kind[EOF].Add(1)
	}
}
