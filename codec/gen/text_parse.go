package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec/schema"
)

// parseFunc writes the function that reads a struct from an object: members in any order,
// each at most once; missing ones have their defaults; unknown ones are skipped.
func (e *emitter) parseFunc(s *schema.Struct) {
	e.within = s
	fields := s.At(e.v)
	e.f("")
	e.f("// %s reads a JSON object into m.", e.fn("parse", s))
	e.f("func %s(t *wire.Text, m *%s, typed bool) {", e.fn("parse", s), s.Name)
	if s.Recursive {
		e.f("t.Enter()\ndefer t.Leave()")
	}
	for _, f := range fields {
		e.setTextDefault(f)
	}
	e.f("var seen [%d]bool", len(fields)+1)
	e.f("t.Object()\nfor {\nname, ok := t.Member()\nif !ok { break }\nswitch string(name) {")
	for k, f := range fields {
		e.f("case %q:\nt.Once(&seen[%d])", f.TextName, k)
		e.parse(f.At(e.v), "m."+f.Name, nilDiffers(f))
	}
	e.f("case \"type\":\nif typed { t.Once(&seen[%d]) }\nt.Skip()\ndefault:\nt.Skip()\n}\n}", len(fields))
	for k, f := range fields {
		if f.Required(e.v) {
			e.f("if !seen[%d] { t.FailAt(%q, codec.ErrMissing) }", k, f.TextName)
		}
	}
	e.absentText(s)
	e.f("}")
}

// setTextDefault sets a field that the text may not have: a list that is not null is empty,
// a pointer that must not be nil points to zero.
func (e *emitter) setTextDefault(f *schema.Field) {
	n, x := f.At(e.v), "m."+f.Name
	switch {
	case n.Kind == schema.Pointer && !n.Null:
		e.f("%s = new(%s)", x, n.Elem.Go)
		e.setZero(n.Elem, "(*"+x+")")
	case losesNil(f, e.v):
		e.f("%s = %s{}", x, n.Go)
	default:
		e.setDefault(f, x)
	}
}

// absentText is absent for text.
func (e *emitter) absentText(s *schema.Struct) {
	body := e.capture(func() {
		e.absentFields(s, func(f *schema.Field, c *schema.Conversion) {
			e.f("if x, err := m.%s(m.%s); err != nil { t.FailAt(%q, err) } else { m.%s = x }", c.Method, c.Source.Name, f.TextName, f.Name)
		})
	})
	e.buf.WriteString(body)
}

// parse writes code that reads a value into x.
func (e *emitter) parse(n *schema.Node, x string, keepEmpty bool) {
	if n.Enum != nil {
		e.f("switch t.String() {")
		for _, v := range n.Enum.Values {
			if v.Versions.Has(e.v) {
				e.f("case %q:\n%s = %s", v.TextName, x, v.Name)
			}
		}
		e.f("default:\nt.Fail(codec.ErrEnum)\n}")
		return
	}
	bits := n.Bits
	if n.Encoding == schema.Fixed && n.Width > 0 {
		bits = n.Width * 8
	}
	switch n.Kind {
	case schema.Bool:
		e.f("%s = %s", x, convert(n.Go, "t.Bool()", "bool"))
	case schema.Int:
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("t.Int(%d)", bits), "int64"))
	case schema.Uint:
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("t.Uint(%d)", bits), "uint64"))
	case schema.Float:
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("t.Float%d()", n.Bits), fmt.Sprintf("float%d", n.Bits)))
	case schema.String:
		e.f("%s = %s", x, convert(n.Go, "t.String()", "string"))
		e.parseLimits(n, x)
	case schema.ByteArray:
		e.f("t.FixedBase64(%s[:])", x)
	case schema.Time, schema.Addr:
		e.f("%s = t.%v()", x, map[schema.Kind]string{schema.Time: "Time", schema.Addr: "Addr"}[n.Kind])
	case schema.Duration:
		e.f("%s = %s", x, convert(n.Go, "t.Duration()", "time.Duration"))
	case schema.StructKind:
		e.f("%s(t, %s, false)", e.fn("parse", n.Struct), address(x))
	case schema.Array:
		e.parseArray(n, x)
	case schema.UnionKind:
		e.parseNullable(n, x, func() { e.parseUnion(n, x) })
	case schema.Pointer:
		e.parseNullable(n, x, func() {
			e.f("%s = new(%s)", x, n.Elem.Go)
			e.parse(n.Elem, "(*"+x+")", false)
		})
	default:
		e.parseNullable(n, x, func() { e.parseCounted(n, x, keepEmpty) })
	}
	if cond := outside(n, x); cond != "" && n.Kind <= schema.Float || cond != "" && n.Kind == schema.Duration {
		e.f("if %s { t.Fail(codec.ErrRange) }", cond)
	}
}

