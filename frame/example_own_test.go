package frame_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
)

// hexLines carries each payload as a line of hex digits.
type hexLines struct{}

func (hexLines) AppendFrame(dst, payload []byte) ([]byte, error) {
	return append(hex.AppendEncode(dst, payload), '\n'), nil
}

func (hexLines) Split(buf []byte, in frame.In) (frame.Part, error) {
	i := bytes.IndexByte(buf[in.From:], '\n')
	if i < 0 {
		n := len(buf)
		return frame.Part{Need: n + 1, From: n, Least: uint64(n) / 2}, nil
	}
	end := in.From + i
	if !isHex(buf[:end]) {
		// Size says how to go on: behind this line.
		return frame.Part{Size: end + 1, Least: uint64(end) / 2}, errors.New("not hex digits")
	}
	n, err := hex.Decode(buf, buf[:end]) // in place
	return frame.Part{Size: end + 1, End: n}, err
}

func isHex(b []byte) bool {
	return len(b)%2 == 0 && len(bytes.Trim(b, "0123456789abcdef")) == 0
}

// A format of one's own.
func ExampleFormat() {
	r := frame.NewReader(strings.NewReader("68656c6c6f\nwhat?\n6869\n"), hexLines{})
	for payload, err := range r.Frames() {
		fmt.Printf("%s %v\n", payload, err)
	}
	// Output:
	// hello <nil>
	//  frame: corrupt at offset 11: not hex digits
	// hi <nil>
}

// The laws hold for it too.
func TestHexLines(t *testing.T) {
	frametest.Check(t, frametest.Case{
		Name:     "hex lines",
		Format:   hexLines{},
		Payloads: []string{"", "hello", "\x00\n"},
		Streams:  []string{"abc\n6869\n", "zz\n", "61"},
	})
}
