package gen

import (
	"fmt"
	"strings"

	"github.com/parleyproto/parley/codec/schema"
)

// decodeFunc writes a struct's function that reads its fields and sets all of the struct.
func (e *emitter) decodeFunc(s *schema.Struct) {
	e.within = s
	e.fails("return i, ", "")
	e.f("")
	e.f("// %s reads m's fields from src[i:], and returns the index after them.", e.fn("decode", s))
	e.f("func %s(d *wire.Decoder, src []byte, i int, m *%s) (int, error) {", e.fn("decode", s), s.Name)
	if s.Recursive {
		e.f("if !d.Enter() { «wire.Bad(\"\", i, codec.ErrDepth)» }")
	}
	e.buf.WriteString(e.capture(func() {
		var r run
		for _, f := range s.At(e.v) {
			n := f.At(e.v)
			switch {
			case n.Tagged:
			case atomic(n, e.v):
				r.add(e, n, "m."+f.Name, literal(f.Name))
			case n.Kind == schema.Extensions:
				e.decodeRun(&r)
				e.decodeExtensions(s, f)
			default:
				e.decodeRun(&r)
				e.decode(n, "m."+f.Name, literal(f.Name), nilDiffers(f))
			}
		}
		e.decodeRun(&r)
	}))
	e.absent(s)
	if s.Recursive {
		e.f("d.Leave()")
	}
	e.f("return i, nil\n}")
}

// absent writes what sets the fields that the version does not have.
func (e *emitter) absent(s *schema.Struct) {
	e.absentFields(s, func(f *schema.Field, c *schema.Conversion) {
		e.f("if x, err := m.%s(m.%s); err != nil { «wire.Bad(%q, i, err)» } else { m.%s = x }", c.Method, c.Source.Name, f.Name, f.Name)
	})
}

// absentFields sets the fields that the version does not have: those that replaced others
// or were replaced by convert, the rest to their defaults.
func (e *emitter) absentFields(s *schema.Struct, convert func(*schema.Field, *schema.Conversion)) {
	for _, f := range s.Fields {
		if f.At(e.v) == nil && newestPresent(chain(f), e.v) < 0 {
			e.setDefault(f, "m."+f.Name)
		}
	}
	for _, f := range s.Fields {
		if f.Older != nil || f.Newer == nil {
			continue // once for each chain, at its oldest field
		}
		fs := chain(f)
		at := newestPresent(fs, e.v)
		if at < 0 {
			continue
		}
		for _, f := range fs[at+1:] {
			convert(f, f.Older)
		}
		for k := at - 1; k >= 0; k-- {
			if fs[k].At(e.v) == nil {
				convert(fs[k], fs[k].Newer)
			}
		}
	}
}

// decodeRun writes the gathered run: one check of the length, then reads at constant
// offsets.
func (e *emitter) decodeRun(r *run) {
	defer func() { *r = run{} }()
	if len(r.atoms) == 0 || r.size == 0 {
		return
	}
	if len(r.atoms) == 1 {
		e.f("if len(src)-i < %d { «wire.Short(%s, src)» }", r.size, r.atoms[0].w)
	} else {
		e.f("if len(src)-i < %d {\n«wire.ShortRun(src, i,", r.size)
		for _, a := range r.atoms {
			size, _ := fixedSize(a.n, e.v)
			e.f("wire.Width{Path: %s, Bytes: %d},", a.w, size)
		}
		e.f(")»\n}")
	}
	v := e.local("r")
	e.f("%s := (*[%d]byte)(src[i:])", v, r.size)
	off := 0
	for _, a := range r.atoms {
		size, _ := fixedSize(a.n, e.v)
		if size > 0 {
			e.decodeAtom(a, v, off, off+size)
		}
		off += size
	}
	e.f("i += %d", r.size)
}

