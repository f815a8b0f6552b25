package borrowcheck

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

const framePath = "github.com/parleyproto/parley/frame"

// lenders are the types of package frame that lend, and what their methods do.
var lenders = map[string]methods{
	"Reader": {
		lend:  []string{"Next", "NextReader", "Buffered"},
		still: []string{"Buffered"},
		loop:  "Frames",
	},
	"Decoder": {
		lend:  []string{"Next", "Piece", "Buffered", "Begun", "Space"},
		still: []string{"Buffered", "Begun", "Need", "Wrote", "End"},
	},
}

type methods struct {
	lend  []string // their first result is borrowed
	still []string // they leave borrowed frames as they are; any other method ends them
	loop  string   // its result, ranged over, lends its first value for one step
}

// A call is what a call does to borrowed frames.
type call struct {
	name string // of the method, such as "Reader.Next"
	from string // the lender, by its canonical name
	lend bool
	ends bool // frames borrowed earlier from the same lender
	loop bool
}

// classify tells what common does, if it calls a lender's method.
func (c *checker) classify(common *ssa.CallCommon) (call, bool) {
	callee := common.StaticCallee()
	if callee == nil || callee.Object() == nil {
		return call{}, false
	}
	fn, ok := callee.Object().(*types.Func)
	if !ok {
		return call{}, false
	}
	if c.pass.ImportObjectFact(fn.Origin(), new(borrows)) {
		from := "call of " + fn.FullName()
		if len(common.Args) > 0 && fn.Signature().Recv() != nil {
			from = c.canonical(common.Args[0])
		}
		return call{name: qualified(fn), from: from, lend: true, ends: true}, true
	}
	if fn.Pkg() == nil || fn.Pkg().Path() != framePath || fn.Signature().Recv() == nil {
		return call{}, false
	}
	m, ok := lenders[receiver(fn)]
	if !ok || len(common.Args) == 0 {
		return call{}, false
	}
	return call{
		name: qualified(fn),
		from: c.canonical(common.Args[0]),
		lend: slices.Contains(m.lend, fn.Name()),
		ends: !slices.Contains(m.still, fn.Name()) && fn.Name() != m.loop,
		loop: fn.Name() == m.loop,
	}, true
}

func qualified(fn *types.Func) string {
	if r := receiver(fn); r != "" {
		return r + "." + fn.Name()
	}
	return fn.Name()
}

// receiver returns the name of the type that fn is a method of, or "".
func receiver(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// aliasing reports whether the results of a standard function share memory with its arguments.
func aliasing(fn *types.Func) bool {
	if fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "bytes":
		return fn.Signature().Recv() == nil && !bytesCopies[fn.Name()]
	case "slices":
		return fn.Name() == "Clip" || fn.Name() == "Grow" || fn.Name() == "All" || fn.Name() == "Values" || fn.Name() == "Chunk"
	}
	return false
}

// bytesCopies are the functions of package bytes whose result is a copy.
var bytesCopies = map[string]bool{
	"Clone": true, "Join": true, "Map": true, "Repeat": true, "Replace": true, "ReplaceAll": true,
	"Title": true, "ToLower": true, "ToLowerSpecial": true, "ToTitle": true, "ToTitleSpecial": true,
	"ToUpper": true, "ToUpperSpecial": true, "ToValidUTF8": true,
}

// async reports whether fn runs a function that it is given at another time.
func async(fn *types.Func) bool {
	switch fn.FullName() {
	case "(*sync.WaitGroup).Go", "time.AfterFunc", "context.AfterFunc",
		"(*golang.org/x/sync/errgroup.Group).Go", "(*golang.org/x/sync/errgroup.Group).TryGo":
		return true
	}
	return false
}
