package borrowcheck

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
)

// Analyzer reports borrowed frames that are kept beyond the next call.
var Analyzer = &analysis.Analyzer{
	Name:      "borrowcheck",
	Doc:       "report frames borrowed from a frame.Reader or frame.Decoder that are kept beyond the next call",
	URL:       "https://pkg.go.dev/github.com/parleyproto/parley/frame/borrowcheck",
	Requires:  []*analysis.Analyzer{buildssa.Analyzer},
	FactTypes: []analysis.Fact{new(borrows)},
	Run:       run,
}

// borrows is the fact about a function that its results are borrowed from its receiver.
type borrows struct{}

func (*borrows) AFact()         {}
func (*borrows) String() string { return "borrows" }

const directive = "//parley:borrows"

func run(pass *analysis.Pass) (any, error) {
	if pass.Pkg.Path() == framePath {
		return nil, nil // the lender itself
	}
	for _, file := range pass.Files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok && directed(decl.Doc) {
				if fn, ok := pass.TypesInfo.Defs[decl.Name].(*types.Func); ok {
					pass.ExportObjectFact(fn, new(borrows))
				}
			}
		}
	}
	c := &checker{pass: pass, reported: make(map[report]bool)}
	ssa := pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA)
	for _, fn := range ssa.SrcFuncs {
		if fn.Parent() == nil && c.lends(fn) {
			c.literal(fn, state{})
		}
	}
	for _, fn := range ssa.Pkg.Func("init").AnonFuncs { // of package variables
		if c.lends(fn) {
			c.literal(fn, state{})
		}
	}
	return nil, nil
}

func directed(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, line := range doc.List {
		if strings.TrimSpace(line.Text) == directive {
			return true
		}
	}
	return false
}