func (e *emitter) decodeAtom(a atom, b string, from, to int) {
	n, x := a.n, a.x
	bad := func(cond, cause string) {
		e.f("if %s { «wire.Bad(%s, i+%d, codec.%s)» }", cond, a.w, from, cause)
	}
	switch n.Kind {
	case schema.Bool:
		bad(fmt.Sprintf("%s[%d] > 1", b, from), "ErrCanonical")
		e.f("%s = %s[%d] != 0", x, b, from)
		return
	case schema.ByteArray:
		e.f("%s = %s(%s[%d:%d])", x, n.Go, b, from, to)
		return
	}
	raw := fmt.Sprintf("%s[%d]", b, from)
	if n.Width > 1 {
		raw = fmt.Sprintf("%s.Uint%d(%s[%d:%d])", order(n), n.Width*8, b, from, to)
	}
	if n.Kind == schema.Time { // wire.Time, which is too large for the compiler to inline
		t := e.local("t")
		e.f("%s := int64(%s)", t, raw)
		e.f("%s = time.Unix(0, %s).UTC()\nif %s == wire.ZeroTime { %s = time.Time{} }", x, t, t, x)
		return
	}
	e.f("%s = %s", x, e.fromRaw(n, raw))
	e.valid(n, x, bad)
}

// fromRaw returns the value of an unsigned integer of the node's width as source.
func (e *emitter) fromRaw(n *schema.Node, raw string) string {
	switch n.Kind {
	case schema.Float:
		return convert(n.Go, fmt.Sprintf("math.Float%dfrombits(%s)", n.Bits, raw), fmt.Sprintf("float%d", n.Bits))
	case schema.Uint:
		return convert(n.Go, raw, fmt.Sprintf("uint%d", n.Width*8))
	}
	return convert(n.Go, fmt.Sprintf("int%d(%s)", n.Width*8, raw), fmt.Sprintf("int%d", n.Width*8))
}

// convert returns x, of type from, as a value of type to.
func convert(to, x, from string) string {
	if to == from || to == "byte" && from == "uint8" {
		return x
	}
	return to + "(" + x + ")"
}

// valid writes the checks of a decoded scalar.
func (e *emitter) valid(n *schema.Node, x string, bad func(cond, cause string)) {
	if cond := outside(n, x); cond != "" {
		bad(cond, "ErrRange")
	}
	if n.Enum != nil {
		e.f("switch %s {\ncase %s:\ndefault:", x, enumCases(n.Enum, e.v, true))
		bad("true", "ErrEnum")
		e.f("}")
	}
}

// decode writes code that reads src[i:] into x and moves i.
func (e *emitter) decode(n *schema.Node, x string, w where, keepEmpty bool) {
	if atomic(n, e.v) {
		var r run
		r.add(e, n, x, w)
		e.decodeRun(&r)
		return
	}
	switch n.Kind {
	case schema.Int, schema.Uint, schema.Time, schema.Duration:
		e.decodeVarint(n, x, w)
	case schema.Addr:
		v, next := e.local("a"), e.local("i")
		e.f("%s, %s, ok := wire.Addr(src, i)", v, next)
		e.f("if %s < 0 { «wire.Short(%s, src)» }", next, w)
		e.f("if !ok { «wire.Bad(%s, i, codec.ErrCanonical)» }", w)
		e.f("%s, i = %s, %s", x, v, next)
	case schema.String:
		e.decodeString(n, x, w)
	case schema.Bytes:
		e.decodeBytes(n, x, w, keepEmpty)
	case schema.Slice:
		e.decodeSlice(n, x, w, keepEmpty)
	case schema.Map:
		e.decodeMap(n, x, w, keepEmpty)
	case schema.Array:
		k := e.local("k")
		e.f("for %s := range %s {", k, x)
		e.decode(n.Elem, fmt.Sprintf("%s[%s]", x, k), w.index(k), false)
		e.f("}")
	case schema.Pointer:
		e.decodePointer(n, x, w)
	case schema.StructKind:
		e.decodeStruct(n.Struct, address(x), w)
	case schema.UnionKind:
		e.decodeUnion(n, x, w)
	case schema.Tail:
		e.f("%s = nil\nif i < len(src) {\n%s = d.Bytes(src, i, len(src))\ni = len(src)\n}", x, x)
	}
}

func (e *emitter) decodeStruct(s *schema.Struct, m string, w where) {
	next := e.local("i")
	e.f("%s, err := %s(d, src, i, %s)", next, e.fn("decode", s), m)
	e.f("if err != nil { «wire.In(err, %s)» }\ni = %s", w, next)
}

