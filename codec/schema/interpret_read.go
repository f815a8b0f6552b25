package schema

import (
	"encoding/binary"
	"go/constant"
	"go/token"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/wire"
)

// reader is a cursor whose first error sticks: it carries the offset and the path.
type reader struct {
	in    *Interpreter
	src   []byte
	i     int
	err   error
	depth int
	path  string
}

func (in *Interpreter) reader(src []byte) *reader {
	return &reader{in: in, src: src, depth: in.p.Depth}
}

func (r *reader) fail(cause error) {
	if r.err == nil {
		r.err = wire.Bad(r.path, r.i, cause)
	}
}

// under runs f with a longer path.
func (r *reader) under(part string, f func()) {
	if r.err != nil {
		return
	}
	before := r.path
	r.path = wire.Join(before, part)
	f()
	r.path = before
}

// take returns the next n bytes, or n zeros after an error.
func (r *reader) take(n int) []byte {
	if r.err == nil && len(r.src)-r.i < n {
		r.i = len(r.src)
		r.fail(io.ErrUnexpectedEOF)
	}
	if r.err != nil {
		return make([]byte, min(n, 16))
	}
	r.i += n
	return r.src[r.i-n : r.i]
}

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	u, next := wire.Uvarint(r.src, r.i)
	if next < 0 {
		r.err = wire.BadUvarint(r.path, r.src, r.i)
		return 0
	}
	r.i = next
	return u
}

// fixed reads an unsigned integer of so many bytes.
func (r *reader) fixed(n int, little bool) uint64 {
	var b [8]byte
	src := r.take(n)
	if little {
		copy(b[:], src)
		return binary.LittleEndian.Uint64(b[:])
	}
	copy(b[8-n:], src)
	return binary.BigEndian.Uint64(b[:])
}

func (r *reader) record(s *Struct) *Record {
	if s.Recursive {
		if r.depth--; r.depth < 0 {
			r.fail(codec.ErrDepth)
		}
		defer func() { r.depth++ }()
	}
	rec := &Record{Struct: s}
	tagged := map[uint64]int{}
	for _, f := range s.At(r.in.v) {
		n := f.At(r.in.v)
		if r.err != nil {
			return nil
		}
		rec.Fields = append(rec.Fields, FieldValue{f, nil})
		value := &rec.Fields[len(rec.Fields)-1].Value
		switch {
		case n.Tagged:
			tagged[n.Tag] = len(rec.Fields) - 1
			*value = r.in.defaultOf(f, n)
		case n.Kind == Extensions:
			r.under(f.Name, func() { *value = r.extensions(rec, tagged) })
		default:
			r.under(f.Name, func() { *value = r.value(n) })
		}
	}
	return rec
}

// extensions reads a section of tagged fields: known ones into rec, at the places that
// tagged tells, the others into the result.
func (r *reader) extensions(rec *Record, tagged map[uint64]int) any {
	var unknown codec.Extensions
	last := int64(-1)
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		tag, from, to, err := wire.Tagged(r.src, r.i, last, r.path)
		if err != nil {
			r.err = err
			return nil
		}
		last = tag
		k, known := tagged[uint64(tag)]
		if !known {
			unknown = append(unknown, codec.Extension{Tag: uint64(tag), Data: append([]byte{}, r.src[from:to]...)})
		} else {
			fv := &rec.Fields[k]
			part := &reader{in: r.in, src: r.src[:to], i: from, depth: r.depth, path: fv.Field.Name}
			fv.Value = part.value(fv.Field.At(r.in.v))
			if part.err == nil && part.i != to {
				part.fail(codec.ErrTrailing)
			}
			if part.err == nil && r.in.isDefault(*fv) {
				part.fail(codec.ErrCanonical)
			}
			r.err = part.err
		}
		r.i = to
	}
	return unknown
}

func (r *reader) value(n *Node) any {
	if r.err != nil {
		return nil
	}
	switch n.Kind {
	case Bool:
		c := r.take(1)[0]
		if c > 1 {
			r.fail(codec.ErrCanonical)
		}
		return c == 1
	case Int, Uint, Time, Duration:
		return r.integer(n)
	case Float:
		u := r.fixed(n.Width, n.Little)
		if n.Bits == 32 {
			return r.bounded(n, math.Float32frombits(uint32(u)))
		}
		return r.bounded(n, math.Float64frombits(u))
	case String:
		s, _ := r.text(n)
		return s
	case Bytes:
		count, null := r.count(n)
		if null {
			return nil
		}
		return append([]byte{}, r.take(r.fits(count, 1))...)
	case ByteArray:
		return append([]byte{}, r.take(n.Len)...)
	case Addr:
		a, next, ok := wire.Addr(r.src, r.i)
		switch {
		case next < 0:
			r.i = len(r.src)
			r.fail(io.ErrUnexpectedEOF)
		case !ok:
			r.fail(codec.ErrCanonical)
		}
		r.i = next
		return a
	case Array:
		return r.elements(n, n.Len)
	case Slice:
		count, null := r.count(n)
		if null {
			return nil
		}
		return r.elements(n, r.fits(count, n.Elem.Sizes(r.in.v).Min))
	case Map:
		return r.entries(n)
	case Pointer:
		return r.pointer(n)
	case StructKind:
		return r.record(n.Struct)
	case UnionKind:
		return r.choice(n)
	}
	return append([]byte{}, r.take(len(r.src)-r.i)...) // Tail
}

