package borrowcheck

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

func result(i int) string { return fmt.Sprintf("#%d", i) }
func field(i int) string  { return fmt.Sprintf(".%d", i) }

// call applies a call to s: what it uses, what it ends, and what its result borrows.
func (f *flow) call(s state, v *ssa.Call) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		f.builtin(s, v, b.Name())
		return
	}
	for _, a := range v.Call.Args {
		f.used(s, a, v.Pos())
	}
	f.used(s, v.Call.Value, v.Pos())
	if f.rangeOverFunc(s, v) {
		return
	}
	if c, ok := f.classify(&v.Call); ok {
		if c.ends {
			s.end(c.from)
		}
		if c.lend {
			f.lend(s, v, loan{call: c.name, from: c.from, pos: v.Pos()})
		}
		return
	}
	callee := v.Call.StaticCallee()
	if callee == nil || callee.Object() == nil {
		return
	}
	fn, ok := callee.Object().(*types.Func)
	if !ok {
		return
	}
	for _, a := range v.Call.Args {
		if aliasing(fn) {
			f.whole(s, v, f.loans(s, a))
		}
		if async(fn) {
			f.kept(s, a, v.Pos(), "captured by a goroutine")
		}
	}
}

// lend puts l on the first result of v.
func (f *flow) lend(s state, v *ssa.Call, l loan) {
	switch t := v.Type().(type) {
	case *types.Tuple:
		if carries(t.At(0).Type()) {
			s.add(place{v, result(0)}, l)
		}
	default:
		f.whole(s, v, map[string]loan{"": l})
	}
}

// rangeOverFunc runs a loop body where its iterator is called with it.
func (f *flow) rangeOverFunc(s state, v *ssa.Call) bool {
	if len(v.Call.Args) == 0 {
		return false
	}
	closure, ok := v.Call.Args[len(v.Call.Args)-1].(*ssa.MakeClosure)
	var body *ssa.Function
	if ok {
		body = closure.Fn.(*ssa.Function)
	} else if body, ok = v.Call.Args[len(v.Call.Args)-1].(*ssa.Function); !ok {
		return false
	}
	if !isLoopBody(body) {
		return false
	}
	var lender *call
	var lent loan
	if seq, ok := v.Call.Value.(*ssa.Call); ok {
		if c, ok := f.classify(&seq.Call); ok && c.loop {
			lender, lent = &c, loan{call: c.name, from: c.from, pos: seq.Pos()}
		}
	}
	f.loopBody(s, body, closure, lender, lent)
	return true
}

func (f *flow) builtin(s state, v *ssa.Call, name string) {
	args := v.Call.Args
	switch name {
	case "len", "cap":
		return
	case "append":
		f.used(s, args[0], v.Pos())
		if len(args) > 1 {
			f.used(s, args[1], v.Pos())
		}
		f.whole(s, v, f.loans(s, args[0]))
		if t, ok := v.Type().Underlying().(*types.Slice); ok && len(args) > 1 && carries(t.Elem()) {
			f.whole(s, v, f.loans(s, args[1]))
		}
		return
	case "String", "StringData", "Slice", "SliceData": // of package unsafe
		f.used(s, args[0], v.Pos())
		if l, ok := worst(f.loans(s, args[0])); ok {
			s.add(place{v, ""}, l)
		}
		return
	}
	for _, a := range args {
		f.used(s, a, v.Pos())
	}
}
