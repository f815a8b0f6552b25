package gen

import (
	"fmt"
	"go/constant"
	"math"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// testFile returns the source of the generated tests: for each message its random values
// and what the laws in codectest need to know.
func (g *groups) testFile(golden func(codec.Version, *schema.Struct) [][]byte) ([]byte, error) {
	e := &emitter{p: g.p, g: g}
	for _, m := range g.p.Messages {
		e.testMessage(m, golden)
	}
	for _, v := range g.p.All() {
		e.v = v
		for _, s := range structsAt(g.p, v) {
			if g.first(s, v) == v {
				e.randomFunc(s)
			}
		}
	}
	return e.finish("")
}

func (e *emitter) testMessage(m *schema.Struct, golden func(codec.Version, *schema.Struct) [][]byte) {
	name := "laws" + m.Name
	e.f("")
	e.f("var %s = codectest.Message{Protocol: Protocol, Name: %q, Versions: []codectest.Version{", name, m.Name)
	for _, v := range e.p.All() {
		if !m.Versions.Has(v) {
			continue
		}
		e.v = v
		e.f("{")
		e.f("Version: %d, Random: func(r *codectest.Rand) codec.Message { m := %s(r)\nreturn &m },", v, e.fn("random", m))
		if !e.p.IsText(v) {
			s := m.PayloadSizes(v)
			e.f("MinSize: %d,", s.Min)
			if s.Max <= math.MaxInt32 {
				e.f("MaxSize: %d,", s.Max)
			}
		}
		if n := perByte(m, v); n > 0 {
			e.f("PerByte: %d,", n)
		}
		if converts(m, v) || convertsUp(m, v) {
			e.f("Converts: true,")
		}
		if m.SkipTail && !e.p.IsText(v) || hasTail(m, v) {
			e.f("Tail: true,")
		}
		if vectors := golden(v, m); len(vectors) > 0 {
			e.f("Golden: [][]byte{")
			for _, b := range vectors {
				e.f("[]byte(%q),", b)
			}
			e.f("},")
		}
		e.f("},")
	}
	e.f("}}")
	e.f("\nfunc Test%sLaws(t *testing.T) { %s.Test(t) }", m.Name, name)
	e.f("\nfunc Fuzz%sLaws(f *testing.F) { %s.Fuzz(f) }", m.Name, name)
	e.f("\nfunc Benchmark%sCodec(b *testing.B) { %s.Bench(b) }", m.Name, name)
}

func hasTail(m *schema.Struct, v codec.Version) bool {
	for _, f := range m.At(v) {
		if f.At(v).Kind == schema.Tail {
			return true
		}
	}
	return false
}

// convertsUp tells whether decoding s in v derives fields by the user's methods.
func convertsUp(s *schema.Struct, v codec.Version) bool {
	for _, o := range reachableAt(s, v) {
		for _, f := range o.Fields {
			if f.At(v) == nil && newestPresent(chain(f), v) >= 0 {
				return true
			}
		}
	}
	return false
}

// randomFunc writes the function that makes a random value which the version carries.
func (e *emitter) randomFunc(s *schema.Struct) {
	e.within = s
	e.f("")
	e.f("func %s(r *codectest.Rand) %s {", e.fn("random", s), s.Name)
	e.f("var m %s", s.Name)
	for _, f := range s.Fields {
		n := f.At(e.v)
		switch {
		case n == nil:
			if e.hasDefault(f) {
				e.setDefault(f, "m."+f.Name)
			}
		case n.Kind == schema.Extensions:
			var tags []string
			for _, t := range taggedFields(s, e.v) {
				tags = append(tags, fmt.Sprint(t.At(e.v).Tag))
			}
			e.f("m.%s = r.Extensions(%s)", f.Name, strings.Join(tags, ", "))
		case f.Default != nil:
			e.setDefault(f, "m."+f.Name)
			e.f("if r.Intn(4) > 0 {")
			e.random(n, "m."+f.Name, false)
			e.f("}")
		default:
			e.random(n, "m."+f.Name, nilDiffers(f))
		}
	}
	e.f("return m\n}")
}

func (e *emitter) hasDefault(f *schema.Field) bool { return f.Default != nil || hasDefaults(f.Type) }

// random writes code that assigns a random value to x.
func (e *emitter) random(n *schema.Node, x string, keepEmpty bool) {
	if n.Enum != nil {
		e.f("%s = []%s{%s}[r.Intn(%d)]", x, n.Go, enumCases(n.Enum, e.v, true), strings.Count(enumCases(n.Enum, e.v, true), ",")+1)
		return
	}
	switch n.Kind {
	case schema.Bool:
		e.f("%s = %s", x, convert(n.Go, "r.Bool()", "bool"))
	case schema.Int, schema.Duration:
		lo, hi := intLimits(n)
		e.f("%s = %s(r.Int(%d, %d))", x, n.Go, lo, hi)
	case schema.Uint:
		lo, hi := uintLimits(n)
		e.f("%s = %s(r.Uint(%d, %d))", x, n.Go, lo, hi)
	case schema.Float:
		e.randomFloat(n, x)
	case schema.String:
		lo, hi := lenLimits(n)
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("r.Text(%d, %d)", lo, hi), "string"))
	case schema.Bytes:
		lo, hi := lenLimits(n)
		e.randomNull(n, func() {
			e.f("%s = r.Bytes(%d, %d)", x, lo, hi)
			e.keepEmpty(n, x, keepEmpty)
		})
	case schema.ByteArray:
		e.f("r.Read(%s[:])", x)
	case schema.Time, schema.Addr:
		e.f("%s = r.%v()", x, map[schema.Kind]string{schema.Time: "Time", schema.Addr: "Addr"}[n.Kind])
	case schema.Array:
		k := e.local("k")
		e.f("for %s := range %s {", k, x)
		e.random(n.Elem, x+"["+k+"]", false)
		e.f("}")
	case schema.Slice:
		e.randomNull(n, func() { e.randomSlice(n, x); e.keepEmpty(n, x, keepEmpty) })
	case schema.Map:
		e.randomNull(n, func() { e.randomMap(n, x); e.keepEmpty(n, x, keepEmpty) })
	case schema.Pointer:
		e.randomNull(n, func() {
			e.f("%s = new(%s)", x, n.Elem.Go)
			e.random(n.Elem, "(*"+x+")", false)
		})
	case schema.StructKind:
		e.f("%s = %s(r)", x, e.fn("random", n.Struct))
	case schema.UnionKind:
		e.randomUnion(n, x)
	case schema.Tail:
		e.f("%s = r.Bytes(0, 20)", x)
	}
}