func (r *reader) integer(n *Node) any {
	start := r.i
	var u uint64
	bits := n.Bits
	if n.Encoding == Fixed {
		u = r.fixed(n.Width, n.Little)
		bits = n.Width * 8
	} else if u = r.uvarint(); bits < 64 && u>>bits > 0 {
		r.i = start
		r.fail(codec.ErrRange)
	}
	var x any = u
	switch {
	case n.Kind == Uint:
	case n.Encoding == Zigzag:
		x = wire.Unzigzag(u)
	default:
		x = int64(u<<(64-bits)) >> (64 - bits)
	}
	return r.bounded(n, x)
}

// bounded checks a scalar's limits and its enum.
func (r *reader) bounded(n *Node, x any) any {
	if !n.inBounds(x) {
		r.fail(codec.ErrRange)
	}
	if !n.inEnum(x, r.in.v) {
		r.fail(codec.ErrEnum)
	}
	return x
}

func (n *Node) inBounds(x any) bool {
	if n.Min == nil && n.Max == nil {
		return true
	}
	c := constantOf(x)
	return c.Kind() != constant.Unknown &&
		(n.Min == nil || constant.Compare(c, token.GEQ, n.Min)) && (n.Max == nil || constant.Compare(c, token.LEQ, n.Max))
}

func (n *Node) inEnum(x any, v codec.Version) bool {
	if n.Enum == nil {
		return true
	}
	_, ok := n.Enum.valueOf(x, v)
	return ok
}

// valueOf finds the constant of a value in a version.
func (e *Enum) valueOf(x any, v codec.Version) (EnumValue, bool) {
	for _, value := range e.Values {
		if value.Versions.Has(v) && constant.Compare(value.Value, token.EQL, constantOf(x)) {
			return value, true
		}
	}
	return EnumValue{}, false
}

// constantOf returns a scalar as a constant; an unknown one for NaN. Infinities are beyond
// any limit.
func constantOf(x any) constant.Value {
	switch x := x.(type) {
	case int64:
		return constant.MakeInt64(x)
	case uint64:
		return constant.MakeUint64(x)
	case string:
		return constant.MakeString(x)
	case float32:
		return constantOf(float64(x))
	case float64:
		if math.IsInf(x, 0) {
			huge := constant.Shift(constant.MakeInt64(1), token.SHL, 2000)
			return constant.BinaryOp(huge, token.MUL, constant.MakeInt64(int64(math.Copysign(1, x))))
		}
		return constant.MakeFloat64(x)
	}
	return constant.MakeUnknown()
}

// count reads a length prefix and checks its limits.
func (r *reader) count(n *Node) (count uint64, null bool) {
	if size := n.Prefix.Size(); size > 0 {
		count = r.fixed(size, n.Little)
		if n.Prefix.CanNull() && count > n.Prefix.Cap() {
			if n.Null && count == 1<<(size*8)-1 {
				return 0, true
			}
			r.fail(codec.ErrNil)
		}
	} else if count = r.uvarint(); n.Prefix == PrefixCompact {
		if count == 0 {
			if !n.Null {
				r.fail(codec.ErrNil)
			}
			return 0, true
		}
		count--
	}
	if limit, ok := n.MaxLen(); ok && count > limit {
		r.fail(&codec.LimitError{What: "length", Size: count, Limit: limit})
	}
	if count < n.MinLen() {
		r.fail(codec.ErrRange)
	}
	return count, false
}

// fits returns a count of elements that can be in the rest of the input.
func (r *reader) fits(count, least uint64) int {
	if least > 0 && count > uint64(len(r.src)-r.i)/least {
		r.i = len(r.src)
		r.fail(io.ErrUnexpectedEOF)
	}
	if r.err != nil {
		return 0
	}
	return int(count)
}

func (r *reader) text(n *Node) (s string, null bool) {
	count, null := r.count(n)
	if null {
		return "", true
	}
	s = string(r.take(r.fits(count, 1)))
	if n.UTF8 && !utf8.ValidString(s) {
		r.fail(codec.ErrUTF8)
	}
	if !n.inEnum(s, r.in.v) {
		r.fail(codec.ErrEnum)
	}
	return s, false
}

func (r *reader) elements(n *Node, count int) any {
	list := []any{}
	for k := 0; k < count && r.err == nil; k++ {
		r.under("["+strconv.Itoa(k)+"]", func() { list = append(list, r.value(n.Elem)) })
	}
	return list
}

func (r *reader) entries(n *Node) any {
	count, null := r.count(n)
	if null {
		return nil
	}
	list := []Entry{}
	for k := r.fits(count, n.Key.Sizes(r.in.v).Min+n.Elem.Sizes(r.in.v).Min); k > 0 && r.err == nil; k-- {
		key := r.value(n.Key)
		if len(list) > 0 && r.err == nil && !constant.Compare(constantOf(list[len(list)-1].Key), token.LSS, constantOf(key)) {
			r.fail(codec.ErrCanonical)
		}
		list = append(list, Entry{key, r.value(n.Elem)})
	}
	return list
}

func (r *reader) pointer(n *Node) any {
	if !n.Null {
		return r.value(n.Elem)
	}
	if n.NullByLength() {
		elem := *n.Elem
		elem.Null = true
		if s, null := r.text(&elem); !null {
			return s
		}
		return nil
	}
	null := byte(0)
	if n.NullI8 {
		null = 0xff
	}
	switch r.take(1)[0] {
	case null:
		return nil
	case 1:
		return r.value(n.Elem)
	}
	r.fail(codec.ErrCanonical)
	return nil
}

func (r *reader) choice(n *Node) any {
	id := r.uvarint()
	if id == 0 && n.Null {
		return nil
	}
	for _, v := range n.Union.Variants {
		if v.ID == id && v.Versions.Has(r.in.v) {
			return &Choice{v, r.record(v.Struct)}
		}
	}
	r.fail(codec.ErrEnum)
	return nil
}
