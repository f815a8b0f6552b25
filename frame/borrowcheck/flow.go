package borrowcheck

import (
	"go/constant"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// A flow is the analysis of one function body: the state at the start of each of its blocks,
// grown until it no longer changes.
type flow struct {
	*checker
	fn       *ssa.Function
	borrows  bool // fn says that its results are borrowed
	in       []state
	goOn     state // at the returns of true of a loop body: another step follows
	done     state // at its other returns
	literals map[*ssa.Function]state
}

// lends reports whether a frame is borrowed in fn or in a function literal in it.
func (c *checker) lends(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if v, ok := instr.(*ssa.Call); ok {
				if call, ok := c.classify(&v.Call); ok && (call.lend || call.loop) {
					return true
				}
			}
		}
	}
	return slices.ContainsFunc(fn.AnonFuncs, c.lends)
}

// literal checks fn from the state entry of the variables around it, and the function literals
// in it.
func (c *checker) literal(fn *ssa.Function, entry state) {
	f := c.run(fn, entry)
	for _, lit := range fn.AnonFuncs {
		if entry, ok := f.literals[lit]; ok {
			c.literal(lit, entry)
		}
	}
}

// run analyses the body of fn, and of the loop bodies in it, from the state entry.
func (c *checker) run(fn *ssa.Function, entry state) *flow {
	f := &flow{
		checker:  c,
		fn:       fn,
		borrows:  c.borrows(fn),
		in:       make([]state, len(fn.Blocks)),
		goOn:     state{},
		done:     state{},
		literals: make(map[*ssa.Function]state),
	}
	if len(fn.Blocks) == 0 {
		return f
	}
	f.in[0] = entry.clone()
	for work := []*ssa.BasicBlock{fn.Blocks[0]}; len(work) > 0; {
		b := work[0]
		work = work[1:]
		s := f.in[b.Index].clone()
		for _, instr := range b.Instrs {
			f.step(s, instr)
		}
		for _, next := range b.Succs {
			if f.enter(b, next, s) {
				work = append(work, next)
			}
		}
	}
	return f
}

// enter joins the state at the end of b into the start of next, by way of next's phis.
func (f *flow) enter(b, next *ssa.BasicBlock, s state) bool {
	out := s.clone()
	edge := 0
	for i, p := range next.Preds {
		if p == b {
			edge = i
		}
	}
	for _, instr := range next.Instrs {
		phi, ok := instr.(*ssa.Phi)
		if !ok {
			break
		}
		out.clear(place{phi, ""})
		for path, l := range f.loans(s, phi.Edges[edge]) {
			out.add(place{phi, path}, l)
		}
	}
	if f.in[next.Index] == nil {
		f.in[next.Index] = out
		return true
	}
	return f.in[next.Index].join(out)
}

// loopBody runs the body of a range-over-func loop until its state settles, and leaves in s
// what holds behind the loop. With a lender, each step lends the body's first parameter.
func (f *flow) loopBody(s state, body *ssa.Function, closure *ssa.MakeClosure, lender *call, lent loan) {
	entry := state{}
	for i, v := range body.FreeVars {
		for path, l := range f.loans(s, closure.Bindings[i]) {
			entry.add(place{v, path}, l)
		}
	}
	if lender != nil {
		s.end(lender.from)
		entry.end(lender.from)
	}
	var g *flow
	for {
		start := entry.clone()
		if lender != nil && len(body.Params) > 0 {
			start.add(place{body.Params[0], ""}, lent)
		}
		g = f.run(body, start)
		again := state{}
		again.join(g.goOn)
		if lender != nil {
			again.end(lender.from)
		}
		if !entry.join(onlyVars(again, body)) {
			break
		}
	}
	for lit, entry := range g.literals {
		f.capture(lit, entry)
		f.checker.literal(lit, entry)
	}
	out := entry
	out.join(onlyVars(g.done, body))
	for i, v := range body.FreeVars {
		root, path, exact := f.address(closure.Bindings[i])
		if exact {
			s.clear(place{root, path})
		}
		for sub, l := range out.under(place{v, ""}) {
			s.add(place{root, path + sub}, l)
		}
	}
}

// onlyVars returns what s says of the variables around the loop body.
func onlyVars(s state, body *ssa.Function) state {
	out := state{}
	for p, l := range s {
		for _, v := range body.FreeVars {
			if p.root == v {
				out[p] = l
			}
		}
	}
	return out
}

// capture notes what a function literal finds in the variables around it.
func (f *flow) capture(lit *ssa.Function, entry state) {
	if f.literals[lit] == nil {
		f.literals[lit] = state{}
	}
	f.literals[lit].join(entry)
}

// isLoopBody reports whether fn is what the compiler makes of a range-over-func loop's body.
func isLoopBody(fn *ssa.Function) bool { return fn.Synthetic == "range-over-func yield" }

// exits notes the state at a return of a loop body.
func (f *flow) exits(s state, ret *ssa.Return) {
	if len(ret.Results) == 1 {
		if c, ok := ret.Results[0].(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.Bool {
			if constant.BoolVal(c.Value) {
				f.goOn.join(s)
			} else {
				f.done.join(s)
			}
			return
		}
	}
	f.goOn.join(s)
	f.done.join(s)
}
