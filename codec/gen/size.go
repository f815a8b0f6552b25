package gen

import (
	"fmt"
	"math/bits"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// The size pass comes before a byte is written. It returns the exact size, or what forbids
// encoding the value in this version, so that the pass that writes needs no checks.

// sizeFunc writes a struct's size function.
func (e *emitter) sizeFunc(s *schema.Struct) {
	e.fails("return 0, ", "")
	e.f("")
	e.f("// %s returns the size of m's fields, or what this version cannot carry.", e.fn("size", s))
	if s.Recursive {
		e.f("func %s(m *%s, depth int) (int, error) {", e.fn("size", s), s.Name)
		e.f("if depth--; depth < 0 { «wire.Invalid(\"\", codec.ErrDepth)» }")
	} else {
		e.f("func %s(m *%s) (int, error) {", e.fn("size", s), s.Name)
	}
	static, body := e.sizeFields(s)
	e.f("n := %d", static)
	e.buf.WriteString(body)
	e.f("return n, nil\n}")
	e.tagSizeFuncs(s)
}

// sizeFields writes the checks of what the version cannot carry. It returns the size that all
// values have, and the source that adds the rest to n.
func (e *emitter) sizeFields(s *schema.Struct) (static int, body string) {
	e.within = s
	for _, f := range s.Fields {
		switch {
		case f.Lossy:
		case losesAt(f, e.v):
			e.f("if %s { «wire.Lost(%q, %q)» }", e.notDefault(f, "m."+f.Name), f.Name, f.Carriers())
		case losesNil(f, e.v):
			e.f("if m.%s == nil { «wire.Lost(%q, %q)» }", f.Name, f.Name, nilCarriers(f))
		}
	}
	body = e.capture(func() {
		for _, f := range s.At(e.v) {
			n := f.At(e.v)
			if n.Tagged {
				continue
			}
			if n.Kind == schema.Extensions {
				e.sizeExtensions(s, f)
				continue
			}
			static += e.size(n, "m."+f.Name, literal(f.Name))
		}
	})
	return static, body
}

// capture returns what body writes instead of writing it.
func (e *emitter) capture(body func()) string {
	before := e.buf.String()
	e.buf.Reset()
	body()
	text := e.buf.String()
	e.buf.Reset()
	e.buf.WriteString(before)
	return text
}

// size writes code that checks the value x and adds its size to n; what is the same for all
// values is returned instead, for the caller to add once.
func (e *emitter) size(n *schema.Node, x string, w where) (static int) {
	if fixed, ok := fixedSize(n, e.v); ok && !checked(n, e.v) {
		return fixed
	}
	switch n.Kind {
	case schema.Int, schema.Uint, schema.Float, schema.Duration, schema.Time:
		e.checkNumber(n, x, w)
		if n.Kind == schema.Float || n.Encoding == schema.Fixed {
			return n.Width
		}
		e.f("n += wire.UvarintSize(%s)", uvarintValue(n, x))
	case schema.Addr:
		e.f("if %s.Zone() != \"\" { «wire.Invalid(%s, codec.ErrRange)» }", x, w)
		e.f("n += wire.AddrSize(%s)", x)
	case schema.String:
		e.checkEnum(n, x, w)
		if n.UTF8 || e.p.IsText(e.v) {
			e.f("if !utf8.ValidString(string(%s)) { «wire.Invalid(%s, codec.ErrUTF8)» }", x, w)
		}
		return e.sizeCount(n, x, "1", w)
	case schema.Bytes:
		return e.sizeCount(n, x, "1", w)
	case schema.Slice, schema.Map:
		return e.sizeElements(n, x, w)
	case schema.Array:
		return e.sizeArray(n, x, w)
	case schema.Pointer:
		return e.sizePointer(n, x, w)
	case schema.StructKind:
		e.sizeStruct(n.Struct, address(x), w)
	case schema.UnionKind:
		e.sizeUnion(n, x, w)
	case schema.Tail:
		e.f("n += len(%s)", x)
	}
	return 0
}

// sizeCount adds the size of a length prefix and, with a constant element size, of the
// elements: those of strings and bytes have one byte.
func (e *emitter) sizeCount(n *schema.Node, x, elem string, w where) (static int) {
	if limit, ok := n.MaxLen(); ok {
		e.f("if len(%s) > %d { «wire.TooLong(%s, %q, len(%s), %d)» }", x, limit, w, lengthWord(n), x, limit)
	} else if n.Prefix.Size() > 0 {
		e.f("if uint64(len(%s)) > %d { «wire.TooLong(%s, %q, len(%s), %d)» }", x, n.Prefix.Cap(), w, lengthWord(n), x, n.Prefix.Cap())
	}
	if least := n.MinLen(); least > 0 {
		cond := fmt.Sprintf("len(%s) < %d", x, least)
		if n.Null {
			cond += " && " + x + " != nil"
		}
		e.f("if %s { «wire.Invalid(%s, codec.ErrRange)» }", cond, w)
	}
	payload := "len(" + x + ")"
	switch elem {
	case "0":
		payload = "0"
	case "1":
	default:
		payload += " * " + elem
	}
	if size := n.Prefix.Size(); size > 0 {
		if payload != "0" {
			e.f("n += %s", payload)
		}
		return size
	}
	prefix := fmt.Sprintf("wire.UvarintSize(uint64(len(%s)))", x)
	if n.Prefix == schema.PrefixCompact {
		prefix = fmt.Sprintf("wire.UvarintSize(uint64(len(%s)) + 1)", x)
		if n.Null {
			e.f("if %s == nil { n++ } else { n += %s + %s }", x, prefix, payload)
			return 0
		}
	}
	if payload == "0" {
		e.f("n += %s", prefix)
	} else {
		e.f("n += %s + %s", prefix, payload)
	}
	return 0
}

func lengthWord(n *schema.Node) string {
	if n.Kind == schema.String || n.Kind == schema.Bytes {
		return "length"
	}
	return "elements"
}

// sizeElements adds the size of a list or a map.
func (e *emitter) sizeElements(n *schema.Node, x string, w where) (static int) {
	fixed, isFixed := fixedSize(n.Elem, e.v)
	if n.Kind == schema.Map {
		key, ok := fixedSize(n.Key, e.v)
		fixed, isFixed = fixed+key, isFixed && ok
	}
	mustLook := checked(n.Elem, e.v) || n.Key != nil && checked(n.Key, e.v)
	if mustLook && !simple(n.Elem) {
		isFixed = false // what looks at each element adds its size, too
	}
	if isFixed {
		static = e.sizeCount(n, x, fmt.Sprint(fixed), w)
	} else {
		static = e.sizeCount(n, x, "0", w)
	}
	if isFixed && !mustLook {
		return static
	}
	k, el := e.local("k"), e.local("e")
	value, ref, at := el, "", w.index(k)
	if n.Kind == schema.Slice && !simple(n.Elem) {
		value, ref = "(*"+el+")", fmt.Sprintf("%s := &%s[%s]\n", el, x, k)
	}
	body := e.capture(func() {
		e.buf.WriteString(ref)
		add := 0
		if n.Kind == schema.Map {
			at = w.key(k)
			add = e.size(n.Key, k, at)
		}
		add += e.size(n.Elem, value, at)
		if !isFixed && add > 0 {
			e.f("n += %d", add)
		}
	})
	if ref != "" {
		e.f("for %s := range %s {\n%s}", k, x, body)
	} else {
		e.loop(k, el, x, body)
	}
	return static
}

// simple tells whether a value is cheap to copy into a loop variable.
func simple(n *schema.Node) bool {
	return n.Kind != schema.StructKind && n.Kind != schema.Array && n.Kind != schema.ByteArray
}

func (e *emitter) sizeArray(n *schema.Node, x string, w where) (static int) {
	k := e.local("k")
	e.f("for %s := range %s {", k, x)
	add := e.size(n.Elem, fmt.Sprintf("%s[%s]", x, k), w.index(k))
	e.f("}")
	return add * n.Len
}

func (e *emitter) sizePointer(n *schema.Node, x string, w where) (static int) {
	value := "(*" + x + ")"
	if !n.Null {
		e.f("if %s == nil { «wire.Invalid(%s, codec.ErrNil)» }", x, w)
		return e.size(n.Elem, value, w)
	}
	if n.NullByLength() {
		e.f("if %s == nil { n += %d } else {", x, max(1, n.Elem.Prefix.Size()))
		e.sizeInner(n.Elem, value, w)
		e.f("}")
		return 0
	}
	e.f("if %s != nil {", x)
	e.sizeInner(n.Elem, value, w)
	e.f("}")
	return 1
}

// sizeInner is size for a value within a branch or a loop: all of it is added there.
func (e *emitter) sizeInner(n *schema.Node, x string, w where) {
	if static := e.size(n, x, w); static > 0 {
		e.f("n += %d", static)
	}
}

// sizeStruct adds the size of a struct by its function. m is an expression for its address.
func (e *emitter) sizeStruct(s *schema.Struct, m string, w where) {
	size, depth := e.local("s"), ""
	if s.Recursive {
		depth = ", " + e.depth()
	}
	e.f("%s, err := %s(%s%s)", size, e.fn("size", s), m, depth)
	e.f("if err != nil { «wire.In(err, %s)» }", w)
	e.f("n += %s", size)
}

// depth is what a size function passes on to a recursive struct's.
func (e *emitter) depth() string {
	if e.within != nil && e.within.Recursive {
		return "depth"
	}
	return fmt.Sprint(e.p.Depth)
}

func (e *emitter) sizeUnion(n *schema.Node, x string, w where) {
	value := e.local("u")
	e.f("switch %s := %s.(type) {", value, x)
	if n.Null {
		e.f("case nil:\nn++")
	} else {
		e.f("case nil:\n«wire.Invalid(%s, codec.ErrNil)»", w)
	}
	for _, variant := range n.Union.Variants {
		e.f("case *%s:", variant.Struct.Name)
		if !variant.Versions.Has(e.v) {
			e.f("«wire.Lost(%s, %q)»", w, variant.Versions)
			continue
		}
		e.f("if %s == nil { «wire.Invalid(%s, codec.ErrNil)» }", value, w)
		e.f("n += %d", uvarintSize(variant.ID))
		e.sizeStruct(variant.Struct, value, w)
	}
	e.f("default:\n«wire.Invalid(%s, codec.ErrEnum)»\n}", w)
}

// sizeExtensions adds the section of tagged fields: how many there are, and each that does
// not have its default value.
func (e *emitter) sizeExtensions(s *schema.Struct, f *schema.Field) {
	x := "m." + f.Name
	e.f("tags := len(%s)", x)
	for _, t := range taggedFields(s, e.v) {
		n := t.At(e.v)
		e.f("if %s {", e.notDefault(t, "m."+t.Name))
		e.f("size, err := %s", e.tagSize(s, n))
		e.f("if err != nil { return 0, err }")
		e.f("tags++")
		e.f("n += %d + wire.UvarintSize(uint64(size)) + size", uvarintSize(n.Tag))
		e.f("}")
	}
	var tags []string
	for _, t := range taggedFields(s, e.v) {
		tags = append(tags, fmt.Sprint(t.At(e.v).Tag))
	}
	e.f("if len(%s) > 0 {", x)
	e.f("size, err := wire.ExtensionsSize(%s, %q%s)", x, f.Name, list(tags))
	e.f("if err != nil { return 0, err }")
	e.f("n += size\n}")
	e.f("n += wire.UvarintSize(uint64(tags))")
}

func list(items []string) string {
	s := ""
	for _, item := range items {
		s += ", " + item
	}
	return s
}

// tagSize is a call of the function for the size of one tagged field.
func (e *emitter) tagSize(s *schema.Struct, n *schema.Node) string {
	depth := ""
	if s.Recursive {
		depth = ", depth"
	}
	return fmt.Sprintf("%sTag%d(m%s)", e.fn("size", s), n.Tag, depth)
}

// tagSizeFuncs writes the functions for the sizes of a struct's tagged fields.
func (e *emitter) tagSizeFuncs(s *schema.Struct) {
	for _, t := range taggedFields(s, e.v) {
		n := t.At(e.v)
		depth := ""
		if s.Recursive {
			depth = ", depth int"
		}
		e.f("")
		e.f("func %sTag%d(m *%s%s) (int, error) {\nn := 0", e.fn("size", s), n.Tag, s.Name, depth)
		e.sizeInner(n, "m."+t.Name, literal(t.Name))
		e.f("return n, nil\n}")
	}
}

func taggedFields(s *schema.Struct, v codec.Version) []*schema.Field {
	var fs []*schema.Field
	for _, f := range s.At(v) {
		if f.At(v).Tagged {
			fs = append(fs, f)
		}
	}
	return fs
}

// uvarintValue returns an integer's value as the uint64 that is written as a varint.
func uvarintValue(n *schema.Node, x string) string {
	switch {
	case n.Kind == schema.Time:
		return fmt.Sprintf("wire.Zigzag(wire.UnixNanos(%s))", x)
	case n.Encoding == schema.Zigzag:
		return fmt.Sprintf("wire.Zigzag(int64(%s))", x)
	}
	return fmt.Sprintf("uint64(%s)", x)
}

func uvarintSize(u uint64) int { return (bits.Len64(u|1) + 6) / 7 }
