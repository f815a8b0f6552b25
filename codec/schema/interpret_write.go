package schema

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/wire"
)

// writer is the reader's counterpart.
type writer struct {
	in    *Interpreter
	b     []byte
	err   error
	depth int
	path  string
}

func (w *writer) fail(cause error) {
	if w.err == nil {
		w.err = wire.Invalid(w.path, cause)
	}
}

func (w *writer) under(part string, f func()) {
	if w.err != nil {
		return
	}
	before := w.path
	w.path = wire.Join(before, part)
	f()
	w.path = before
}

// as returns x as the Go type that its kind has, or fails.
func as[T any](w *writer, n *Node, x any) T {
	t, ok := x.(T)
	if !ok {
		w.fail(mismatch(n, x))
	}
	return t
}

// isDefault tells whether a field's value is its default: both have one encoding.
func (in *Interpreter) isDefault(f FieldValue) bool {
	n := f.Field.At(in.v)
	a, b := writer{in: in, depth: in.p.Depth}, writer{in: in, depth: in.p.Depth}
	a.value(n, f.Value)
	b.value(n, in.defaultOf(f.Field, n))
	return a.err == nil && bytes.Equal(a.b, b.b)
}

func (w *writer) enter(s *Struct) (leave func()) {
	if !s.Recursive {
		return func() {}
	}
	if w.depth--; w.depth < 0 {
		w.fail(codec.ErrDepth)
	}
	return func() { w.depth++ }
}

func (w *writer) record(rec *Record) {
	if rec == nil {
		w.fail(codec.ErrNil)
		return
	}
	defer w.enter(rec.Struct)()
	var tagged []FieldValue
	for _, f := range rec.Fields {
		n := f.Field.At(w.in.v)
		switch {
		case n == nil:
			w.under(f.Field.Name, func() { w.fail(codec.ErrRange) })
		case n.Tagged:
			if !w.in.isDefault(f) {
				tagged = append(tagged, f)
			}
		case n.Kind == Extensions:
			w.under(f.Field.Name, func() { w.extensions(tagged, as[codec.Extensions](w, n, f.Value)) })
		default:
			w.under(f.Field.Name, func() { w.value(n, f.Value) })
		}
		if w.err != nil {
			return
		}
	}
}

func (w *writer) extensions(tagged []FieldValue, unknown codec.Extensions) {
	w.uvarint(uint64(len(tagged) + len(unknown)))
	var known []uint64
	for _, f := range tagged {
		known = append(known, f.Field.At(w.in.v).Tag)
	}
	if _, err := wire.ExtensionsSize(unknown, w.path, known...); err != nil {
		w.err = err
		return
	}
	for len(tagged)+len(unknown) > 0 && w.err == nil {
		if len(tagged) == 0 || len(unknown) > 0 && unknown[0].Tag < known[0] {
			w.uvarint(unknown[0].Tag)
			w.uvarint(uint64(len(unknown[0].Data)))
			w.b = append(w.b, unknown[0].Data...)
			unknown = unknown[1:]
			continue
		}
		part := writer{in: w.in, depth: w.depth, path: tagged[0].Field.Name}
		part.value(tagged[0].Field.At(w.in.v), tagged[0].Value)
		w.uvarint(known[0])
		w.uvarint(uint64(len(part.b)))
		w.b = append(w.b, part.b...)
		w.err = part.err
		tagged, known = tagged[1:], known[1:]
	}
}

func (w *writer) uvarint(u uint64) { w.b = wire.AppendUvarint(w.b, u) }

func (w *writer) fixed(u uint64, n int, little bool) {
	var b [8]byte
	if little {
		binary.LittleEndian.PutUint64(b[:], u)
		w.b = append(w.b, b[:n]...)
		return
	}
	binary.BigEndian.PutUint64(b[:], u)
	w.b = append(w.b, b[8-n:]...)
}

