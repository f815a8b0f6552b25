package frame_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
)

// What a vector expects besides payloads.
const (
	tooLarge = "‹too large›"
	corrupt  = "‹corrupt›"
	cutOff   = "‹cut off›" // the stream ends inside a frame
)

// h is hex, spaces ignored.
func h(s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

const hello = "HELLO, WORLD"

// vectors are the cases of Netty's own decoder tests, and of what follows from its source. A
// payload limit of theirs that counts the whole frame is given here for the payload. differs says
// why our answer is another one; no text means that it is the same.
var vectors = []struct {
	name    string
	format  frame.Format
	max     int
	in      string
	want    []string
	differs string
}{
	{"length 1 too large, then a good one", frame.LengthField{Size: 4}, 16, h("00000020") + strings.Repeat("x", 32) + h("00000001 61"), []string{tooLarge, h("00000001 61")}, ""},
	{"length 3 fail slow", frame.LengthField{Size: 4, Strip: 4}, 1, h("00000002 0000 00000001 41"), []string{tooLarge, "A"}, "Netty has fast and slow; ours always fails as soon as the size is known"},
	{"length 4 twice", frame.LengthField{Size: 4, Strip: 4}, 1, h("00000002 0000 00000001 41 00000002 0000 00000001 41"), []string{tooLarge, "A", tooLarge, "A"}, ""},
	{"length 5", frame.LengthField{Size: 2}, 0, h("000C") + hello, []string{h("000C") + hello}, ""},
	{"length 6 stripped", frame.LengthField{Size: 2, Strip: 2}, 0, h("000C") + hello, []string{hello}, ""},
	{"length 7 counts itself", frame.LengthField{Size: 2, Adjust: -2}, 0, h("000E") + hello, []string{h("000E") + hello}, ""},
	{"length 8 behind a header", frame.LengthField{Offset: 2, Size: 3}, 0, h("CAFE 00000C") + hello, []string{h("CAFE 00000C") + hello}, ""},
	{"length 9 before a header", frame.LengthField{Size: 3, Adjust: 2}, 0, h("00000C CAFE") + hello, []string{h("00000C CAFE") + hello}, ""},
	{"length 10 between two headers", frame.LengthField{Offset: 1, Size: 2, Adjust: 1, Strip: 3}, 0, h("CA 000C FE") + hello, []string{h("FE") + hello}, ""},
	{"length 11 counts all", frame.LengthField{Offset: 1, Size: 2, Adjust: -3, Strip: 3}, 0, h("CA 0010 FE") + hello, []string{h("FE") + hello}, ""},
	{"length 12 ends before its field", frame.LengthField{Size: 2, Adjust: -2}, 1400, h("0000 0004 4142"), []string{corrupt}, "Netty skips the two bytes and goes on with 00044142; without a magic nothing says that a frame begins there"},
	{"length 13 negative", frame.LengthField{Size: 8}, 100, h("FFFFFFFFFFFFFFFF"), []string{corrupt}, ""},
	{"length 14 strip beyond the frame", frame.LengthField{Size: 2, Strip: 5}, 100, h("0001 41"), []string{corrupt}, "Netty's decoder never leaves this frame again; ours says so for good"},
	{"length 15 limit below the header", frame.LengthField{Size: 4}, 3, h("00000000"), []string{tooLarge}, "Netty refuses to be made; our limit may change at run time, so it is checked frame by frame"},
	{"fixed 16", frame.Fixed(3), 0, "ABCDEFGHI", []string{"ABC", "DEF", "GHI"}, ""},
	{"fixed 17", frame.Fixed(3), 0, h("000102 030405 060708 09"), []string{h("000102"), h("030405"), h("060708"), cutOff}, "Netty drops a partial frame at the end without a word"},
	{"line 18", frame.LF, 8192, "first\r\nsecond\nthird", []string{"first", "second", cutOff}, "as above"},
	{"line 19 delimiters kept", frame.LF, 8192, "first\r\nsecond\n", []string{"first", "second"}, "we have no option to keep them: a payload that holds its delimiter could not be framed again"},
	{"line 20 too long", frame.LF, 16, "12345678901234567890\r\nfirst\nsecond", []string{tooLarge, "first", cutOff}, ""},
	{"line 21, 22 too long, cut", frame.LF, 16, "12345678901234567890123\r\nfirst\r\n", []string{tooLarge, "first"}, ""},
	{"line 23", frame.LF, 0, "line\r\n.\r\n", []string{"line", "."}, ""},
	{"line 24 CR at a cut", frame.LF, 0, "huuhaa\r\nhuuhaa\r\n", []string{"huuhaa", "huuhaa"}, ""},
	{"line 25 empty", frame.LF, 0, "\nabcna\r\n", []string{"", "abcna"}, ""},
	{"line 26 too long", frame.LF, 2, h("0001020304 0A 35 0A"), []string{tooLarge, "5"}, ""},
	{"line 27 lone CR", frame.LF, 0, "a\rb\n\r\n\n", []string{"a\rb", "", ""}, ""},
	{"line, limit at the CR", frame.LF, 5, "hello\r\nworld\n", []string{"hello", "world"}, "Netty takes the CR for a sixth byte when the LF comes in the next read"},
	{"delimiter 28, 29", frame.Delimiter("\r\n", "\n"), 0, "TestLine\r\ng\r\n", []string{"TestLine", "g"}, ""},
	{"delimiter 30 kept", frame.Delimiter("\r\n"), 0, "TestLine\r\ng\r\n", []string{"TestLine", "g"}, "as line 19"},
	{"delimiter 31, 32 too long", frame.Delimiter("\x00"), 1, h("0102 00 4100 0102 00 4100"), []string{tooLarge, "A", tooLarge, "A"}, ""},
	{"delimiter 33", frame.Delimiter("\x00"), 8, "TestLine\x00abc\x00", []string{"TestLine", "abc"}, ""},
	{"delimiter cut at the limit", frame.Delimiter("aab"), 3, "xxxaabxxxxaabyaab", []string{"xxx", tooLarge, "y"}, "Netty, discarding, eats the first half of a delimiter that a cut divides"},
	{"varint 34", frame.Uvarint, 0, h("04 01010101"), []string{h("01010101")}, ""},
	{"varint 35", frame.Uvarint, 0, h("FE0F") + strings.Repeat("\x01", 2046), []string{strings.Repeat("\x01", 2046)}, ""},
	{"varint 37 five bytes and on", frame.Varint{Width: 5}, 0, h("FFFFFFFFFF"), []string{corrupt}, ""},
	{"varint 37 2^32-1", frame.Varint{Width: 5}, 0, h("FFFFFFFF0F"), []string{tooLarge, cutOff}, "Netty reads a negative int32; a length has no sign, so this one is only too large"},
	{"good frames before a bad one", frame.LengthField{Size: 2, Adjust: -2, Strip: 2}, 0, h("0003 41 0003 42 0000"), []string{"A", "B", corrupt}, "Netty throws first and hands out the good ones at the next read"},
	{"a frame behind an error", frame.LengthField{Offset: 1, Size: 1, Strip: 2, Adjust: -2, Magic: "M"}, 0, h("4D 00 4D 03 41"), []string{corrupt, "A"}, "Netty loses what stands behind the error in the same read, or loses step"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			r := frame.NewReader(strings.NewReader(v.in), v.format)
			r.MaxFrame, r.Oversize = v.max, frame.Skip
			var got []string
			for {
				p, err := r.Next()
				if err == io.EOF {
					break
				}
				e, name := (*frame.Error)(nil), string(p)
				switch {
				case errors.Is(err, frame.ErrTooLarge):
					name = tooLarge
				case errors.Is(err, frame.ErrCorrupt):
					name = corrupt
				case errors.Is(err, io.ErrUnexpectedEOF):
					name = cutOff
				}
				got = append(got, name)
				if errors.As(err, &e) && !e.Recoverable {
					break
				}
			}
			if !slices.Equal(got, v.want) {
				t.Errorf("got %q, want %q", got, v.want)
			}
			frametest.Split(t, v.format, []byte(v.in))
		})
	}
}

