package frame

import (
	"encoding/binary"
	"hash/crc32"
)

// CRC32C wraps another format: each payload carries its CRC-32C (Castagnoli, as in RFC 3720) at
// its end. A frame whose checksum is wrong is lost alone; reading goes on behind it.
type CRC32C struct {
	Format Format // of the frames
	Text   bool   // the checksum is 8 lower-case hex digits; otherwise 4 bytes, little-endian
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Compile implements [Compiler].
func (c CRC32C) Compile() (Format, error) {
	if c.Format == nil {
		return nil, badOption("CRC32C", "Format", "nil", "the format of the frames is required")
	}
	inner, err := Compile(c.Format)
	if err != nil {
		return nil, err
	}
	return CRC32C{Format: inner, Text: c.Text}, nil
}

// Fresh implements [Stateful].
func (c CRC32C) Fresh() Format {
	if _, err := c.Compile(); err != nil {
		return invalid{err}
	}
	return &crcFrames{inner: fresh(c.Format), text: c.Text}
}

func (c CRC32C) AppendFrame(dst, payload []byte) ([]byte, error) {
	return c.Fresh().AppendFrame(dst, payload)
}

func (c CRC32C) Split(buf []byte, in In) (Part, error) { return c.Fresh().Split(buf, in) }

// crcFrames is a CRC32C and its state between the pieces of a frame.
type crcFrames struct {
	inner Format
	text  bool
	out   []byte // a payload with its checksum, to be framed

	sum  uint32 // of the pieces handed out
	tail [8]byte
	kept int // bytes in tail: the last ones seen, which may be the checksum
}

func (c *crcFrames) width() int {
	if c.text {
		return 8
	}
	return 4
}

func (c *crcFrames) appendSum(dst []byte, sum uint32) []byte {
	if c.text {
		for shift := 28; shift >= 0; shift -= 4 {
			dst = append(dst, "0123456789abcdef"[sum>>shift&0xF])
		}
		return dst
	}
	return binary.LittleEndian.AppendUint32(dst, sum)
}

func (c *crcFrames) AppendFrame(dst, payload []byte) ([]byte, error) {
	c.out = c.appendSum(append(c.out[:0], payload...), crc32.Checksum(payload, castagnoli))
	return c.inner.AppendFrame(dst, c.out)
}

// Held implements [Holder].
func (c *crcFrames) Held() []byte {
	p := c.inner.(Holder).Held()
	return p[:len(p)-c.width()]
}

var errChecksum = corrupt("wrong checksum")

func (c *crcFrames) Split(buf []byte, in In) (Part, error) {
	part, err := c.inner.Split(buf, in)
	part.Least -= min(part.Least, uint64(c.width()))
	if err != nil || part.Size == 0 || part.None {
		return part, err
	}
	if in.Inside || part.More {
		return c.piece(buf, part, in.Inside)
	}
	body := buf[part.Off:part.End]
	if part.Held {
		body = c.inner.(Holder).Held()
	}
	n := len(body) - c.width()
	if n < 0 {
		return Part{Size: part.Size, Least: part.Least, Exact: part.Exact}, errChecksum
	}
	part.End -= c.width()
	if part.Held {
		part.End = part.Off
	}
	if !c.matches(crc32.Checksum(body[:n], castagnoli), body[n:]) {
		part.Least = uint64(n)
		return part, errChecksum
	}
	return part, nil
}

func (c *crcFrames) matches(sum uint32, tail []byte) bool {
	var b [8]byte
	return string(c.appendSum(b[:0], sum)) == string(tail)
}

// piece hands out a piece with its last bytes held back, since they may be the checksum, and
// those held back before in front. They take each other's room.
func (c *crcFrames) piece(buf []byte, part Part, inside bool) (Part, error) {
	if !inside {
		c.sum, c.kept = 0, 0
	}
	body := buf[part.Off:part.End]
	all := c.kept + len(body)
	keep := min(all, c.width())
	n := all - keep // bytes to hand out
	var last [8]byte
	for i := range keep {
		if at := n + i; at < c.kept {
			last[i] = c.tail[at]
		} else {
			last[i] = body[at-c.kept]
		}
	}
	if n > 0 {
		front := min(n, c.kept)
		copy(body[front:n], body[:n-front])
		copy(body, c.tail[:front])
	}
	part.End = part.Off + n
	c.tail, c.kept = last, keep
	c.sum = crc32.Update(c.sum, castagnoli, body[:n])
	if part.More {
		return part, nil
	}
	ok := keep == c.width() && c.matches(c.sum, c.tail[:keep])
	if !ok {
		return Part{Size: part.Size}, errChecksum
	}
	return part, nil
}