func (w *writer) value(n *Node, x any) {
	if w.err != nil {
		return
	}
	switch n.Kind {
	case Bool:
		w.b = append(w.b, wire.Bool(as[bool](w, n, x)))
	case Int, Time, Duration:
		i := as[int64](w, n, x)
		w.integer(n, x, uint64(i), wire.Zigzag(i))
	case Uint:
		u := as[uint64](w, n, x)
		w.integer(n, x, u, u)
	case Float:
		w.scalar(n, x)
		if n.Bits == 32 {
			w.fixed(uint64(math.Float32bits(as[float32](w, n, x))), 4, n.Little)
		} else {
			w.fixed(math.Float64bits(as[float64](w, n, x)), 8, n.Little)
		}
	case String:
		w.scalar(n, x)
		s := as[string](w, n, x)
		w.count(n, len(s))
		w.b = append(w.b, s...)
	case Bytes:
		if w.null(n, x) {
			return
		}
		b := as[[]byte](w, n, x)
		w.count(n, len(b))
		w.b = append(w.b, b...)
	case ByteArray, Tail:
		w.b = append(w.b, as[[]byte](w, n, x)...)
	case Addr:
		a := as[netip.Addr](w, n, x)
		at := len(w.b)
		w.b = append(w.b, make([]byte, wire.AddrSize(a))...)
		wire.PutAddr(w.b, at, a)
	case Array:
		w.elements(n, as[[]any](w, n, x))
	case Slice:
		if !w.null(n, x) {
			list := as[[]any](w, n, x)
			w.count(n, len(list))
			w.elements(n, list)
		}
	case Map:
		w.entries(n, x)
	case Pointer:
		w.pointer(n, x)
	case StructKind:
		w.record(as[*Record](w, n, x))
	case UnionKind:
		w.choice(n, x)
	}
}

// scalar checks a value's limits, its enum and its UTF-8.
func (w *writer) scalar(n *Node, x any) {
	if s, ok := x.(string); ok {
		if (n.UTF8 || w.in.p.IsText(w.in.v)) && !utf8.ValidString(s) {
			w.fail(codec.ErrUTF8)
		}
	} else if !n.inBounds(x) {
		w.fail(codec.ErrRange)
	}
	if !n.inEnum(x, w.in.v) {
		w.fail(codec.ErrEnum)
	}
}

func (w *writer) integer(n *Node, x any, fixed, varint uint64) {
	w.scalar(n, x)
	if n.Encoding != Fixed {
		w.uvarint(varint)
		return
	}
	bits := n.Width * 8
	fits := fixed<<(64-bits)>>(64-bits) == fixed
	if n.Kind != Uint {
		fits = int64(fixed<<(64-bits))>>(64-bits) == int64(fixed)
	}
	if !fits {
		w.fail(codec.ErrRange)
	}
	w.fixed(fixed, n.Width, n.Little)
}

// null writes the count of a list that is nil, if it is.
func (w *writer) null(n *Node, x any) bool {
	if x != nil {
		return false
	}
	switch {
	case !n.Null:
		w.fail(codec.ErrNil)
	case n.Prefix == PrefixCompact:
		w.b = append(w.b, 0)
	default:
		w.fixed(math.MaxUint64, n.Prefix.Size(), false)
	}
	return true
}

func (w *writer) count(n *Node, count int) {
	limit, ok := n.MaxLen()
	if !ok {
		limit = n.Prefix.Cap()
	}
	if uint64(count) > limit {
		w.fail(&codec.LimitError{What: "length", Size: uint64(count), Limit: limit})
	}
	if uint64(count) < n.MinLen() {
		w.fail(codec.ErrRange)
	}
	switch {
	case n.Prefix.Size() > 0:
		w.fixed(uint64(count), n.Prefix.Size(), n.Little)
	case n.Prefix == PrefixCompact:
		w.uvarint(uint64(count) + 1)
	default:
		w.uvarint(uint64(count))
	}
}

func (w *writer) elements(n *Node, list []any) {
	if n.Kind == Array && len(list) != n.Len {
		w.fail(codec.ErrRange)
	}
	for k, x := range list {
		w.under("["+strconv.Itoa(k)+"]", func() { w.value(n.Elem, x) })
	}
}

func (w *writer) entries(n *Node, x any) {
	if w.null(n, x) {
		return
	}
	list := as[[]Entry](w, n, x)
	w.count(n, len(list))
	for _, e := range list {
		w.value(n.Key, e.Key)
		w.value(n.Elem, e.Value)
	}
}

func (w *writer) pointer(n *Node, x any) {
	switch {
	case !n.Null:
		w.value(n.Elem, x)
	case n.NullByLength():
		elem := *n.Elem
		elem.Null = true
		if !w.null(&elem, x) {
			w.value(n.Elem, x)
		}
	case x == nil && n.NullI8:
		w.b = append(w.b, 0xff)
	case x == nil:
		w.b = append(w.b, 0)
	default:
		w.b = append(w.b, 1)
		w.value(n.Elem, x)
	}
}

func (w *writer) choice(n *Node, x any) {
	if x == nil {
		if !n.Null {
			w.fail(codec.ErrNil)
		}
		w.b = append(w.b, 0)
		return
	}
	c := as[*Choice](w, n, x)
	if w.err != nil {
		return
	}
	w.uvarint(c.Variant.ID)
	w.record(c.Record)
}
