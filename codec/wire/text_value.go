package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/parleyproto/parley/codec"
)

// escaped goes on with a string at its first backslash; s holds what came before.
func (t *Text) escaped(s []byte) []byte {
	for t.i < len(t.src) {
		c := t.src[t.i]
		switch {
		case c == '"':
			if !utf8.Valid(s) {
				t.Fail(codec.ErrUTF8)
				return nil
			}
			t.i++
			return s
		case c < ' ':
			t.syntax()
			return nil
		case c != '\\':
			s = append(s, c)
			t.i++
		default:
			r, ok := t.escape()
			if !ok {
				t.syntax()
				return nil
			}
			s = utf8.AppendRune(s, r)
		}
	}
	t.syntax()
	return nil
}

// escape takes one escape sequence, or a pair of them that make one surrogate pair.
func (t *Text) escape() (rune, bool) {
	if t.i++; t.i >= len(t.src) {
		return 0, false
	}
	c := t.src[t.i]
	if c != 'u' {
		k := strings.IndexByte(`"\/bfnrt`, c)
		if k < 0 {
			return 0, false
		}
		t.i++
		return rune("\"\\/\b\f\n\r\t"[k]), true
	}
	r, ok := t.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if t.i+1 >= len(t.src) {
		t.i = len(t.src)
		return 0, false
	}
	if t.src[t.i] != '\\' || t.src[t.i+1] != 'u' {
		return 0, false
	}
	t.i++
	low, ok := t.hex4()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

// hex4 takes the u that the cursor stands at and four hexadecimal digits.
func (t *Text) hex4() (rune, bool) {
	if len(t.src)-t.i < 5 {
		t.i = len(t.src)
		return 0, false
	}
	var b [2]byte
	if _, err := hex.Decode(b[:], t.src[t.i+1:t.i+5]); err != nil {
		return 0, false
	}
	t.i += 5
	return rune(b[0])<<8 | rune(b[1]), true
}

// number takes a JSON number and returns its text.
func (t *Text) number() string {
	t.peek()
	start := t.i
	digits := func() {
		n := t.i
		for t.i < len(t.src) && '0' <= t.src[t.i] && t.src[t.i] <= '9' {
			t.i++
		}
		if t.i == n {
			t.syntax()
		}
	}
	at := func(set string) bool { return t.i < len(t.src) && strings.IndexByte(set, t.src[t.i]) >= 0 }
	if at("-") {
		t.i++
	}
	if at("0") {
		t.i++
	} else {
		digits()
	}
	if at(".") {
		t.i++
		digits()
	}
	if at("eE") {
		if t.i++; at("+-") {
			t.i++
		}
		digits()
	}
	if t.err != nil {
		return ""
	}
	return string(t.src[start:t.i])
}

// integer returns the text of a number or of a string that holds one.
func (t *Text) integer() string {
	if t.peek() != '"' {
		return t.number()
	}
	s := string(t.string())
	if digits := strings.TrimPrefix(s, "-"); t.err == nil && (digits == "" || digits[0] == '+' || len(digits) > 1 && digits[0] == '0') {
		t.Fail(codec.ErrSyntax)
	}
	return s
}

// failNumber turns an error of strconv into ours.
func (t *Text) failNumber(err error) {
	if err == nil || t.err != nil {
		return
	}
	if strings.HasSuffix(err.Error(), strconv.ErrRange.Error()) {
		t.Fail(codec.ErrRange)
	} else {
		t.Fail(codec.ErrSyntax)
	}
}

// Bool takes true or false.
func (t *Text) Bool() bool {
	if t.peek() == 't' {
		t.literal("true")
		return t.err == nil
	}
	t.literal("false")
	return false
}

// Int takes an integer of so many bits, a number or a string.
func (t *Text) Int(bits int) int64 {
	x, err := strconv.ParseInt(t.integer(), 10, bits)
	t.failNumber(err)
	return x
}

// Uint takes an unsigned integer of so many bits, a number or a string.
func (t *Text) Uint(bits int) uint64 {
	x, err := strconv.ParseUint(t.integer(), 10, bits)
	t.failNumber(err)
	return x
}

// Float64 takes what [AppendFloat64] writes, or any other JSON number.
func (t *Text) Float64() float64 {
	if t.peek() != '"' {
		x, err := strconv.ParseFloat(t.number(), 64)
		t.failNumber(err)
		return x
	}
	x, bits, ok := t.special(16)
	if ok {
		return x
	}
	if x = math.Float64frombits(bits); !math.IsNaN(x) {
		t.Fail(codec.ErrSyntax)
	}
	return x
}

// Float32 takes what [AppendFloat32] writes, or any other JSON number in its range.
func (t *Text) Float32() float32 {
	if t.peek() != '"' {
		x, err := strconv.ParseFloat(t.number(), 32)
		t.failNumber(err)
		return float32(x)
	}
	x, bits, ok := t.special(8)
	if ok {
		return float32(x)
	}
	f := math.Float32frombits(uint32(bits))
	if f == f {
		t.Fail(codec.ErrSyntax)
	}
	return f
}

// special takes a string for what is no JSON number: a value, or a NaN's bits in so many
// hexadecimal digits.
func (t *Text) special(digits int) (x float64, bits uint64, isValue bool) {
	switch s := string(t.string()); s {
	case "NaN":
		return math.NaN(), 0, true
	case "+Inf":
		return math.Inf(1), 0, true
	case "-Inf":
		return math.Inf(-1), 0, true
	default:
		rest, _ := strings.CutPrefix(s, "NaN:")
		bits, err := strconv.ParseUint(rest, 16, 64)
		if err != nil || len(rest) != digits || len(s) != digits+4 {
			t.Fail(codec.ErrSyntax)
		}
		return 0, bits, false
	}
}

// String takes a string.
func (t *Text) String() string { return string(t.string()) }

// Base64 takes a string in base64 and returns its bytes, nil if there are none.
func (t *Text) Base64() []byte {
	s := t.string()
	b := make([]byte, 0, base64.StdEncoding.DecodedLen(len(s)))
	b, err := base64.StdEncoding.Strict().AppendDecode(b, s)
	if err != nil || bytes.ContainsAny(s, "\r\n") { // which the standard library skips
		t.Fail(codec.ErrSyntax)
	}
	if len(b) == 0 {
		return nil
	}
	return b
}

// FixedBase64 takes a string in base64 of as many bytes as dst has.
func (t *Text) FixedBase64(dst []byte) {
	if b := t.Base64(); len(b) == len(dst) {
		copy(dst, b)
	} else {
		t.Fail(codec.ErrRange)
	}
}

// Time takes a string in the form of RFC 3339.
func (t *Text) Time() time.Time {
	x, err := time.Parse(time.RFC3339Nano, t.String())
	if err != nil {
		t.Fail(codec.ErrSyntax)
		return time.Time{}
	}
	n, ok := Nanos(x)
	if !ok {
		t.Fail(codec.ErrRange)
	}
	return Time(n)
}

// Duration takes a string such as "1.5s".
func (t *Text) Duration() time.Duration {
	d, err := time.ParseDuration(t.String())
	if err != nil {
		t.Fail(codec.ErrSyntax)
	}
	return d
}

// Addr takes a string with an address without a zone; the zero Addr if it is empty.
func (t *Text) Addr() netip.Addr {
	s := t.String()
	if s == "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fail(codec.ErrSyntax)
	}
	if a.Zone() != "" {
		t.Fail(codec.ErrRange)
	}
	return a
}

// IntKey reads the name of a map's member as an integer of so many bits.
func (t *Text) IntKey(name []byte, bits int) int64 {
	x, err := strconv.ParseInt(string(name), 10, bits)
	if err == nil && strconv.FormatInt(x, 10) != string(name) {
		t.Fail(codec.ErrCanonical)
	}
	t.failNumber(err)
	return x
}

// UintKey is IntKey for unsigned integers.
func (t *Text) UintKey(name []byte, bits int) uint64 {
	x, err := strconv.ParseUint(string(name), 10, bits)
	if err == nil && strconv.FormatUint(x, 10) != string(name) {
		t.Fail(codec.ErrCanonical)
	}
	t.failNumber(err)
	return x
}
