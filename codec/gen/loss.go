package gen

import (
	"github.com/parleyproto/parley/codec/schema"
)

// loses tells whether some value of s loses something in v.
func (e *emitter) loses(s *schema.Struct) bool {
	for _, o := range reachableAt(s, e.v) {
		for _, f := range o.Fields {
			if losesAt(f, e.v) || losesNil(f, e.v) {
				return true
			}
			if n := f.At(e.v); n != nil {
				found := false
				eachNode(n, func(n *schema.Node) { found = found || e.losesValues(n) })
				if found {
					return true
				}
			}
		}
	}
	return false
}

// losesValues tells whether a version lacks some of an enum's values or a union's variants.
func (e *emitter) losesValues(n *schema.Node) bool {
	if n.Enum != nil && enumCases(n.Enum, e.v, false) != "" {
		return true
	}
	if n.Union != nil {
		for _, variant := range n.Union.Variants {
			if !variant.Versions.Has(e.v) {
				return true
			}
		}
	}
	return false
}

// lossFunc writes a struct's function that lists what the version would lose.
func (e *emitter) lossFunc(s *schema.Struct) {
	e.within = s
	e.f("")
	e.f("// %s appends the paths of m's fields that this version cannot carry.", e.fn("loss", s))
	if s.Recursive {
		e.f("func %s(lost []string, path string, m *%s, depth int) []string {", e.fn("loss", s), s.Name)
		e.f("if depth--; depth < 0 { return lost }")
	} else {
		e.f("func %s(lost []string, path string, m *%s) []string {", e.fn("loss", s), s.Name)
	}
	for _, f := range s.Fields {
		n := f.At(e.v)
		w := where("path").field(f.Name)
		switch {
		case losesAt(f, e.v):
			e.f("if %s { lost = append(lost, %s) }", e.notDefault(f, "m."+f.Name), w)
		case n == nil:
		case losesNil(f, e.v):
			e.f("if m.%s == nil { lost = append(lost, %s) }", f.Name, w)
			fallthrough
		default:
			e.loss(n, "m."+f.Name, w)
		}
	}
	e.f("return lost\n}")
}

// loss writes code that looks for losses within x.
func (e *emitter) loss(n *schema.Node, x string, w where) {
	if !e.mayLose(n) {
		return
	}
	switch n.Kind {
	case schema.Int, schema.Uint, schema.String:
		e.f("switch %s {\ncase %s:\nlost = append(lost, %s)\n}", x, enumCases(n.Enum, e.v, false), w)
	case schema.StructKind:
		e.lossStruct(n.Struct, address(x), w)
	case schema.Pointer:
		e.f("if %s != nil {", x)
		e.loss(n.Elem, "(*"+x+")", w)
		e.f("}")
	case schema.Array, schema.Slice:
		k := e.local("k")
		e.f("for %s := range %s {", k, x)
		e.loss(n.Elem, x+"["+k+"]", w.index(k))
		e.f("}")
	case schema.Map:
		k, v := e.local("k"), e.local("e")
		body := e.capture(func() { e.loss(n.Key, k, w.key(k)); e.loss(n.Elem, v, w.key(k)) })
		e.f("for _, %s := range slices.Sorted(maps.Keys(%s)) {", k, x)
		if uses(body, v) {
			e.f("%s := %s[%s]", v, x, k)
		}
		e.f("%s}", body)
	case schema.UnionKind:
		e.lossUnion(n, x, w)
	}
}

func (e *emitter) lossUnion(n *schema.Node, x string, w where) {
	u := e.local("u")
	body := e.capture(func() { e.lossVariants(n, u, w) })
	if uses(body, u) {
		e.f("switch %s := %s.(type) {\n%s}", u, x, body)
	} else {
		e.f("switch %s.(type) {\n%s}", x, body)
	}
}

func (e *emitter) lossVariants(n *schema.Node, u string, w where) {
	for _, variant := range n.Union.Variants {
		switch {
		case !variant.Versions.Has(e.v):
			e.f("case *%s:\nlost = append(lost, %s)", variant.Struct.Name, w)
		case e.loses(variant.Struct):
			e.f("case *%s:\nif %s != nil {", variant.Struct.Name, u)
			e.lossStruct(variant.Struct, u, w)
			e.f("}")
		}
	}
}

func (e *emitter) lossStruct(s *schema.Struct, m string, w where) {
	depth := ""
	if s.Recursive {
		depth = ", " + e.depth()
	}
	e.f("lost = %s(lost, %s, %s%s)", e.fn("loss", s), w, m, depth)
}

// mayLose tells whether some value of a node loses something within it.
func (e *emitter) mayLose(n *schema.Node) bool {
	found := false
	eachNode(n, func(n *schema.Node) {
		found = found || e.losesValues(n)
		for _, s := range parts(n) {
			found = found || s.Versions.Has(e.v) && e.loses(s)
		}
	})
	return found
}
