package gen

import (
	"fmt"
	"go/constant"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// checkNumber writes the checks of a number's range.
func (e *emitter) checkNumber(n *schema.Node, x string, w where) {
	fail := func(cond, cause string) { e.f("if %s { «wire.Invalid(%s, codec.%s)» }", cond, w, cause) }
	if n.Kind == schema.Time {
		if e.nanos == nil {
			e.f("if _, ok := wire.Nanos(%s); !ok { «wire.Invalid(%s, codec.ErrRange)» }", x, w)
			return
		}
		t := e.local("t")
		e.f("%s, ok := wire.Nanos(%s)\nif !ok { «wire.Invalid(%s, codec.ErrRange)» }", t, x, w)
		e.nanos[x] = t
		return
	}
	if cond := outside(n, x); cond != "" {
		fail(cond, "ErrRange")
	}
	if (n.Kind == schema.Int || n.Kind == schema.Uint) && n.Encoding == schema.Fixed && n.Width*8 < n.Bits {
		wide := fmt.Sprintf("int%d", n.Width*8)
		if n.Kind == schema.Uint {
			wide = "u" + wide
		}
		fail(fmt.Sprintf("%s(%s(%s)) != %s", n.Go, wide, x, x), "ErrRange")
	}
	e.checkEnum(n, x, w)
}

// outside returns a condition that a value is outside its limits, "" if it has none. NaN is
// outside of any.
func outside(n *schema.Node, x string) string {
	cond := ""
	if n.Kind == schema.String {
		return "" // its limits are those of its length
	}
	add := func(c constant.Value, op string) {
		if c == nil {
			return
		}
		if cond != "" {
			cond += " || "
		}
		cond += fmt.Sprintf(op, x, goConstant(n, c))
	}
	if n.Kind == schema.Float {
		add(n.Min, "!(%s >= %s)")
		add(n.Max, "!(%s <= %s)")
		return cond
	}
	if !(n.Kind == schema.Uint && n.Min != nil && constant.Sign(n.Min) == 0) {
		add(n.Min, "%s < %s")
	}
	add(n.Max, "%s > %s")
	return cond
}

// checkEnum writes the check that an enum's value is one that the version has.
func (e *emitter) checkEnum(n *schema.Node, x string, w where) {
	if n.Enum == nil {
		return
	}
	e.f("switch %s {\ncase %s:", x, enumCases(n.Enum, e.v, true))
	if gone := enumCases(n.Enum, e.v, false); gone != "" {
		e.f("case %s:\n«wire.Lost(%s, %q)»", gone, w, "other versions")
	}
	e.f("default:\n«wire.Invalid(%s, codec.ErrEnum)»\n}", w)
}

// enumCases returns the names of the values that a version has, or does not have.
func enumCases(en *schema.Enum, v codec.Version, has bool) string {
	cases := ""
	for _, value := range en.Values {
		if value.Versions.Has(v) == has {
			if cases != "" {
				cases += ", "
			}
			cases += value.Name
		}
	}
	return cases
}
