package borrowcheck

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// checker checks the functions of one package.
type checker struct {
	pass     *analysis.Pass
	reported map[report]bool
}

const returned = "returned"

type report struct {
	pos  token.Pos
	text string
}

// kept reports that v is put where it outlives the function's hold on it, if it is on loan.
func (f *flow) kept(s state, v ssa.Value, pos token.Pos, how string) {
	if v == nil {
		return
	}
	l, ok := worst(f.loans(s, v))
	if !ok {
		return
	}
	text := "a frame borrowed from " + l.call + " is " + how + "; it is valid until the next call, keep a copy (bytes.Clone)"
	if how == returned && f.fn.Parent() == nil {
		text += " or mark this function as lending (" + directive + ")"
	}
	f.report(l, pos, text)
}

// used reports that v is used, if its loan has ended.
func (f *flow) used(s state, v ssa.Value, pos token.Pos) {
	if l, ok := worst(f.loans(s, v)); ok && l.stale {
		f.late(l, pos)
	}
}

func (f *flow) late(l loan, pos token.Pos) {
	f.report(l, pos, "a frame borrowed from "+l.call+" is used after a later call that may have overwritten it; keep a copy (bytes.Clone)")
}

func (c *checker) report(l loan, pos token.Pos, text string) {
	if !pos.IsValid() {
		pos = l.pos
	}
	r := report{pos, text}
	if c.reported[r] {
		return
	}
	c.reported[r] = true
	c.pass.Report(analysis.Diagnostic{
		Pos:     pos,
		Message: text,
		Related: []analysis.RelatedInformation{{Pos: l.pos, Message: "borrowed here"}},
	})
}

// borrows reports whether fn says that its results are borrowed.
func (c *checker) borrows(fn *ssa.Function) bool {
	obj, ok := fn.Object().(*types.Func)
	return ok && c.pass.ImportObjectFact(obj, new(borrows))
}

// instrPos returns the position of v, or else of the operand x.
func instrPos(v, x ssa.Value) token.Pos {
	if v.Pos().IsValid() {
		return v.Pos()
	}
	return x.Pos()
}
