package gen

import (
	"fmt"
	"go/constant"
	"math"
	"strconv"

	"github.com/parleyproto/parley/codec/schema"
)

// goConstant returns a constant as Go source that can be compared with or assigned to a
// value of the node's type.
func goConstant(n *schema.Node, c constant.Value) string {
	switch n.Kind {
	case schema.String:
		return strconv.Quote(constant.StringVal(c))
	case schema.Float:
		f, _ := constant.Float64Val(c)
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return c.ExactString()
}

// notDefault returns a condition that a field's value x differs from its default.
func (e *emitter) notDefault(f *schema.Field, x string) string {
	n := f.Type
	if f.Default != nil {
		switch n.Kind {
		case schema.Bool:
			if constant.BoolVal(f.Default) {
				return "!" + x
			}
			return x
		case schema.Float:
			v, _ := constant.Float64Val(f.Default)
			if n.Bits == 32 {
				return fmt.Sprintf("math.Float32bits(float32(%s)) != %#x", x, math.Float32bits(float32(v)))
			}
			return fmt.Sprintf("math.Float64bits(float64(%s)) != %#x", x, math.Float64bits(v))
		}
		return fmt.Sprintf("%s != %s", x, goConstant(n, f.Default))
	}
	return e.notZero(n, x, nilDiffers(f) || n.Kind == schema.Array && elementsDiffer(f))
}

// elementsDiffer tells whether some version has a value for the nil of what an array holds.
func elementsDiffer(f *schema.Field) bool {
	found := false
	for _, l := range f.Layouts {
		eachNode(l.Node, func(n *schema.Node) { found = found || n.Null })
	}
	return found
}

// notZero returns a condition that x differs from what a new value of its type holds, where
// structs count their fields' defaults.
func (e *emitter) notZero(n *schema.Node, x string, nilDiffers bool) string {
	switch n.Kind {
	case schema.Bool:
		return x
	case schema.Int, schema.Uint, schema.Duration:
		return x + " != 0"
	case schema.Float:
		return fmt.Sprintf("math.Float%dbits(float%d(%s)) != 0", n.Bits, n.Bits, x)
	case schema.String:
		return x + ` != ""`
	case schema.ByteArray:
		return fmt.Sprintf("%s != (%s{})", x, n.Go)
	case schema.Time:
		return "!" + x + ".IsZero()"
	case schema.Addr:
		return x + ".IsValid()"
	case schema.Array:
		return fmt.Sprintf("slices.ContainsFunc(%s[:], func(e %s) bool { return %s })", x, n.Elem.Go, e.notZero(n.Elem, "e", nilDiffers))
	case schema.StructKind:
		return fmt.Sprintf("!isDefault%s(%s)", n.Struct.Name, address(x))
	case schema.Pointer, schema.UnionKind:
		return x + " != nil"
	}
	if nilDiffers {
		return x + " != nil"
	}
	return fmt.Sprintf("len(%s) != 0", x)
}

// setDefault writes the assignment of a field's default to x.
func (e *emitter) setDefault(f *schema.Field, x string) {
	if f.Default != nil {
		e.f("%s = %s", x, goConstant(f.Type, f.Default))
		return
	}
	e.setZero(f.Type, x)
}

func (e *emitter) setZero(n *schema.Node, x string) {
	switch n.Kind {
	case schema.Bool:
		e.f("%s = false", x)
	case schema.Int, schema.Uint, schema.Float, schema.Duration:
		e.f("%s = 0", x)
	case schema.String:
		e.f(`%s = ""`, x)
	case schema.Time, schema.Addr, schema.ByteArray:
		e.f("%s = %s{}", x, n.Go)
	case schema.Array:
		if !hasDefaults(n) {
			e.f("%s = %s{}", x, n.Go)
			return
		}
		k := e.local("k")
		e.f("for %s := range %s {", k, x)
		e.setZero(n.Elem, x+"["+k+"]")
		e.f("}")
	case schema.StructKind:
		e.f("setDefault%s(%s)", n.Struct.Name, address(x))
	default:
		e.f("%s = nil", x)
	}
}

// hasDefaults tells whether a new value of a type is not Go's zero value.
func hasDefaults(n *schema.Node) bool {
	switch n.Kind {
	case schema.Array:
		return hasDefaults(n.Elem)
	case schema.StructKind:
		return structHasDefaults(n.Struct)
	}
	return false
}

func structHasDefaults(s *schema.Struct) bool {
	for _, f := range s.Fields {
		if f.Default != nil || hasDefaults(f.Type) {
			return true
		}
	}
	return false
}

// defaultFuncs writes isDefault and setDefault of all structs that others hold by value, and
// New of those whose defaults are not zero.
func (e *emitter) defaultFuncs() {
	byValue := map[*schema.Struct]bool{}
	for _, s := range e.p.Structs {
		for _, f := range s.Fields {
			eachNode(f.Type, func(n *schema.Node) {
				if n.Struct != nil {
					byValue[n.Struct] = true
				}
			})
		}
	}
	for _, s := range e.p.Structs {
		if byValue[s] {
			e.f("")
			e.f("func isDefault%s(m *%s) bool {", s.Name, s.Name)
			for _, f := range s.Fields {
				e.f("if %s { return false }", e.notDefault(f, "m."+f.Name))
			}
			e.f("return true\n}")
		}
		if byValue[s] || structHasDefaults(s) {
			e.f("")
			e.f("func setDefault%s(m *%s) {", s.Name, s.Name)
			for _, f := range s.Fields {
				e.setDefault(f, "m."+f.Name)
			}
			e.f("}")
		}
		if structHasDefaults(s) {
			e.f("")
			e.f("// New%s returns a %s whose fields have their defaults.", s.Name, s.Name)
			e.f("func New%s() *%s {\nm := new(%s)\nsetDefault%s(m)\nreturn m\n}", s.Name, s.Name, s.Name, s.Name)
		}
	}
}
