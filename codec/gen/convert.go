package gen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec/schema"
)

// Fields that replaced one another are a chain. In a version, a field's own value counts; if
// it is the default, it is derived from the nearest field of the chain that is not, newer
// ones first. The derived values stand in a copy of the message, which the passes that size
// and write then see; they know nothing of conversions.

// projectFunc writes a struct's function that makes the copy, if one is needed.
func (e *emitter) projectFunc(s *schema.Struct) {
	e.within = s
	depth := ""
	if s.Recursive {
		depth = ", depth int"
	}
	e.f("")
	e.f("// %s returns m, or a copy with the fields that this version derives from others.", e.fn("project", s))
	e.f("func %s(m *%s%s) (*%s, error) {", e.fn("project", s), s.Name, depth, s.Name)
	if s.Recursive {
		e.f("if depth--; depth < 0 { return nil, wire.Invalid(\"\", codec.ErrDepth) }")
	}
	if none, only := e.projectWhen(s); only {
		e.f("if %s { return m, nil }", none)
	}
	e.f("c := *m")
	for _, f := range s.At(e.v) {
		if derived(f, e.v) {
			e.derive(f)
		}
	}
	for _, f := range s.At(e.v) {
		n := f.At(e.v)
		if fillsNil(f, e.v) {
			e.f("if c.%s == nil { c.%s = new(%s) }", f.Name, f.Name, n.Elem.Go)
		}
		if e.projects(n) {
			e.project(n, "c."+f.Name, literal(f.Name))
		}
	}
	e.f("return &c, nil\n}")
}

// projectWhen returns a condition that a struct's own fields need no copy; only tells that no
// part of it may need one.
func (e *emitter) projectWhen(s *schema.Struct) (none string, only bool) {
	var conds []string
	for _, f := range s.At(e.v) {
		if e.projects(f.At(e.v)) {
			return "", false
		}
		if fillsNil(f, e.v) {
			conds = append(conds, "m."+f.Name+" != nil")
		}
		if derived(f, e.v) {
			conds = append(conds, e.notDefault(f, "m."+f.Name))
		}
	}
	return strings.Join(conds, " && "), true
}

// derive writes code that gives a field with its default the value of another one.
func (e *emitter) derive(f *schema.Field) {
	fs := chain(f)
	at := slices.Index(fs, f)
	step := func(to *schema.Field, c *schema.Conversion) {
		e.f("if x, err := m.%s(c.%s); err != nil { return nil, wire.Invalid(%q, err) } else { c.%s = x }", c.Method, c.Source.Name, to.Name, to.Name)
	}
	e.f("switch {\ncase %s:", e.notDefault(f, "c."+f.Name))
	for k := at + 1; k < len(fs); k++ {
		e.f("case %s:", e.notDefault(fs[k], "c."+fs[k].Name))
		for j := k - 1; j >= at; j-- {
			step(fs[j], fs[j].Newer)
		}
	}
	for k := at - 1; k >= 0; k-- {
		e.f("case %s:", e.notDefault(fs[k], "c."+fs[k].Name))
		for j := k + 1; j <= at; j++ {
			step(fs[j], fs[j].Older)
		}
	}
	e.f("}")
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
