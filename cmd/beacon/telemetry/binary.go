package telemetry

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/parleyproto/parley/codec"
)

// binaryCodec is version 2:
//
//	id=1 │ device │ sensor │ n (8) │ at, unix ns (8) │ value, IEEE 754 (8) │ unit
//
// Strings have a length of one byte before them; integers are big-endian.
type binaryCodec struct{}

const readingID = 1

func (binaryCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	r, ok := m.(*Reading)
	if !ok {
		return dst, &codec.MessageError{Version: 2, GoType: fmt.Sprintf("%T", m)}
	}
	if len(r.Device) > MaxName || len(r.Sensor) > MaxName || len(r.Unit) > MaxUnit {
		return dst, &codec.EncodeError{Type: "Reading", Version: 2, Err: errors.New("a name or the unit is too long")}
	}
	dst = append(dst, readingID)
	dst = appendString(dst, r.Device)
	dst = appendString(dst, r.Sensor)
	dst = binary.BigEndian.AppendUint64(dst, r.N)
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.At.UnixNano()))
	dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(r.Value))
	return appendString(dst, r.Unit), nil
}

func (binaryCodec) Decode(src []byte) (codec.Message, error) {
	c := cursor{src: src}
	if c.uint8() != readingID && c.err == nil {
		c.err = errors.New("unknown message id")
	}
	r := &Reading{Device: c.string(MaxName), Sensor: c.string(MaxName)}
	r.N = c.uint64()
	r.At = time.Unix(0, int64(c.uint64())).UTC()
	r.Value = math.Float64frombits(c.uint64())
	r.Unit = c.string(MaxUnit)
	if c.err == nil && c.off != len(src) {
		c.err = errors.New("bytes after the message's end")
	}
	if c.err != nil {
		return nil, &codec.DecodeError{Type: "Reading", Version: 2, Offset: c.off, Err: c.err}
	}
	return r, nil
}

func appendString(dst []byte, s string) []byte {
	return append(append(dst, byte(len(s))), s...)
}

// cursor reads fields from src; its first error stays.
type cursor struct {
	src []byte
	off int
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err == nil && len(c.src)-c.off < n {
		c.err = errors.New("the message ends early")
	}
	if c.err != nil {
		return nil
	}
	c.off += n
	return c.src[c.off-n : c.off]
}

func (c *cursor) uint8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if b := c.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) string(max int) string {
	n := int(c.uint8())
	if n > max && c.err == nil {
		c.err = errors.New("a string is longer than its limit")
	}
	return string(c.take(n))
}