func TestEncodeVectors(t *testing.T) {
	for _, v := range []struct {
		name    string
		format  frame.Format
		payload string
		want    string // the first bytes of the frame; "" is an error
	}{
		{"varint 36: 10", frame.Uvarint, strings.Repeat("x", 10), h("0A")},
		{"varint 36: 266", frame.Uvarint, strings.Repeat("x", 266), h("8A02")},
		{"varint 36: 0x4000", frame.Uvarint, strings.Repeat("x", 0x4000), h("808001")},
		{"varint 36: 0x200000", frame.Uvarint, strings.Repeat("x", 0x200000), h("80808001")},
		{"prepend 38", frame.LengthField{Size: 4, Strip: 4}, "A", h("00000001 41")},
		{"prepend 38 length counted", frame.LengthField{Size: 4, Strip: 4, Adjust: -4}, "A", h("00000005 41")},
		{"prepend 38 one less", frame.LengthField{Size: 4, Strip: 4, Adjust: 1}, "A", h("00000000 41")},
		{"prepend 38 two less", frame.LengthField{Size: 4, Strip: 4, Adjust: 2}, "A", ""},
		{"prepend 38 little-endian", frame.LengthField{Size: 4, Strip: 4, Order: binary.LittleEndian}, "A", h("01000000 41")},
	} {
		got, err := v.format.AppendFrame(nil, []byte(v.payload))
		if v.want == "" && !errors.Is(err, frame.ErrPayload) || v.want != "" && !bytes.HasPrefix(got, []byte(v.want)) {
			t.Errorf("%s: % x…, error %v; want % x…", v.name, got[:min(8, len(got))], err, v.want)
		}
	}
}

// Vector 39: who stops after the first frame still has the rest.
func TestBufferedAfterFrame(t *testing.T) {
	r := frame.NewReader(strings.NewReader("abc"), frame.Fixed(1))
	p, err := r.Next()
	if err != nil || string(p) != "a" || string(r.Buffered()) != "bc" {
		t.Errorf("%q, %v, buffered %q", p, err, r.Buffered())
	}
}
