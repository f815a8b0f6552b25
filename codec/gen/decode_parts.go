package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec/schema"
)

func (e *emitter) decodeBytes(n *schema.Node, x string, w where, keepEmpty bool) {
	c := e.decodePrefix(n, w)
	e.nullable(n, c, x, func() {
		e.decodeLimits(n, c, w)
		e.f("if %s > uint64(len(src)-i) { «wire.Short(%s, src)» }", c, w)
		get := fmt.Sprintf("%s = d.Bytes(src, i, i+int(%s))", x, c)
		if n.Null || keepEmpty {
			e.f("%s", get)
		} else {
			e.f("%s = nil\nif %s > 0 {\n%s\n}", x, c, get)
		}
		e.f("i += int(%s)", c)
	})
}

// claim writes the checks of a count: so many elements must fit in the rest of the input, and
// in the budget.
func (e *emitter) claim(n *schema.Node, c string, w where) (cost int) {
	cost, least := elementCost(n, e.v)
	if n.Kind != schema.Slice || n.Elem.Sizes(e.v).Min > 0 {
		if least > 1 {
			e.f("if %s > uint64(len(src)-i)/%d { «wire.Short(%s, src)» }", c, least, w)
		} else {
			e.f("if %s > uint64(len(src)-i) { «wire.Short(%s, src)» }", c, w)
		}
	} else {
		cost = n.Elem.Mem
	}
	if cost > 0 {
		e.f("if !d.Take(int(%s), %d) { return i, d.OverBudget(%s, i, int(%s), %d) }", c, cost, w, c, cost)
	}
	return cost
}

func (e *emitter) decodeSlice(n *schema.Node, x string, w where, keepEmpty bool) {
	c := e.decodePrefix(n, w)
	e.nullable(n, c, x, func() {
		e.decodeLimits(n, c, w)
		e.claim(n, c, w)
		empty := "nil"
		if n.Null || keepEmpty {
			empty = n.Go + "{}"
		}
		e.f("switch {\ncase %s == 0:\n%s = %s", c, x, empty)
		e.f("case uint64(cap(%s)) >= %s:\n%s = %s[:%s]\ndefault:\n%s = make(%s, %s)\n}", x, c, x, x, c, x, n.Go, c)
		k, el := e.local("k"), e.local("e")
		if simple(n.Elem) {
			e.f("for %s := range %s {", k, x)
			e.decode(n.Elem, fmt.Sprintf("%s[%s]", x, k), w.index(k), false)
			e.f("}")
			return
		}
		body := e.capture(func() { e.decode(n.Elem, "(*"+el+")", w.index(k), false) })
		if body != "" {
			e.f("for %s := range %s {\n%s := &%s[%s]\n%s}", k, x, el, x, k, body)
		}
	})
}

func (e *emitter) decodeMap(n *schema.Node, x string, w where, keepEmpty bool) {
	c := e.decodePrefix(n, w)
	e.nullable(n, c, x, func() {
		e.decodeLimits(n, c, w)
		e.claim(n, c, w)
		empty := "nil"
		if n.Null || keepEmpty {
			empty = n.Go + "{}"
		}
		k, el, last := e.local("k"), e.local("e"), e.local("last")
		e.f("%s = %s", x, empty)
		e.f("if %s > 0 { %s = make(%s, %s) }", c, x, n.Go, c)
		e.f("var %s %s", last, n.Key.Go)
		e.f("for n := range %s {", c)
		e.f("var %s %s\nvar %s %s", k, n.Key.Go, el, n.Elem.Go)
		e.decode(n.Key, k, w, false)
		e.f("if n > 0 && %s <= %s { «wire.Bad(%s, i, codec.ErrCanonical)» }\n%s = %s", k, last, w.key(k), last, k)
		e.decode(n.Elem, el, w.key(k), false)
		e.f("%s[%s] = %s\n}", x, k, el)
	})
}

