package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parleyproto/parley/frame"
)

var lengthFields = []frame.Format{
	frame.Uint32BE, frame.Uint16LE, frame.Uint64BE,
	frame.LengthField{Offset: 2, Size: 3, Order: binary.LittleEndian, Adjust: -5, Strip: 5},
	frame.LengthField{Size: 2, Adjust: 1, Strip: 2},
}

// However the stream is cut, and whichever frames are taken out half received, the payloads are those
// that were sent, and an error stands where it is.
func TestDivertAnyCut(t *testing.T) {
	diverted := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := lengthFields[r.IntN(len(lengthFields))]
		var wire []byte
		var want [][]byte
		for range 10 {
			p := make([]byte, 3+r.IntN(100)<<r.IntN(7))
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			next, err := f.AppendFrame(wire, p)
			if err == nil {
				wire, want = next, append(want, p)
			}
		}
		d := frame.NewDecoder(f)
		d.MaxFrame = 1 << 16
		at := 0
		for len(want) > 0 {
			if at == len(wire) {
				t.Fatalf("seed %d: %d payloads of format %v did not come", seed, len(want), f)
			}
			n := min(1+r.IntN(2000), len(wire)-at)
			d.Write(wire[at : at+n])
			at += n
			p, err := d.Next()
			for ; err == nil; p, err = d.Next() {
				if !bytes.Equal(p, want[0]) {
					t.Fatalf("seed %d: another payload of %d bytes", seed, len(p))
				}
				want = want[1:]
			}
			if !errors.Is(err, frame.ErrShort) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			begun, rest := d.Begun()
			if rest == 0 || r.IntN(2) == 0 {
				continue
			}
			p = append(bytes.Clone(begun), wire[at:at+rest]...)
			if !bytes.Equal(p, want[0]) {
				t.Fatalf("seed %d: begun with %d bytes, %d to come: another payload", seed, len(begun), rest)
			}
			d.Divert()
			want, at = want[1:], at+rest
			diverted++
		}
		over, _ := frame.Uint32BE.AppendFrame(nil, make([]byte, d.MaxFrame+1))
		d.SetFormat(frame.Uint32BE)
		d.Write(over[:10])
		var e *frame.Error
		if _, err := d.Next(); !errors.As(err, &e) || e.Offset != int64(len(wire)) {
			t.Fatalf("seed %d: %v, want an error at %d", seed, err, len(wire))
		}
		if _, rest := d.Begun(); rest != 0 {
			t.Fatalf("seed %d: a frame that is too large has begun", seed)
		}
	}
	if diverted < 400 {
		t.Errorf("only %d frames were taken out", diverted)
	}
}

// Where no frame can be taken out, Begun says so, and Divert changes nothing.
func TestNothingToDivert(t *testing.T) {
	for _, tt := range []struct {
		name   string
		format frame.Format
		bytes  string
		then   func(*frame.Decoder)
	}{
		{"nothing", frame.Uint8, "", nil},
		{"half a length", frame.Uint32BE, "\x00\x00", nil},
		{"half of what is stripped", frame.LengthField{Size: 1, Strip: 4}, "\x05ab", nil},
		{"a whole frame", frame.Uint8, "\x02ab", nil},
		{"lines", frame.LF, "abc", nil},
		{"a trailer", frame.LengthField{Size: 1, Strip: 1, Trailer: "."}, "\x05ab", nil},
		{"a magic", frame.LengthField{Offset: 1, Size: 1, Strip: 2, Magic: "M"}, "M\x05ab", nil},
		{"a checksum", frame.CRC32C{Format: frame.Uint8}, "\x09ab", nil},
		{"the stream's end", frame.Uint8, "\x05ab", func(d *frame.Decoder) { d.End() }},
		{"a piece was taken", frame.Uint8, "\x05ab", func(d *frame.Decoder) { d.Piece() }},
		{"the size was told", frame.Uint8, "\x05ab", func(d *frame.Decoder) { d.PeekSize() }},
		{"too large", frame.Uint8, "\x05ab", func(d *frame.Decoder) { d.MaxFrame = 4 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := frame.NewDecoder(tt.format)
			d.Write([]byte(tt.bytes))
			if tt.then != nil {
				tt.then(d)
			}
			left := string(d.Buffered())
			if begun, rest := d.Begun(); begun != nil || rest != 0 {
				t.Errorf("%q has begun, %d to come", begun, rest)
			}
			d.Divert()
			if now := string(d.Buffered()); now != left {
				t.Errorf("%q is left, want %q", now, left)
			}
		})
	}
}

// The rest of a large payload is read to where it belongs, without a copy.
func ExampleDecoder_Divert() {
	wire := bytes.NewReader([]byte("\x00\x00\x00\x0ba large one\x00\x00\x00\x02hi"))
	d := frame.NewDecoder(frame.Uint32BE)
	n, _ := wire.Read(d.Space(6)[:6])
	d.Wrote(n)
	_, err := d.Next()
	fmt.Println(err)

	begun, rest := d.Begun()
	payload := make([]byte, len(begun)+rest)
	n = copy(payload, begun)
	d.Divert()
	io.ReadFull(wire, payload[n:])
	fmt.Printf("%s\n", payload)

	n, _ = wire.Read(d.Space(100))
	d.Wrote(n)
	next, _ := d.Next()
	fmt.Printf("%s\n", next)
	// Output:
	// frame: more bytes are needed
	// a large one
	// hi
}
