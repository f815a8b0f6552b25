package frame_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// ramp is a stream of size bytes, made as it is read. Byte i is i modulo 251, so that one that is
// lost, doubled or in another place shows.
type ramp struct{ at, size int }

func (r *ramp) Read(p []byte) (int, error) {
	if r.at == r.size {
		return 0, io.EOF
	}
	n := min(len(p), r.size-r.at)
	for i := range p[:n] {
		p[i] = byte((r.at + i) % 251)
	}
	r.at += n
	return n, nil
}

// isRamp tells whether b is what a ramp gives.
func isRamp(b []byte) bool {
	for i, c := range b {
		if c != byte(i%251) {
			return false
		}
	}
	return true
}

const mysqlFull = 0xFFFFFF // the body of a packet that the next one continues

// mysqlStream returns the packets of one message with a body of size bytes, and of another, 'x',
// made as they are read.
func mysqlStream(size int) io.Reader {
	body := &ramp{size: size}
	var packets []io.Reader
	for seq, left := byte(0), size; left >= 0; seq++ {
		n := min(left, mysqlFull)
		packets = append(packets, bytes.NewReader([]byte{byte(n), byte(n >> 8), byte(n >> 16), seq}), io.LimitReader(body, int64(n)))
		if left -= n; n < mysqlFull {
			break
		}
	}
	return io.MultiReader(append(packets, bytes.NewReader([]byte{1, 0, 0, 0, 'x'}))...)
}

// Messages of more than 16 MiB, which MySQL sends as several packets. One that fills its packets
// exactly ends with an empty packet.
func TestMySQLJoinsFullPackets(t *testing.T) {
	for _, c := range []struct{ size, read int }{
		{mysqlFull - 1, 64 << 10},
		{mysqlFull, 64 << 10},
		{mysqlFull + 1, 1448},
		{2*mysqlFull + 3, 1 << 20},
	} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			r := frame.NewReader(&counting{src: mysqlStream(c.size), n: c.read}, frame.MySQLMessages)
			r.MaxFrame = 64 << 20
			msg, err := r.Next()
			if err != nil || len(msg) != 1+c.size || msg[0] != 0 || !isRamp(msg[1:]) {
				t.Fatalf("message of %d bytes, error %v, want %d", len(msg), err, 1+c.size)
			}
			wrote := &compare{want: mysqlStream(c.size)}
			w := frame.NewWriter(wrote, frame.MySQLMessages)
			w.MaxFrame = 64 << 20
			if err := w.WriteFrame(msg); err != nil {
				t.Fatal(err)
			}
			want(t, r, "\x00x")
			w.WriteFrame([]byte("\x00x"))
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if n, _ := io.Copy(io.Discard, wrote.want); n > 0 || wrote.different {
				t.Errorf("framed anew: %d bytes are missing, different: %v", n, wrote.different)
			}
		})
	}
}

// compare is a destination for bytes that should be those of want.
type compare struct {
	want      io.Reader
	different bool
	buf       [32 << 10]byte
}

func (c *compare) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), len(c.buf))
		_, err := io.ReadFull(c.want, c.buf[:n])
		c.different = c.different || err != nil || !bytes.Equal(c.buf[:n], rest[:n])
		rest = rest[n:]
	}
	return len(p), nil
}

// Packets that go on for ever are refused once they are more than Max together, and cost no more
// than that.
func TestJoinHasATotalCap(t *testing.T) {
	part := append([]byte{0x00, 0x7D}, make([]byte, 125)...) // a fragment that goes on
	first := bytes.Clone(part)
	first[0] = 0x02
	fuzz.AllocBound(t, nil, 0, 16*frame.DefaultMaxFrame, func([]byte) {
		endless := io.MultiReader(bytes.NewReader(first), &loopSource{data: bytes.Repeat(part, 100)})
		_, err := frame.NewReader(endless, frame.WebSocketMessages).Next()
		var e *frame.Error
		if !errors.As(err, &e) || !errors.Is(err, frame.ErrTooLarge) || e.Limit != frame.DefaultMaxFrame || e.Recoverable {
			t.Errorf("error %v, want a final ErrTooLarge with the limit", err)
		}
	})
}

// Who is idle behind a large message keeps no room for another.
func TestJoinKeepsNoLargeMessage(t *testing.T) {
	var wire bytes.Buffer
	w := frame.NewWriter(&wire, frame.MySQLMessages)
	w.MaxFrame = -1
	for _, size := range []int{4 << 20, 100} {
		if err := w.WriteFrame(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := frame.WriterMemory(w); n > 1<<20 {
		t.Errorf("the writer keeps %d bytes", n)
	}
	r := frame.NewReader(&wire, frame.MySQLMessages)
	r.MaxFrame = -1
	for _, size := range []int{4 << 20, 100} {
		if p, err := r.Next(); len(p) != size || err != nil {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	if n := frame.JoinerMemory(r); n > 1<<20 {
		t.Errorf("the reader keeps %d bytes", n)
	}
}

// A packet out of sequence is no part of the message.
func TestMySQLPacketOutOfSequence(t *testing.T) {
	second := bytes.NewReader([]byte{1, 0, 0, 2, 'x'})
	full := io.MultiReader(bytes.NewReader([]byte{0xFF, 0xFF, 0xFF, 0}), &ramp{size: mysqlFull}, second)
	if _, err := frame.NewReader(full, frame.MySQLMessages).Next(); !errors.Is(err, frame.ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
}
