package gen

import (
	"fmt"

	"github.com/parleyproto/parley/codec/schema"
)

// A version that has an older form of a field gets a copy of the message in which the user's
// methods have derived it; the passes that size and write then see the copy and know nothing
// of conversions.

// projectFunc writes a struct's function that makes the copy.
func (e *emitter) projectFunc(s *schema.Struct) {
	e.within = s
	depth := ""
	if s.Recursive {
		depth = ", depth int"
	}
	e.f("")
	e.f("// %s returns a copy of m with the fields that this version has in an older form.", e.fn("project", s))
	e.f("func %s(m *%s%s) (*%s, error) {", e.fn("project", s), s.Name, depth, s.Name)
	if s.Recursive {
		e.f("if depth--; depth < 0 { return nil, wire.Invalid(\"\", codec.ErrDepth) }")
	}
	e.f("c := *m")
	for _, f := range s.Fields {
		if f.Newer != nil || f.Older == nil {
			continue // once for each chain, at its newest field
		}
		fs := chain(f)
		at := newestPresent(fs, e.v)
		for k := len(fs) - 2; at >= 0 && k >= at; k-- {
			e.f("if x, err := m.%s(c.%s); err != nil { return nil, wire.Invalid(%q, err) } else { c.%s = x }",
				fs[k].Newer.Method, fs[k+1].Name, fs[k].Name, fs[k].Name)
		}
	}
	for _, f := range s.At(e.v) {
		n := f.At(e.v)
		if f.Lossy && losesNil(f, e.v) && n.Kind == schema.Pointer {
			e.f("if c.%s == nil { c.%s = new(%s) }", f.Name, f.Name, n.Elem.Go)
		}
		if e.projects(n) {
			e.project(n, "c."+f.Name, literal(f.Name))
		}
	}
	e.f("return &c, nil\n}")
}

// projects tells whether a node contains structs that convert.
func (e *emitter) projects(n *schema.Node) bool {
	found := false
	eachNode(n, func(n *schema.Node) {
		for _, s := range parts(n) {
			found = found || s.Versions.Has(e.v) && converts(s, e.v)
		}
	})
	return found
}

// project writes code that replaces x, a part of the copy, by a converted copy of its own.
func (e *emitter) project(n *schema.Node, x string, w where) {
	switch n.Kind {
	case schema.StructKind:
		e.projectStruct(n.Struct, address(x), x+" = *%s", w)
	case schema.Pointer:
		v := e.local("p")
		e.f("if %s != nil {\n%s := *%s", x, v, x)
		e.project(n.Elem, v, w)
		e.f("%s = &%s\n}", x, v)
	case schema.Array:
		k := e.local("k")
		e.f("for %s := range %s {", k, x)
		e.project(n.Elem, fmt.Sprintf("%s[%s]", x, k), w.index(k))
		e.f("}")
	case schema.Slice:
		k := e.local("k")
		e.f("%s = slices.Clone(%s)", x, x)
		e.f("for %s := range %s {", k, x)
		e.project(n.Elem, fmt.Sprintf("%s[%s]", x, k), w.index(k))
		e.f("}")
	case schema.Map:
		k, v := e.local("k"), e.local("e")
		e.f("%s = maps.Clone(%s)", x, x)
		e.f("for %s, %s := range %s {", k, v, x)
		e.project(n.Elem, v, w.key(k))
		e.f("%s[%s] = %s\n}", x, k, v)
	case schema.UnionKind:
		u := e.local("u")
		e.f("switch %s := %s.(type) {", u, x)
		for _, variant := range n.Union.Variants {
			if variant.Versions.Has(e.v) && converts(variant.Struct, e.v) {
				e.f("case *%s:\nif %s != nil {", variant.Struct.Name, u)
				e.projectStruct(variant.Struct, u, x+" = %s", w)
				e.f("}")
			}
		}
		e.f("}")
	}
}

// projectStruct writes the call for a struct at address m; assign uses its result.
func (e *emitter) projectStruct(s *schema.Struct, m, assign string, w where) {
	p, depth := e.local("p"), ""
	if s.Recursive {
		depth = ", " + e.depth()
	}
	e.f("%s, err := %s(%s%s)", p, e.fn("project", s), m, depth)
	e.f("if err != nil { return nil, wire.In(err, %s) }", w)
	e.f(assign, p)
}
