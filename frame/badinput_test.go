package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/fuzz"
)

// first returns what Next makes of in.
//
//parley:borrows
func first(f frame.Format, in string) ([]byte, error) {
	return frame.NewReader(strings.NewReader(in), f).Next()
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name   string
		format frame.Format
		in     string
		want   error
	}{
		{"length of 2^63", frame.Uint64BE, h("8000000000000000"), frame.ErrCorrupt},
		{"length of 2^64-1", frame.Uint64LE, h("FFFFFFFFFFFFFFFF"), frame.ErrCorrupt},
		{"length of 2^62", frame.Uint64BE, h("4000000000000000"), frame.ErrTooLarge},
		{"negative adjusted length", frame.LengthField{Size: 2, Adjust: -6}, h("0002"), frame.ErrCorrupt},
		{"strip longer than the frame", frame.LengthField{Size: 2, Strip: 9}, h("0003 414243"), frame.ErrCorrupt},
		{"length below the minimum", frame.LengthField{Size: 2, Min: 19}, h("0012"), frame.ErrCorrupt},
		{"varint of eleven 80", frame.Uvarint, strings.Repeat("\x80", 11), frame.ErrCorrupt},
		{"varint of 2^64", frame.Uvarint, h("80808080808080808002"), frame.ErrCorrupt},
		{"varint of 2^63", frame.Uvarint, h("80808080808080808001"), frame.ErrCorrupt},
		{"varint with a zero at its end", frame.Uvarint, h("8000"), frame.ErrCorrupt},
		{"RESP nested 10,000 deep", frame.RESP{}, strings.Repeat("*1\r\n", 10_000), frame.ErrCorrupt},
		{"RESP array of 2^62", frame.RESP{}, "*4611686018427387904\r\n", frame.ErrCorrupt},
		{"header block that never ends", frame.HeaderBlock{Length: "Content-Length"}, strings.Repeat("A: b\r\n", 100_000), frame.ErrTooLarge},
		{"header that never ends", frame.HeaderBlock{Length: "Content-Length"}, strings.Repeat("A", 100_000), frame.ErrTooLarge},
		{"line that never ends", frame.LineCount{}, strings.Repeat("A", 100_000), frame.ErrTooLarge},
		{"decimal of many digits", frame.Netstring, strings.Repeat("9", 100), frame.ErrCorrupt},
		{"line beyond MaxFrame", frame.LF, strings.Repeat("A", frame.DefaultMaxFrame+2), frame.ErrTooLarge},
		{"WebSocket length of 2^63", frame.WebSocket, h("827F8000000000000000"), frame.ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := first(c.format, c.in)
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			fuzz.AllocBound(t, []byte(c.in), 8, 32<<10, func(wire []byte) {
				frame.NewReader(bytes.NewReader(wire), c.format).Next()
			})
		})
	}
}

// A header that promises a gigabyte costs what was received.
func TestMemoryGrowsWithBytesReceived(t *testing.T) {
	for _, n := range []int{4, 1 << 10, 100 << 10} {
		wire := append([]byte{0x40, 0, 0, 0}, make([]byte, n)...)
		fuzz.AllocBound(t, wire, 8, 16<<10, func(wire []byte) {
			r := frame.NewReader(bytes.NewReader(wire), frame.Uint32BE)
			r.MaxFrame = math.MaxInt
			if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
		})
	}
}

// A delimiter cut in the middle, with the payload exactly at the limit.
func TestDelimiterCutAtLimit(t *testing.T) {
	d := frame.NewDecoder(frame.Delimiter("\r\n"))
	d.MaxFrame = 5
	for i, c := range []byte("hello\r\nworld!\r\n") {
		d.Write([]byte{c})
		p, err := d.Next()
		switch {
		case i == 6 && string(p) == "hello" && err == nil:
		case i == 13 && errors.Is(err, frame.ErrTooLarge): // '!' is not the delimiter's beginning
			return
		case err != frame.ErrShort:
			t.Fatalf("byte %d: %q, %v", i, p, err)
		}
	}
	t.Fatal("no error for a payload of 6 bytes with a limit of 5")
}

func TestErrorTellsAll(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\x00\x02hi\x00\x09123456789"), frame.Uint16BE)
	r.MaxFrame = 8
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	_, err := r.Next()
	var e *frame.Error
	if !errors.As(err, &e) || e.Declared != 9 || e.Limit != 8 || e.Offset != 4 || e.Recoverable {
		t.Fatalf("%+v", err)
	}
	r.MaxFrame = 9 // the frame is still there
	if p, err := r.Next(); string(p) != "123456789" || err != nil {
		t.Fatalf("%q, %v", p, err)
	}
}

