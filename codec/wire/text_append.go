package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// exact is the largest integer up to which all fit in a JSON number, which most readers
// take for a float64 (RFC 8259, section 6). Beyond it integers are strings.
const exact = 1 << 53

// AppendText appends s as a JSON string: quotes, backslashes and control characters are
// escaped, all else is as it is. s must be valid UTF-8.
func AppendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendInt appends x as a JSON number, or as a string of digits beyond ±2^53.
func AppendInt(dst []byte, x int64) []byte {
	if x > exact || x < -exact {
		dst = append(dst, '"')
		return append(strconv.AppendInt(dst, x, 10), '"')
	}
	return strconv.AppendInt(dst, x, 10)
}

// AppendUint is AppendInt for unsigned numbers.
func AppendUint(dst []byte, x uint64) []byte {
	if x > exact {
		dst = append(dst, '"')
		return append(strconv.AppendUint(dst, x, 10), '"')
	}
	return strconv.AppendUint(dst, x, 10)
}

// AppendFloat64 appends the shortest JSON number that reads back as x; or one of the strings
// "NaN", "+Inf" and "-Inf", which JSON has no numbers for. A NaN with other bits than those
// of math.NaN tells them: "NaN:7ff8000000000000".
func AppendFloat64(dst []byte, x float64) []byte {
	bits := math.Float64bits(x)
	return appendFloat(dst, x, 64, bits == math.Float64bits(math.NaN()), bits)
}

// AppendFloat32 is AppendFloat64 for a float32.
func AppendFloat32(dst []byte, x float32) []byte {
	bits := math.Float32bits(x)
	return appendFloat(dst, float64(x), 32, bits == math.Float32bits(float32(math.NaN())), uint64(bits))
}

func appendFloat(dst []byte, x float64, size int, usual bool, bits uint64) []byte {
	switch {
	case math.IsNaN(x) && !usual:
		return fmt.Appendf(dst, `"NaN:%0*x"`, size/4, bits)
	case math.IsNaN(x) || math.IsInf(x, 0):
		dst = append(dst, '"')
		return append(strconv.AppendFloat(dst, x, 'g', -1, size), '"')
	}
	return strconv.AppendFloat(dst, x, 'g', -1, size)
}

// AppendBase64 appends b as a JSON string in base64 (RFC 4648, section 4).
func AppendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	return append(base64.StdEncoding.AppendEncode(dst, b), '"')
}

// AppendTime appends t as a JSON string in the form of RFC 3339, in UTC.
func AppendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	return append(t.UTC().AppendFormat(dst, time.RFC3339Nano), '"')
}

// AppendDuration appends d as a JSON string: "1.5s".
func AppendDuration(dst []byte, d time.Duration) []byte {
	dst = append(dst, '"')
	dst = append(dst, d.String()...)
	return append(dst, '"')
}

// AppendAddr appends a as a JSON string, which is empty for the zero Addr.
func AppendAddr(dst []byte, a netip.Addr) []byte {
	dst = append(dst, '"')
	if a.IsValid() {
		dst = a.AppendTo(dst)
	}
	return append(dst, '"')
}

// CloseText ends a list or object: the comma after its last part, if there is one, becomes
// the closing bracket.
func CloseText(dst []byte, bracket byte) []byte {
	if n := len(dst) - 1; dst[n] == ',' {
		dst[n] = bracket
		return dst
	}
	return append(dst, bracket)
}
