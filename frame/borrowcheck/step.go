package borrowcheck

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// step applies one instruction to s, and reports what it keeps.
func (f *flow) step(s state, instr ssa.Instruction) {
	if v, ok := instr.(ssa.Value); ok {
		if _, phi := v.(*ssa.Phi); !phi {
			s.clear(place{v, ""}) // its value is new, also in a loop
		}
	}
	switch v := instr.(type) {
	case *ssa.Call:
		f.call(s, v)
	case *ssa.Extract:
		f.copy(s, v, s.under(place{v.Tuple, result(v.Index)}))
	case *ssa.Slice:
		f.move(s, v, v.X)
	case *ssa.ChangeType:
		f.move(s, v, v.X)
	case *ssa.ChangeInterface:
		f.move(s, v, v.X)
	case *ssa.MakeInterface:
		f.move(s, v, v.X)
	case *ssa.SliceToArrayPointer:
		f.move(s, v, v.X)
	case *ssa.TypeAssert:
		f.move(s, v, v.X)
	case *ssa.Convert:
		f.convert(s, v)
	case *ssa.Field:
		f.copy(s, v, s.under(place{v.X, field(v.Field)}))
	case *ssa.Index:
		f.element(s, v, v.X)
	case *ssa.Lookup:
		f.element(s, v, v.X)
	case *ssa.Range:
		f.element(s, v, v.X)
	case *ssa.Next:
		f.element(s, v, v.Iter)
	case *ssa.FieldAddr, *ssa.IndexAddr:
		f.point(s, v.(ssa.Value))
	case *ssa.UnOp:
		f.load(s, v)
	case *ssa.Store:
		f.store(s, v)
	case *ssa.MapUpdate:
		f.mapUpdate(s, v)
	case *ssa.MakeClosure:
		f.closure(s, v)
	case *ssa.Send:
		f.kept(s, v.X, v.Pos(), "sent on a channel")
	case *ssa.Select:
		for _, c := range v.States {
			if c.Send != nil {
				f.kept(s, c.Send, c.Pos, "sent on a channel")
			}
		}
	case *ssa.Go:
		f.kept(s, v.Call.Value, v.Pos(), "captured by a goroutine")
		for _, a := range v.Call.Args {
			f.kept(s, a, v.Pos(), "handed to a goroutine")
		}
	case *ssa.Defer:
		f.deferred(s, v)
	case *ssa.RunDefers:
		f.runDefers(s)
	case *ssa.Return:
		f.returned(s, v)
	}
}

// copy puts loans into v, as far as v's type can hold them.
func (f *flow) copy(s state, v ssa.Value, loans map[string]loan) {
	if !carries(v.Type()) {
		return
	}
	for path, l := range loans {
		s.add(place{v, path}, l)
	}
}

// move makes v another name for x, or for a part of it.
func (f *flow) move(s state, v, x ssa.Value) {
	if _, ok := v.(*ssa.ChangeType); ok {
		f.copy(s, v, f.loans(s, x))
		return
	}
	f.whole(s, v, f.loans(s, x))
}

// whole puts the worst of loans on all of v.
func (f *flow) whole(s state, v ssa.Value, loans map[string]loan) {
	if l, ok := worst(loans); ok && carries(v.Type()) {
		s.add(place{v, ""}, l)
	}
}

// element takes something out of x.
func (f *flow) element(s state, v, x ssa.Value) {
	f.used(s, x, instrPos(v, x))
	f.whole(s, v, f.loans(s, x))
}

// convert copies the bytes between slices and strings; other conversions keep them.
func (f *flow) convert(s state, v *ssa.Convert) {
	if !carries(v.Type()) || !carries(v.X.Type()) {
		f.used(s, v.X, v.Pos())
		return
	}
	f.move(s, v, v.X)
}

// point makes v a pointer into what is on loan. Pointers into local places need no loan of their
// own: loans looks them up.
func (f *flow) point(s state, v ssa.Value) {
	if root, _, _ := f.address(v); !f.local(root) {
		f.whole(s, v, s.under(place{root, ""}))
	}
}

func (f *flow) load(s state, v *ssa.UnOp) {
	if v.Op != token.MUL {
		return
	}
	root, path, _ := f.address(v.X)
	if f.local(root) {
		f.copy(s, v, s.under(place{root, path}))
		return
	}
	f.used(s, root, instrPos(v, v.X))
	f.whole(s, v, s.under(place{root, ""}))
}

func (f *flow) store(s state, v *ssa.Store) {
	root, path, exact := f.address(v.Addr)
	loans := f.loans(s, v.Val)
	if !f.local(root) {
		if len(s.under(place{root, ""})) > 0 && len(loans) == 0 {
			f.used(s, root, v.Pos()) // it writes into the frame
		}
		f.kept(s, v.Val, v.Pos(), "stored in "+storage(v.Addr))
		return
	}
	if exact {
		s.clear(place{root, path})
	}
	for sub, l := range loans {
		s.add(place{root, path + sub}, l)
	}
}

// storage names what a pointer points to.
func storage(addr ssa.Value) string {
	switch addr := addr.(type) {
	case *ssa.FieldAddr:
		return "a field"
	case *ssa.IndexAddr:
		if _, ok := addr.X.Type().Underlying().(*types.Slice); ok {
			return "a slice"
		}
		return "an array"
	case *ssa.Global:
		return "a package variable"
	case *ssa.FreeVar:
		return "a variable of the surrounding function"
	}
	return "what a pointer points to"
}

func (f *flow) mapUpdate(s state, v *ssa.MapUpdate) {
	if !f.local(v.Map) {
		f.kept(s, v.Value, v.Pos(), "stored in a map")
		f.kept(s, v.Key, v.Pos(), "stored in a map")
		return
	}
	for _, x := range []ssa.Value{v.Key, v.Value} {
		if l, ok := worst(f.loans(s, x)); ok {
			s.add(place{v.Map, ""}, l)
		}
	}
}

// closure makes v hold what its variables hold, and notes it for the check of its body.
func (f *flow) closure(s state, v *ssa.MakeClosure) {
	lit := v.Fn.(*ssa.Function)
	if isLoopBody(lit) {
		return // run where it is called
	}
	entry := state{}
	for i, b := range v.Bindings {
		for path, l := range f.loans(s, b) {
			s.add(place{v, ""}, l)
			entry.add(place{lit.FreeVars[i], path}, l)
		}
	}
	f.capture(lit, entry)
}

// deferred keeps the loans of a deferred call's arguments until it runs.
func (f *flow) deferred(s state, v *ssa.Defer) {
	for _, a := range append([]ssa.Value{v.Call.Value}, v.Call.Args...) {
		if l, ok := worst(f.loans(s, a)); ok {
			s.add(place{v, ""}, l)
		}
	}
}

func (f *flow) runDefers(s state) {
	for p, l := range s {
		if d, ok := p.root.(*ssa.Defer); ok && l.stale {
			f.late(l, d.Pos())
		}
	}
}

func (f *flow) returned(s state, v *ssa.Return) {
	if isLoopBody(f.fn) {
		f.exits(s, v)
		return
	}
	if f.borrows {
		return
	}
	for _, x := range v.Results {
		f.kept(s, x, v.Pos(), returned)
	}
}