func TestOptionErrors(t *testing.T) {
	for _, c := range []struct {
		option string
		format frame.Format
	}{
		{"LengthField.Size", frame.LengthField{}},
		{"LengthField.Size", frame.LengthField{Size: 9}},
		{"LengthField.Offset", frame.LengthField{Size: 1, Offset: -1}},
		{"LengthField.Adjust", frame.LengthField{Size: 1, Adjust: math.MinInt}},
		{"LengthField.Strip", frame.LengthField{Size: 1, Strip: -1}},
		{"LengthField.Order", frame.LengthField{Size: 2, Order: binary.NativeEndian}},
		{"LengthField.Magic", frame.LengthField{Size: 1, Magic: "M"}},
		{"LengthField.Min", frame.LengthField{Size: 1, Min: 256}},
		{"LengthField.Trailer", frame.LengthField{Size: 1, Trailer: strings.Repeat("x", 256)}},
		{"Prefix.value", frame.Prefix(200)},
		{"Line.value", frame.Line(9)},
		{"Fixed.size", frame.Fixed(0)},
		{"Literal.bytes", frame.Literal("")},
		{"Delimiter.argument 2", frame.Delimiter("a", "")},
		{"Delimiter.argument 1", frame.Delimiter("\n\n", "\n")},
		{"Varint.Width", frame.Varint{Width: 11}},
		{"Varint.Offset", frame.Varint{Offset: 1}},
		{"Decimal.Sep", frame.Decimal{}},
		{"Decimal.Sep", frame.Decimal{Sep: "0"}},
		{"Decimal.Digits", frame.Decimal{Sep: ":", Digits: 19}},
		{"LengthFunc.Extent", frame.LengthFunc{}},
		{"HeaderBlock.Length", frame.HeaderBlock{}},
		{"HeaderBlock.End", frame.HeaderBlock{Length: "n", End: "\x00"}},
		{"LineCount.Counted.Word", frame.LineCount{Counted: []frame.Counted{{Verb: "PUB"}}}},
		{"LineCount.Counted.Verb", frame.LineCount{Counted: []frame.Counted{{Word: 1}}}},
		{"RESP.Depth", frame.RESP{Depth: -1}},
		{"StartEnd.Start", frame.StartEnd{End: "x"}},
		{"StartEnd.End", frame.StartEnd{Start: "x"}},
		{"CRC32C.Format", frame.CRC32C{}},
		{"Join.Format", frame.Join{}},
		{"FirstByte.Cases", frame.FirstByte{Default: frame.LF}},
		{"FirstByte.Cases", frame.FirstByte{Cases: []frame.Case{{First: 2, Last: 1, Format: frame.LF}}}},
		{"Format.value", frame.FirstByte{Cases: []frame.Case{{First: 2}}}},
		{"Once.First and Then", frame.Once{First: frame.LF}},
		{"LengthField.Size", frame.CRC32C{Format: frame.LengthField{Size: 12}}}, // an option inside
		{"Format.value", nil},
	} {
		_, err := frame.Compile(c.format)
		var e *frame.OptionError
		if !errors.As(err, &e) || e.Format+"."+e.Option != c.option {
			t.Errorf("%#v: %v, want an error about %s", c.format, err, c.option)
			continue
		}
		if _, used := frame.NewReader(strings.NewReader("x"), c.format).Next(); used == nil || used.Error() != err.Error() {
			t.Errorf("Reader: %v, want %v", used, err)
		}
		if used := frame.NewWriter(io.Discard, c.format).WriteFrame(nil); used == nil || used.Error() != err.Error() {
			t.Errorf("Writer: %v, want %v", used, err)
		}
		if c.format != nil {
			if _, used := c.format.AppendFrame(nil, nil); used == nil {
				t.Errorf("%#v: AppendFrame works", c.format)
			}
			if _, used := c.format.Split([]byte("abcdefgh"), frame.In{}); used == nil {
				t.Errorf("%#v: Split works", c.format)
			}
		}
	}
}

// A length that nobody means is not met by advice to raise the limit.
func TestAbsurdLengths(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		absurd   bool
	}{
		{"all ones", "\xff\xff\xff\xff", 0, true},
		{"HTTP", "GET / HTTP/1.1\r\n", 0, true},
		{"indented JSON", "    {}", 0, true},
		{"a little too large", "\x00\x10\x00\x01", 0, false},
		{"large", "\x10\x00\x00\x00", 0, false},
		{"no larger than what is near the limit", "\x7f\xff\xff\xff", 1 << 30, false},
	}
	for _, tt := range tests {
		d := frame.NewDecoder(frame.Uint32BE)
		d.MaxFrame = tt.limit
		d.Write([]byte(tt.in))
		_, err := d.Next()
		if !errors.Is(err, frame.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", tt.name, err)
			continue
		}
		if got := strings.Contains(err.Error(), "not of this format"); got != tt.absurd || got == strings.Contains(err.Error(), "raise MaxFrame") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
