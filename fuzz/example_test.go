package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// Reading is a message of a small protocol: the sensor's name and a number.
type Reading struct {
	Sensor string
	Milli  int32
}

func encodeReading(r Reading) ([]byte, error) {
	if len(r.Sensor) > 255 {
		return nil, errors.New("name too long")
	}
	wire := append([]byte{byte(len(r.Sensor))}, r.Sensor...)
	return binary.BigEndian.AppendUint32(wire, uint32(r.Milli)), nil
}

func decodeReading(wire []byte) (r Reading, n int, err error) {
	if len(wire) == 0 {
		return r, 0, io.ErrUnexpectedEOF
	}
	n = 1 + int(wire[0])
	if len(wire) < n+4 {
		return r, 0, io.ErrUnexpectedEOF
	}
	return Reading{string(wire[1:n]), int32(binary.BigEndian.Uint32(wire[n:]))}, n + 4, nil
}

// The laws of a codec, held against whatever bytes the engine finds.
func FuzzReading(f *testing.F) {
	c := fuzz.Codec[Reading]{
		Enc: encodeReading,
		Dec: decodeReading,
		Eq:  func(a, b Reading) bool { return a == b },
	}
	f.Add([]byte("\x03cpu\x00\x00\xa4\x10"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		c.Canonical(t, wire)           // one spelling for each value
		c.Prefix(t, wire)              // what is cut short is an error
		c.Trailing(t, wire)            // a byte more is not part of it
		c.NoAlias(t, wire)             // the value keeps nothing of its input
		c.AllocBound(t, wire, 4, 1024) // a declared length costs nothing
	})
}

// readFrames reads a stream to its end, as a server does.
func readFrames(r io.Reader) (frames [][]byte, err error) {
	for payload, err := range frame.NewReader(r, frame.Uint16BE).Frames() {
		if err != nil {
			return frames, err
		}
		frames = append(frames, bytes.Clone(payload))
	}
	return frames, nil
}

// However the stream is cut, the same frames and the same error.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x00\x05hello\x00\x05wor"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		fuzz.CheckSplit(t, stream, readFrames)
	})
}

// Streams of real messages with something wrong, instead of mere bytes.
func FuzzMutatedStream(f *testing.F) {
	samples := [][]byte{[]byte("\x03cpu\x00\x00\xa4\x10"), []byte("\x00\x00\x00\x00\x01")}
	layout := fuzz.Layout{Format: frame.Uint16BE, MaxPayload: 1 << 16}
	f.Add([]byte{1, 3, 0, 2, 1, 0})
	f.Fuzz(func(t *testing.T, decisions []byte) {
		s := fuzz.NewSource(decisions)
		stream := bytes.Join(fuzz.MutateFrames(s, samples, layout, 3), nil)
		fuzz.CheckSplit(t, stream, readFrames, fuzz.Plan{}, fuzz.PlanFrom(s, len(stream)))
	})
}

// A ring is a queue in a fixed array; beside it stands its model, a slice.
type ring struct {
	buf         [4]byte
	first, used int
	model       []byte
}

var ringMachine = fuzz.Machine[*ring]{
	New: func() *ring { return &ring{} },
	Ops: []fuzz.Op[*ring]{
		{Name: "put", Pre: func(r *ring) bool { return r.used < len(r.buf) }, Run: func(_ testing.TB, r *ring, s *fuzz.Source) {
			b := byte(s.Choose(256))
			r.buf[(r.first+r.used)%len(r.buf)] = b
			r.used++
			r.model = append(r.model, b)
		}},
		{Name: "get", Pre: func(r *ring) bool { return r.used > 0 }, Run: func(t testing.TB, r *ring, _ *fuzz.Source) {
			if r.buf[r.first] != r.model[0] {
				t.Fatalf("ORACLE ring wrong byte")
			}
			r.first, r.used = (r.first+1)%len(r.buf), r.used-1
			r.model = r.model[1:]
		}},
	},
	State: func(r *ring) uint64 { return uint64(r.first<<8 | r.used) },
}

func FuzzRing(f *testing.F) {
	put := func(b int) fuzz.Call {
		return fuzz.Call{Op: "put", Args: func(w *fuzz.Script) { w.Choose(256, b) }}
	}
	f.Add(ringMachine.Encode(f, put(1), put(2), fuzz.Call{Op: "get"}))
	f.Fuzz(func(t *testing.T, script []byte) { ringMachine.Fuzz(t, script) })
}

func ExampleSource() {
	s := fuzz.NewSource([]byte{2, 4, 7, 'm', 'o', 'd', 'e'})
	ops := []string{"open", "send", "close"}
	fmt.Println(ops[s.Choose(len(ops))])
	fmt.Printf("%q\n", s.Payload(100)) // its length from the front, its bytes from the back
	fmt.Println(s.Choose(10), s.Len())
	fmt.Println(s.Choose(10)) // the input is used up
	// Output:
	// close
	// "edom"
	// 7 0
	// 0
}

func ExampleScript() {
	var w fuzz.Script
	w.Choose(3, 2)
	w.Payload(100, []byte("edom"))
	fmt.Println(w.Bytes())
	// Output: [2 4 109 111 100 101]
}

func ExampleSplitReader() {
	plan := fuzz.Plan{Sizes: []int{2, 0, 3}, WithEOF: true}
	r := fuzz.SplitReader(bytes.NewReader([]byte("hello world")), plan)
	p := make([]byte, 100)
	for {
		n, err := r.Read(p)
		fmt.Printf("%q %v\n", p[:n], err)
		if err != nil {
			break
		}
	}
	// Output:
	// "he" <nil>
	// "" <nil>
	// "llo" <nil>
	// " world" EOF
}

func ExampleMutateFrames() {
	samples := [][]byte{[]byte("one"), []byte("two")}
	layout := fuzz.Layout{Format: frame.Uint16BE}
	for _, decisions := range []string{"\x00\x00\x00\x02", "\x00\x03\x01\x02", "\x00\x01\x00\x01\x00\x04\x00\x01\x00"} {
		s := fuzz.NewSource([]byte(decisions))
		fmt.Printf("%q\n", fuzz.MutateFrames(s, samples, layout, 3))
	}
	// Output:
	// ["\x00\x03one" "\x00\x03two" "\x00\x03one"]
	// ["\x00\x03one" "\x00\x02tw"]
	// ["\x00\x02two"]
}

// The state of a machine that is driven by a table is news to the engine, which
// would otherwise see the same code again.
func ExampleObserve() {
	transitions := map[string]int{"hello": 1, "agree": 2, "data": 3}
	state := 0
	for _, event := range []string{"hello", "agree"} {
		if next := transitions[event]; next == state+1 {
			state = next
			fuzz.Observe(uint64(state))
		}
	}
	fmt.Println(state)
	// Output: 2
}
