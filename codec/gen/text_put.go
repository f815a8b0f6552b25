package gen

import (
	"fmt"
	"strconv"

	"github.com/parleyproto/parley/codec/schema"
)

// Text versions: one JSON object a message. The size pass of binary versions serves as the
// pass that checks.

// textCodec writes the codec of a version with text payloads.
func (e *emitter) textCodec() {
	name := e.codecName()
	messages := e.p.MessagesAt(e.v)
	e.f("// %s encodes and decodes the messages of %v: a JSON object with a member \"type\".", name, e.v)
	e.f("type %s struct{}", name)
	e.f("\nfunc (%s) Append(dst []byte, m codec.Message) ([]byte, error) {\nswitch m := m.(type) {", name)
	for _, m := range messages {
		e.f("case *%s:", m.Name)
		e.nilMessage(m, "dst")
		e.projectAndCheck(m)
		e.f("return %s(dst, m, true), nil", e.fn("text", m))
	}
	e.f("}\nreturn dst, wire.UnknownType(m, %d)\n}", e.v)

	e.f("\nfunc (c %s) Decode(src []byte) (codec.Message, error) {", name)
	e.f("t := wire.NewText(src, %d)", e.p.Depth)
	e.f("name := t.Type(true)")
	e.f("if err := t.Err(); err != nil { return nil, wire.Of(err, \"\", %d) }", e.v)
	e.f("switch name {")
	for _, m := range messages {
		e.f("case %q:", m.TextName)
		e.f("m := new(%s)\n%s(&t, m, true)\nt.End()", m.Name, e.fn("parse", m))
		e.f("if err := t.Err(); err != nil { return nil, wire.Of(err, %q, %d) }\nreturn m, nil", m.Name, e.v)
	}
	e.f("}\nreturn nil, &codec.MessageError{Name: name, Version: %d}\n}", e.v)
	e.lossMethod()
}

// projectAndCheck writes what comes before the pass that writes text.
func (e *emitter) projectAndCheck(m *schema.Struct) {
	depth := ""
	if m.Recursive {
		depth = fmt.Sprintf(", %d", e.p.Depth)
	}
	if converts(m, e.v) {
		e.f("m, err := %s(m%s)", e.fn("project", m), depth)
		e.f("if err != nil { return dst, wire.Of(err, %q, %d) }", m.Name, e.v)
	}
	e.f("if _, err := %s(m%s); err != nil { return dst, wire.Of(err, %q, %d) }", e.fn("size", m), depth, m.Name, e.v)
}

// textFuncs writes a struct's functions for text.
func (e *emitter) textFuncs(s *schema.Struct) {
	e.textFunc(s)
	e.parseFunc(s)
}

// textFunc writes the function that appends a struct as an object. Every part ends with a
// comma; the last one becomes the closing bracket.
func (e *emitter) textFunc(s *schema.Struct) {
	e.within = s
	e.f("")
	e.f("// %s appends m as a JSON object, with its type's name if typed.", e.fn("text", s))
	e.f("func %s(b []byte, m *%s, typed bool) []byte {", e.fn("text", s), s.Name)
	e.f("b = append(b, '{')")
	e.f("if typed {\nb = append(b, `\"type\":%s,`...)\n}", strconv.Quote(s.TextName))
	for _, f := range s.At(e.v) {
		e.f("b = append(b, `%s:`...)", strconv.Quote(f.TextName))
		e.text(f.At(e.v), "m."+f.Name)
	}
	e.f("return wire.CloseText(b, '}')\n}")
}

// text writes code that appends x and a comma.
func (e *emitter) text(n *schema.Node, x string) {
	value := func(format string, args ...any) { e.f("b = append("+format+", ',')", args...) }
	if n.Enum != nil {
		e.f("switch %s {", x)
		for _, v := range n.Enum.Values {
			if v.Versions.Has(e.v) {
				e.f("case %s:\nb = append(b, `%s,`...)", v.Name, strconv.Quote(v.TextName))
			}
		}
		e.f("}")
		return
	}
	switch n.Kind {
	case schema.Bool:
		e.f("b = strconv.AppendBool(b, bool(%s))\nb = append(b, ',')", x)
	case schema.Int:
		value("wire.AppendInt(b, int64(%s))", x)
	case schema.Uint:
		value("wire.AppendUint(b, uint64(%s))", x)
	case schema.Float:
		value("wire.AppendFloat%d(b, float%d(%s))", n.Bits, n.Bits, x)
	case schema.String:
		value("wire.AppendText(b, string(%s))", x)
	case schema.Bytes:
		e.textNullable(n, x, func() { value("wire.AppendBase64(b, %s)", x) })
	case schema.ByteArray:
		value("wire.AppendBase64(b, %s[:])", x)
	case schema.Time:
		value("wire.AppendTime(b, %s)", x)
	case schema.Duration:
		value("wire.AppendDuration(b, time.Duration(%s))", x)
	case schema.Addr:
		value("wire.AppendAddr(b, %s)", x)
	case schema.Array:
		e.textList(n, x)
	case schema.Slice:
		e.textNullable(n, x, func() { e.textList(n, x) })
	case schema.Map:
		e.textNullable(n, x, func() { e.textMap(n, x) })
	case schema.Pointer:
		e.textNullable(n, x, func() { e.text(n.Elem, "(*"+x+")") })
	case schema.StructKind:
		value("%s(b, %s, false)", e.fn("text", n.Struct), address(x))
	case schema.UnionKind:
		e.textUnion(n, x)
	}
}

func (e *emitter) textNullable(n *schema.Node, x string, value func()) {
	if !n.Null {
		value()
		return
	}
	e.f("if %s == nil {\nb = append(b, `null,`...)\n} else {", x)
	value()
	e.f("}")
}

func (e *emitter) textList(n *schema.Node, x string) {
	el := e.local("e")
	e.f("b = append(b, '[')")
	e.f("for k := range %s {\n%s := &%s[k]", x, el, x)
	e.text(n.Elem, "(*"+el+")")
	e.f("}\nb = append(wire.CloseText(b, ']'), ',')")
}

func (e *emitter) textMap(n *schema.Node, x string) {
	k, el := e.local("k"), e.local("e")
	e.f("b = append(b, '{')")
	e.f("for _, %s := range slices.Sorted(maps.Keys(%s)) {", k, x)
	switch n.Key.Kind {
	case schema.String:
		e.f("b = append(wire.AppendText(b, string(%s)), ':')", k)
	case schema.Int:
		e.f("b = append(b, '\"')\nb = append(strconv.AppendInt(b, int64(%s), 10), `\":`...)", k)
	default:
		e.f("b = append(b, '\"')\nb = append(strconv.AppendUint(b, uint64(%s), 10), `\":`...)", k)
	}
	e.f("%s := %s[%s]", el, x, k)
	e.text(n.Elem, el)
	e.f("}\nb = append(wire.CloseText(b, '}'), ',')")
}

func (e *emitter) textUnion(n *schema.Node, x string) {
	u := e.local("u")
	e.f("switch %s := %s.(type) {", u, x)
	if n.Null {
		e.f("case nil:\nb = append(b, `null,`...)")
	}
	for _, variant := range n.Union.Variants {
		if variant.Versions.Has(e.v) {
			e.f("case *%s:\nb = append(%s(b, %s, true), ',')", variant.Struct.Name, e.fn("text", variant.Struct), u)
		}
	}
	e.f("}")
}
