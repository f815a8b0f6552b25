package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec/schema"
)

// The pass that writes follows the size pass: the buffer is long enough and every value
// allowed. Fixed-width fields that follow one another are a run: one bounds check, then
// writes at constant offsets.

// atom is one fixed-width value of a run.
type atom struct {
	n *schema.Node
	x string // the value, or what to assign to
	w where
}

// run gathers atoms.
type run struct {
	atoms []atom
	size  int
}

func (r *run) add(e *emitter, n *schema.Node, x string, w where) {
	switch n.Kind {
	case schema.Array:
		for k := range n.Len {
			r.add(e, n.Elem, fmt.Sprintf("%s[%d]", x, k), w.index(fmt.Sprint(k)))
		}
	case schema.StructKind:
		for _, f := range n.Struct.At(e.v) {
			r.add(e, f.At(e.v), x+"."+f.Name, w.field(f.Name))
		}
	default:
		size, _ := fixedSize(n, e.v)
		r.atoms = append(r.atoms, atom{n, x, w})
		r.size += size
	}
}

// putFunc writes a struct's function that writes its fields.
func (e *emitter) putFunc(s *schema.Struct) {
	e.within = s
	e.f("")
	e.f("// %s writes m's fields to b from index i on, and returns the index after them.", e.fn("put", s))
	e.f("func %s(b []byte, i int, m *%s) int {", e.fn("put", s), s.Name)
	var r run
	for _, f := range s.At(e.v) {
		n := f.At(e.v)
		switch {
		case n.Tagged:
		case atomic(n, e.v):
			r.add(e, n, "m."+f.Name, literal(f.Name))
		case n.Kind == schema.Extensions:
			e.putRun(&r)
			e.putExtensions(s, f)
		default:
			e.putRun(&r)
			e.put(n, "m."+f.Name)
		}
	}
	e.putRun(&r)
	e.f("return i\n}")
}

// putRun writes the gathered run and empties it.
func (e *emitter) putRun(r *run) {
	defer func() { *r = run{} }()
	switch {
	case len(r.atoms) == 0:
	case r.size == 1:
		e.putAtom(r.atoms[0], "b", "i", "")
		e.f("i++")
	default:
		v := e.local("r")
		e.f("%s := (*[%d]byte)(b[i:])", v, r.size)
		off := 0
		for _, a := range r.atoms {
			size, _ := fixedSize(a.n, e.v)
			e.putAtom(a, v, fmt.Sprint(off), fmt.Sprint(off+size))
			off += size
		}
		e.f("i += %d", r.size)
	}
}

// putAtom writes one fixed-width value to b[from:to].
func (e *emitter) putAtom(a atom, b, from, to string) {
	n, x := a.n, a.x
	switch n.Kind {
	case schema.Bool:
		e.f("%s[%s] = wire.Bool(bool(%s))", b, from, x)
		return
	case schema.ByteArray:
		if n.Len > 0 {
			e.f("copy(%s[%s:], %s[:])", b, from, x)
		}
		return
	case schema.Time:
		if t, ok := e.nanos[x]; ok {
			x = t
		} else {
			x = fmt.Sprintf("wire.UnixNanos(%s)", x)
		}
	case schema.Float:
		x = fmt.Sprintf("math.Float%dbits(float%d(%s))", n.Bits, n.Bits, x)
	}
	if n.Width == 1 {
		e.f("%s[%s] = byte(%s)", b, from, x)
		return
	}
	e.f("%s.PutUint%d(%s[%s:%s], uint%d(%s))", order(n), n.Width*8, b, from, to, n.Width*8, x)
}

func order(n *schema.Node) string {
	if n.Little {
		return "binary.LittleEndian"
	}
	return "binary.BigEndian"
}

// put writes code that writes the value x to b[i:] and moves i.
func (e *emitter) put(n *schema.Node, x string) {
	if atomic(n, e.v) {
		var r run
		r.add(e, n, x, "")
		e.putRun(&r)
		return
	}
	switch n.Kind {
	case schema.Int, schema.Uint, schema.Time, schema.Duration:
		e.f("i = wire.PutUvarint(b, i, %s)", uvarintValue(n, x))
	case schema.Addr:
		e.f("i = wire.PutAddr(b, i, %s)", x)
	case schema.String:
		e.putPrefix(n, x)
		e.f("i += copy(b[i:], %s)", x)
	case schema.Bytes:
		e.putCounted(n, x, func() { e.f("i += copy(b[i:], %s)", x) })
	case schema.Slice:
		e.putCounted(n, x, func() { e.putLoop(n, x) })
	case schema.Map:
		e.putCounted(n, x, func() { e.putMap(n, x) })
	case schema.Array:
		e.putLoop(n, x)
	case schema.Pointer:
		e.putPointer(n, x)
	case schema.StructKind:
		e.f("i = %s(b, i, %s)", e.fn("put", n.Struct), address(x))
	case schema.UnionKind:
		e.putUnion(n, x)
	case schema.Tail:
		e.f("i += copy(b[i:], %s)", x)
	}
}