// randomNull lets value's code run or not, where nil is allowed; and never when a recursive
// value is deep enough.
func (e *emitter) randomNull(n *schema.Node, value func()) {
	cond := ""
	switch {
	case e.recursive(n) && n.MinLen() == 0 && (n.Null || n.Kind != schema.Pointer):
		cond = "r.Deeper()"
	case n.Null:
		cond = "r.Intn(4) > 0"
	}
	if cond == "" {
		value()
		return
	}
	e.f("if %s {", cond)
	value()
	e.f("}")
}

// recursive tells whether a node leads to a recursive struct.
func (e *emitter) recursive(n *schema.Node) bool {
	found := false
	eachNode(n, func(n *schema.Node) {
		for _, s := range parts(n) {
			found = found || s.Recursive
		}
	})
	return found
}

func (e *emitter) keepEmpty(n *schema.Node, x string, keep bool) {
	if n.Null || keep {
		e.f("if %s == nil { %s = %s{} }", x, x, n.Go)
	}
}

func (e *emitter) randomFloat(n *schema.Node, x string) {
	lo, hi := -math.MaxFloat64, math.MaxFloat64
	if n.Bits == 32 {
		lo, hi = -math.MaxFloat32, math.MaxFloat32
	}
	if n.Min == nil && n.Max == nil {
		e.f("%s = %s", x, convert(n.Go, fmt.Sprintf("r.Float%d()", n.Bits), fmt.Sprintf("float%d", n.Bits)))
		return
	}
	if n.Min != nil {
		lo, _ = constant.Float64Val(n.Min)
	}
	if n.Max != nil {
		hi, _ = constant.Float64Val(n.Max)
	}
	e.f("%s = %s(r.FloatIn(%v, %v))", x, n.Go, lo, hi)
}

func (e *emitter) randomSlice(n *schema.Node, x string) {
	lo, hi := lenLimits(n)
	k := e.local("k")
	e.f("if n := r.Count(%d, %d); n > 0 {\n%s = make(%s, n)", lo, hi, x, n.Go)
	e.f("for %s := range %s {", k, x)
	e.random(n.Elem, x+"["+k+"]", false)
	e.f("}\n}")
}

func (e *emitter) randomMap(n *schema.Node, x string) {
	lo, hi := lenLimits(n)
	k, v := e.local("k"), e.local("v")
	e.f("for want, tries := r.Count(%d, %d), 0; len(%s) < want && tries < 1000; tries++ {", lo, hi, x)
	e.f("var %s %s\nvar %s %s", k, n.Key.Go, v, n.Elem.Go)
	e.random(n.Key, k, false)
	e.random(n.Elem, v, false)
	e.f("if %s == nil { %s = %s{} }\n%s[%s] = %s\n}", x, x, n.Go, x, k, v)
}

func (e *emitter) randomUnion(n *schema.Node, x string) {
	var there []schema.Variant
	for _, variant := range n.Union.Variants {
		if variant.Versions.Has(e.v) {
			there = append(there, variant)
		}
	}
	count := len(there)
	if n.Null {
		count++
	}
	e.f("switch r.Intn(%d) {", count)
	for k, variant := range there {
		v := e.local("v")
		e.f("case %d:\n%s := %s(r)\n%s = &%s", k, v, e.fn("random", variant.Struct), x, v)
	}
	e.f("}")
}

func intLimits(n *schema.Node) (lo, hi int64) {
	bits := n.Bits
	if n.Encoding == schema.Fixed {
		bits = n.Width * 8
	}
	lo, hi = math.MinInt64>>(64-bits), math.MaxInt64>>(64-bits)
	if n.Min != nil {
		lo, _ = constant.Int64Val(n.Min)
	}
	if n.Max != nil {
		hi, _ = constant.Int64Val(n.Max)
	}
	return lo, hi
}

func uintLimits(n *schema.Node) (lo, hi uint64) {
	bits := n.Bits
	if n.Encoding == schema.Fixed {
		bits = n.Width * 8
	}
	hi = math.MaxUint64 >> (64 - bits)
	if n.Min != nil {
		lo, _ = constant.Uint64Val(n.Min)
	}
	if n.Max != nil {
		hi, _ = constant.Uint64Val(n.Max)
	}
	return lo, hi
}

func lenLimits(n *schema.Node) (lo, hi uint64) {
	hi = min(n.Prefix.Cap(), 1000)
	if limit, ok := n.MaxLen(); ok {
		hi = min(limit, 1000)
	}
	return n.MinLen(), max(hi, n.MinLen())
}
