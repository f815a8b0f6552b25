package wire_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/wire"
)

func properties() *gopter.Properties {
	return gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
}

// The uvarint is encoding/binary's, but for what is not the shortest form.
func TestUvarint(t *testing.T) {
	p := properties()
	p.Property("round trip, size and std agree", prop.ForAll(func(x uint64, shift uint8) bool {
		x >>= shift % 64
		std := binary.AppendUvarint([]byte{7}, x)
		b := make([]byte, 1+wire.UvarintSize(x))
		b[0] = 7
		end := wire.PutUvarint(b, 1, x)
		got, next := wire.Uvarint(b, 1)
		return bytes.Equal(b, std) && end == len(b) && got == x && next == len(b) &&
			bytes.Equal(wire.AppendUvarint([]byte{7}, x), std)
	}, gen.UInt64(), gen.UInt8()))
	p.Property("zigzag", prop.ForAll(func(x int64, shift uint8) bool {
		x >>= shift % 64
		return wire.Unzigzag(wire.Zigzag(x)) == x && wire.Zigzag(x) < math.MaxUint64>>(shift%64) || x < 0
	}, gen.Int64(), gen.UInt8()))
	p.TestingRun(t)
}

func TestBadUvarint(t *testing.T) {
	for _, test := range []struct {
		src  []byte
		want error
	}{
		{nil, io.ErrUnexpectedEOF},
		{[]byte{0x80}, io.ErrUnexpectedEOF},
		{[]byte{0x80, 0}, codec.ErrCanonical},
		{[]byte{0xff, 0x80, 0}, codec.ErrCanonical},
		{bytes.Repeat([]byte{0xff}, 9), io.ErrUnexpectedEOF},
		{append(bytes.Repeat([]byte{0xff}, 9), 2), codec.ErrCanonical},
		{bytes.Repeat([]byte{0xff}, 10), codec.ErrCanonical},
	} {
		if _, next := wire.Uvarint(test.src, 0); next >= 0 {
			t.Errorf("% x is taken", test.src)
		}
		if err := wire.BadUvarint("F", test.src, 0); !errors.Is(err, test.want) {
			t.Errorf("% x: %v, want %v", test.src, err, test.want)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, test := range []struct {
		t  time.Time
		ok bool
	}{
		{time.Time{}, true},
		{time.Unix(0, 0), true},
		{time.Unix(0, math.MinInt64+1), true},
		{time.Unix(0, math.MaxInt64), true},
		{time.Unix(0, math.MinInt64), false}, // it stands for the zero time
		{time.Unix(0, math.MaxInt64).Add(1), false},
		{time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{time.Unix(-1, 999999999), true},
	} {
		n, ok := wire.Nanos(test.t)
		if ok != test.ok {
			t.Errorf("Nanos(%v) = %d, %t", test.t, n, ok)
		}
		if back := wire.Time(n); ok && (!back.Equal(test.t) || back.Location() != time.UTC) {
			t.Errorf("%v comes back as %v", test.t, back)
		}
	}
}

func TestAddr(t *testing.T) {
	for _, s := range []string{"10.0.0.1", "::1", "::ffff:10.0.0.1"} {
		a := netip.MustParseAddr(s)
		b := make([]byte, wire.AddrSize(a))
		if end := wire.PutAddr(b, 0, a); end != len(b) {
			t.Errorf("%v: wrote %d of %d bytes", a, end, len(b))
		}
		if got, next, ok := wire.Addr(b, 0); got != a || next != len(b) || !ok {
			t.Errorf("%v comes back as %v, %d, %t", a, got, next, ok)
		}
		if _, next, _ := wire.Addr(b[:len(b)-1], 0); next >= 0 {
			t.Errorf("%v: a prefix is taken", a)
		}
	}
	if _, _, ok := wire.Addr([]byte{5, 1, 2, 3, 4, 5}, 0); ok {
		t.Error("an address of 5 bytes is taken")
	}
}

// Everything that is appended as text is JSON, and comes back.
func TestTextRoundTrip(t *testing.T) {
	p := properties()
	p.Property("strings", prop.ForAll(func(s string) bool {
		b := wire.AppendText(nil, s)
		var std string
		text := wire.NewText(b, 0)
		return json.Unmarshal(b, &std) == nil && std == s && text.String() == s && text.Err() == nil && !bytes.ContainsRune(b, '\n')
	}, gen.AnyString()))
	p.Property("integers", prop.ForAll(func(i int64, u uint64, shift uint8) bool {
		i, u = i>>(shift%64), u>>(shift%64)
		a, b := wire.NewText(wire.AppendInt(nil, i), 0), wire.NewText(wire.AppendUint(nil, u), 0)
		return a.Int(64) == i && b.Uint(64) == u && a.Err() == nil && b.Err() == nil
	}, gen.Int64(), gen.UInt64(), gen.UInt8()))
	p.Property("floats by their bits", prop.ForAll(func(u uint64) bool {
		f, g := math.Float64frombits(u), math.Float32frombits(uint32(u))
		a, b := wire.NewText(wire.AppendFloat64(nil, f), 0), wire.NewText(wire.AppendFloat32(nil, g), 0)
		return math.Float64bits(a.Float64()) == u && math.Float32bits(b.Float32()) == uint32(u)
	}, gen.OneGenOf(gen.UInt64(), gen.UInt64Range(0x7ff0000000000000, 0x7ff0000000000003), gen.UInt64Range(0x7f800000, 0x7f800003))))
	p.Property("bytes, durations", prop.ForAll(func(b []byte, d int64) bool {
		x, y := wire.NewText(wire.AppendBase64(nil, b), 0), wire.NewText(wire.AppendDuration(nil, time.Duration(d)), 0)
		return bytes.Equal(x.Base64(), b) && y.Duration() == time.Duration(d) && x.Err() == nil && y.Err() == nil
	}, gen.SliceOf(gen.UInt8()), gen.Int64()))
	p.TestingRun(t)
}

// The text reader takes what encoding/json takes, but for invalid UTF-8 and for nesting.
func FuzzTextSkip(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,"\u00e4\n",true,false,null,{}]}`, `"\ud83d\ude00"`, `[`, `01`, `-`, `1.`, `nul`, `"\ud800"`, " [ ] "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text := wire.NewText(b, 0)
		text.Skip()
		text.End()
		err := text.Err()
		if err == nil && !json.Valid(b) {
			t.Errorf("%q is taken", b)
		}
		if json.Valid(b) && err != nil && !errors.Is(err, codec.ErrUTF8) && !errors.Is(err, codec.ErrDepth) && !bytes.Contains(b, []byte(`\u`)) {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func TestPaths(t *testing.T) {
	err := wire.In(wire.In(wire.Bad("Note", 3, codec.ErrRange), wire.Index("Points", 2)), wire.Key("Rooms", "hall"))
	want := `codec: decode Lists.Rooms["hall"].Points[2].Note at v3, byte 3: value out of range`
	if got := wire.Of(err, "Lists", 3).Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run := []wire.Width{{Path: "A", Bytes: 2}, {Path: "B", Bytes: 4}}
	var de *codec.DecodeError
	if err := wire.ShortRun(make([]byte, 5), 0, run...); !errors.As(err, &de) || de.Path != "B" || de.Offset != 5 {
		t.Errorf("got %v", err)
	}
}