// putPrefix writes the length of x.
func (e *emitter) putPrefix(n *schema.Node, x string) {
	switch p := n.Prefix; p {
	case schema.PrefixUvarint:
		e.f("i = wire.PutUvarint(b, i, uint64(len(%s)))", x)
	case schema.PrefixCompact:
		e.f("i = wire.PutUvarint(b, i, uint64(len(%s))+1)", x)
	default:
		e.putInteger(n, fmt.Sprintf("len(%s)", x), p.Size())
	}
}

// putInteger writes an integer expression with so many bytes in the node's byte order.
func (e *emitter) putInteger(n *schema.Node, x string, size int) {
	if size == 1 {
		e.f("b[i] = byte(%s)\ni++", x)
		return
	}
	e.f("%s.PutUint%d(b[i:], uint%d(%s))\ni += %d", order(n), size*8, size*8, x, size)
}

// putNull writes the length that stands for nil.
func (e *emitter) putNull(n *schema.Node) {
	switch n.Prefix {
	case schema.PrefixCompact:
		e.f("b[i] = 0\ni++")
	case schema.PrefixI16:
		e.f("%s.PutUint16(b[i:], math.MaxUint16)\ni += 2", order(n))
	default:
		e.f("%s.PutUint32(b[i:], math.MaxUint32)\ni += 4", order(n))
	}
}

// putCounted writes a length, or null, and then the elements.
func (e *emitter) putCounted(n *schema.Node, x string, elements func()) {
	if n.Null {
		e.f("if %s == nil {", x)
		e.putNull(n)
		e.f("} else {")
	}
	e.putPrefix(n, x)
	elements()
	if n.Null {
		e.f("}")
	}
}

func (e *emitter) putLoop(n *schema.Node, x string) {
	el := e.local("e")
	if simple(n.Elem) {
		e.f("for _, %s := range %s {", el, x)
		e.put(n.Elem, el)
		e.f("}")
		return
	}
	body := e.capture(func() { e.put(n.Elem, "(*"+el+")") })
	if body != "" {
		e.f("for k := range %s {\n%s := &%s[k]\n%s}", x, el, x, body)
	}
}

func (e *emitter) putMap(n *schema.Node, x string) {
	k, el := e.local("k"), e.local("e")
	body := e.capture(func() { e.put(n.Elem, el) })
	e.f("for _, %s := range slices.Sorted(maps.Keys(%s)) {", k, x)
	e.put(n.Key, k)
	if uses(body, el) {
		e.f("%s := %s[%s]", el, x, k)
	}
	e.buf.WriteString(body)
	e.f("}")
}

func (e *emitter) putPointer(n *schema.Node, x string) {
	value := "(*" + x + ")"
	switch {
	case !n.Null:
		e.put(n.Elem, value)
	case n.NullByLength():
		e.f("if %s == nil {", x)
		e.putNull(n.Elem)
		e.f("} else {")
		e.put(n.Elem, value)
		e.f("}")
	default:
		null := "0"
		if n.NullI8 {
			null = "0xff"
		}
		e.f("if %s == nil {\nb[i] = %s\ni++\n} else {\nb[i] = 1\ni++", x, null)
		e.put(n.Elem, value)
		e.f("}")
	}
}

func (e *emitter) putUnion(n *schema.Node, x string) {
	u := e.local("u")
	body := e.capture(func() {
		if n.Null {
			e.f("case nil:\nb[i] = 0\ni++")
		}
		for _, variant := range n.Union.Variants {
			if !variant.Versions.Has(e.v) {
				continue
			}
			e.f("case *%s:", variant.Struct.Name)
			e.f("i = wire.PutUvarint(b, i, %d)", variant.ID)
			e.f("i = %s(b, i, %s)", e.fn("put", variant.Struct), u)
		}
	})
	e.f("switch %s := %s.(type) {", u, x)
	e.buf.WriteString(body)
	e.f("}")
}

// putExtensions writes the section of tagged fields, known and unknown ones by tag.
func (e *emitter) putExtensions(s *schema.Struct, f *schema.Field) {
	ext := "m." + f.Name
	tagged := taggedFields(s, e.v)
	e.f("tags := len(%s)", ext)
	for _, t := range tagged {
		e.f("if %s { tags++ }", e.notDefault(t, "m."+t.Name))
	}
	e.f("i = wire.PutUvarint(b, i, uint64(tags))")
	if len(tagged) == 0 {
		e.f("i, _ = wire.PutExtensions(b, i, %s, math.MaxUint64)", ext)
		return
	}
	e.f("rest := %s", ext)
	for _, t := range tagged {
		n := t.At(e.v)
		e.f("if %s {", e.notDefault(t, "m."+t.Name))
		e.f("i, rest = wire.PutExtensions(b, i, rest, %d)", n.Tag)
		e.f("i = wire.PutUvarint(b, i, %d)", n.Tag)
		if s.Recursive {
			e.f("const depth = %d", e.p.Depth)
		}
		e.f("n, _ := %s", e.tagSize(s, n))
		e.f("i = wire.PutUvarint(b, i, uint64(n))")
		e.put(n, "m."+t.Name)
		e.f("}")
	}
	e.f("i, _ = wire.PutExtensions(b, i, rest, math.MaxUint64)")
}