func (e *emitter) decodeVarint(n *schema.Node, x string, w where) {
	u, next := e.local("u"), e.local("i")
	e.f("%s, %s := wire.Uvarint(src, i)", u, next)
	e.f("if %s < 0 { «wire.BadUvarint(%s, src, i)» }", next, w)
	bad := func(cond, cause string) {
		e.f("if %s { «wire.Bad(%s, i, codec.%s)» }", cond, w, cause)
	}
	if n.Bits < 64 {
		bad(fmt.Sprintf("%s > math.MaxUint%d", u, n.Bits), "ErrRange")
	}
	switch {
	case n.Kind == schema.Time:
		e.f("%s = wire.Time(wire.Unzigzag(%s))", x, u)
	case n.Encoding == schema.Zigzag:
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("wire.Unzigzag(%s)", u), "int64"))
	default:
		e.f("%s = %s", x, convert(n.Go, u, "uint64"))
	}
	e.valid(n, x, bad)
	e.f("i = %s", next)
}

// decodePrefix writes code that reads a length into a new uint64 variable, whose name it
// returns. Nil is handled by the caller if the node has it: then the variable holds the
// length + 1, or the prefix's largest value for i16 and i32.
func (e *emitter) decodePrefix(n *schema.Node, w where) string {
	c := e.local("n")
	size := n.Prefix.Size()
	if size == 0 {
		next := e.local("i")
		e.f("%s, %s := wire.Uvarint(src, i)", c, next)
		e.f("if %s < 0 { «wire.BadUvarint(%s, src, i)» }\ni = %s", next, w, next)
		return c
	}
	e.f("if len(src)-i < %d { «wire.Short(%s, src)» }", size, w)
	if size == 1 {
		e.f("%s := uint64(src[i])\ni++", c)
	} else {
		e.f("%s := uint64(%s.Uint%d(src[i:]))\ni += %d", c, order(n), size*8, size)
	}
	return c
}

// nullValue is what decodePrefix's variable holds for nil.
func nullValue(n *schema.Node) string {
	switch n.Prefix {
	case schema.PrefixCompact:
		return "0"
	case schema.PrefixI16:
		return "math.MaxUint16"
	}
	return "math.MaxUint32"
}

// decodeLimits writes the checks of a length c, which is turned into the plain one.
func (e *emitter) decodeLimits(n *schema.Node, c string, w where) {
	if n.Prefix == schema.PrefixCompact {
		if !n.Null {
			e.f("if %s == 0 { «wire.Bad(%s, i, codec.ErrNil)» }", c, w)
		}
		e.f("%s--", c)
	}
	if limit, ok := n.MaxLen(); ok {
		e.f("if %s > %d { «wire.TooMany(%s, i, %q, %s, %d)» }", c, limit, w, lengthWord(n), c, limit)
	} else if n.Prefix == schema.PrefixI16 || n.Prefix == schema.PrefixI32 {
		e.f("if %s > %d { «wire.Bad(%s, i, codec.ErrNil)» }", c, n.Prefix.Cap(), w)
	}
	if least := n.MinLen(); least > 0 {
		e.f("if %s < %d { «wire.Bad(%s, i, codec.ErrRange)» }", c, least, w)
	}
}

func (e *emitter) decodeString(n *schema.Node, x string, w where) {
	c := e.decodePrefix(n, w)
	e.stringBody(n, x, w, c)
}

func (e *emitter) stringBody(n *schema.Node, x string, w where, c string) {
	e.decodeLimits(n, c, w)
	e.f("if %s > uint64(len(src)-i) { «wire.Short(%s, src)» }", c, w)
	e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("d.String(src, i, i+int(%s))", c), "string"))
	e.stringRules(n, x, w)
	e.f("i += int(%s)", c)
}

// stringRules writes the checks of a decoded string.
func (e *emitter) stringRules(n *schema.Node, x string, w where) {
	if n.UTF8 {
		e.f("if !utf8.ValidString(string(%s)) { «wire.Bad(%s, i, codec.ErrUTF8)» }", x, w)
	}
	e.valid(n, x, func(cond, cause string) {
		e.f("if %s { «wire.Bad(%s, i, codec.%s)» }", cond, w, cause)
	})
}

// nullable writes the branches of nil and of a value, for a prefix that has both.
func (e *emitter) nullable(n *schema.Node, c, x string, value func()) {
	if !n.Null {
		value()
		return
	}
	e.f("if %s == %s {\n%s = nil\n} else {", c, nullValue(n), x)
	value()
	e.f("}")
}

// not returns the opposite of a condition.
func not(cond string) string {
	if rest, ok := strings.CutPrefix(cond, "!"); ok && !strings.Contains(rest, " ") {
		return rest
	}
	return "!(" + cond + ")"
}