func (e *emitter) decodePointer(n *schema.Node, x string, w where) {
	value := func() {
		e.f("if !d.Take(1, %d) { return i, d.OverBudget(%s, i, 1, %d) }", n.Elem.Mem, w, n.Elem.Mem)
		e.f("if %s == nil { %s = new(%s) }", x, x, n.Elem.Go)
		e.decode(n.Elem, "(*"+x+")", w, false)
	}
	switch {
	case !n.Null:
		value()
	case n.NullByLength():
		c := e.decodePrefix(n.Elem, w)
		e.f("if %s == %s {\n%s = nil\n} else {", c, nullValue(n.Elem), x)
		e.f("if %s == nil { %s = new(%s) }", x, x, n.Elem.Go)
		elem := *n.Elem
		elem.Null = true // its nil is handled
		e.stringBody(&elem, "(*"+x+")", w, c)
		e.f("}")
	default:
		null := "0"
		if n.NullI8 {
			null = "0xff"
		}
		e.f("if i >= len(src) { «wire.Short(%s, src)» }", w)
		e.f("switch src[i] {\ncase %s:\n%s = nil\ni++\ncase 1:\ni++", null, x)
		value()
		e.f("default:\n«wire.Bad(%s, i, codec.ErrCanonical)»\n}", w)
	}
}

func (e *emitter) decodeUnion(n *schema.Node, x string, w where) {
	u, next := e.local("u"), e.local("i")
	e.f("%s, %s := wire.Uvarint(src, i)", u, next)
	e.f("if %s < 0 { «wire.BadUvarint(%s, src, i)» }", next, w)
	e.f("switch %s {", u)
	if n.Null {
		e.f("case 0:\n%s = nil\ni = %s", x, next)
	}
	for _, variant := range n.Union.Variants {
		if !variant.Versions.Has(e.v) {
			continue
		}
		v := e.local("v")
		e.f("case %d:\ni = %s", variant.ID, next)
		e.f("if !d.Take(1, %d) { return i, d.OverBudget(%s, i, 1, %d) }", variant.Struct.Mem, w, variant.Struct.Mem)
		e.f("%s := new(%s)", v, variant.Struct.Name)
		e.decodeStruct(variant.Struct, v, w)
		e.f("%s = %s", x, v)
	}
	e.f("default:\n«wire.Bad(%s, i, codec.ErrEnum)»\n}", w)
}

// decodeExtensions reads the section of tagged fields.
func (e *emitter) decodeExtensions(s *schema.Struct, f *schema.Field) {
	x, w := "m."+f.Name, literal(f.Name)
	for _, t := range taggedFields(s, e.v) {
		e.setDefault(t, "m."+t.Name)
	}
	c := e.local("n")
	next := e.local("i")
	e.f("%s = nil", x)
	e.f("%s, %s := wire.Uvarint(src, i)", c, next)
	e.f("if %s < 0 { «wire.BadUvarint(%s, src, i)» }\ni = %s", next, w, next)
	e.f("for last := int64(-1); %s > 0; %s-- {", c, c)
	e.f("tag, from, to, err := wire.Tagged(src, i, last, %s)\nif err != nil { return i, err }", w)
	e.f("last = tag")
	outer := "src"
	e.f("switch tag {")
	for _, t := range taggedFields(s, e.v) {
		e.f("case %d:", t.At(e.v).Tag)
		e.f("src := %s[:to]\ni := from", outer)
		e.decode(t.At(e.v), "m."+t.Name, literal(t.Name), nilDiffers(t))
		e.f("if i != to { «wire.Bad(%q, i, codec.ErrTrailing)» }", t.Name)
		e.f("if %s { «wire.Bad(%q, from, codec.ErrCanonical)» }", not(e.notDefault(t, "m."+t.Name)), t.Name)
	}
	e.f("default:")
	e.f("if !d.Take(1, %d) { return i, d.OverBudget(%s, i, 1, %d) }", extensionMem, w, extensionMem)
	e.f("%s = append(%s, codec.Extension{Tag: uint64(tag), Data: d.Bytes(src, from, to)})\n}", x, x)
	e.f("i = to\n}")
}