func (e *emitter) parseNullable(n *schema.Node, x string, value func()) {
	if !n.Null {
		value()
		return
	}
	e.f("if t.Null() {\n%s = nil\n} else {", x)
	value()
	e.f("}")
}

// parseCounted reads bytes, a list or a map.
func (e *emitter) parseCounted(n *schema.Node, x string, keepEmpty bool) {
	switch n.Kind {
	case schema.Bytes:
		e.f("%s = t.Base64()", x)
	case schema.Slice:
		el := e.local("e")
		e.f("%s = %s[:0]\nfor t.List(); t.Element(); {\nvar %s %s", x, x, el, n.Elem.Go)
		e.parse(n.Elem, el, false)
		e.f("%s = append(%s, %s)\n}", x, x, el)
	case schema.Map:
		e.parseMap(n, x)
	}
	if n.Null || keepEmpty {
		e.f("if %s == nil { %s = %s{} }", x, x, n.Go)
	} else {
		e.f("if len(%s) == 0 { %s = nil }", x, x)
	}
	e.parseLimits(n, x)
}

func (e *emitter) parseMap(n *schema.Node, x string) {
	k, el := e.local("k"), e.local("e")
	e.f("%s = %s{}\nt.Object()\nfor {\nname, ok := t.Member()\nif !ok { break }", x, n.Go)
	switch n.Key.Kind {
	case schema.Int:
		e.f("%s := %s(t.IntKey(name, %d))", k, n.Key.Go, n.Key.Bits)
	case schema.Uint:
		e.f("%s := %s(t.UintKey(name, %d))", k, n.Key.Go, n.Key.Bits)
	default:
		e.f("%s := %s(name)", k, n.Key.Go)
		e.parseLimits(n.Key, k)
	}
	if n.Key.Enum != nil {
		e.f("switch %s {\ncase %s:\ndefault:\nt.Fail(codec.ErrEnum)\n}", k, enumCases(n.Key.Enum, e.v, true))
	}
	if cond := outside(n.Key, k); cond != "" {
		e.f("if %s { t.Fail(codec.ErrRange) }", cond)
	}
	e.f("if _, ok := %s[%s]; ok { t.Fail(codec.ErrDuplicate) }", x, k)
	e.f("var %s %s", el, n.Elem.Go)
	e.parse(n.Elem, el, false)
	e.f("%s[%s] = %s\n}", x, k, el)
}

func (e *emitter) parseArray(n *schema.Node, x string) {
	k := e.local("k")
	e.f("%s := 0\nfor t.List(); t.Element(); %s++ {", k, k)
	e.f("if %s >= %d { t.Fail(codec.ErrRange)\nbreak }", k, n.Len)
	e.parse(n.Elem, fmt.Sprintf("%s[%s]", x, k), false)
	e.f("}\nif %s < %d { t.Fail(codec.ErrRange) }", k, n.Len)
}

func (e *emitter) parseUnion(n *schema.Node, x string) {
	e.f("switch t.Type(false) {")
	for _, variant := range n.Union.Variants {
		if variant.Versions.Has(e.v) {
			v := e.local("v")
			e.f("case %q:\n%s := new(%s)\n%s(t, %s, true)\n%s = %s", variant.Struct.TextName, v, variant.Struct.Name,
				e.fn("parse", variant.Struct), v, x, v)
		}
	}
	e.f("default:\nt.Fail(codec.ErrEnum)\n}")
}

// parseLimits writes the checks of a length or count.
func (e *emitter) parseLimits(n *schema.Node, x string) {
	limit, ok := n.MaxLen()
	if !ok && n.Prefix.Size() > 0 {
		limit, ok = n.Prefix.Cap(), true
	}
	if ok {
		e.f("if uint64(len(%s)) > %d { t.Fail(&codec.LimitError{What: %q, Size: uint64(len(%s)), Limit: %d}) }", x, limit, lengthWord(n), x, limit)
	}
	if least := n.MinLen(); least > 0 {
		cond := fmt.Sprintf("len(%s) < %d", x, least)
		e.f("if %s { t.Fail(codec.ErrRange) }", cond)
	}
}
