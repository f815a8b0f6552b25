package borrowcheck

import (
	"fmt"
	"go/constant"

	"golang.org/x/tools/go/ssa"
)

// address resolves a pointer to the place it points to. It is not exact if that is one of
// several elements.
func (f *flow) address(v ssa.Value) (root ssa.Value, path string, exact bool) {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		root, path, exact = f.address(v.X)
		return root, path + fmt.Sprintf(".%d", v.Field), exact
	case *ssa.IndexAddr:
		root, path, exact = f.address(v.X)
		if s, ok := v.X.(*ssa.Slice); ok {
			root, path, exact = f.address(s.X)
			exact = exact && s.Low == nil
		}
		if i, ok := v.Index.(*ssa.Const); ok && i.Value != nil && i.Value.Kind() == constant.Int {
			return root, path + "[" + i.Value.ExactString() + "]", exact
		}
		return root, path, false
	}
	return v, "", true
}

// local reports whether root is made by this function, and so holds what it holds only as long
// as this function lets it.
func (f *flow) local(root ssa.Value) bool {
	switch root := root.(type) {
	case *ssa.Alloc, *ssa.MakeSlice, *ssa.MakeMap:
		return true
	case *ssa.FreeVar:
		return isLoopBody(root.Parent())
	}
	return false
}

// loans returns what is on loan in v: in what it points to if that is local.
func (f *flow) loans(s state, v ssa.Value) map[string]loan {
	if root, path, _ := f.address(v); f.local(root) {
		return s.under(place{root, path})
	} else if root != v {
		return s.under(place{root, ""})
	}
	return s.under(place{v, ""})
}

// canonical names v so that two ways to write the same variable, or the same chain of fields,
// get the same name.
func (c *checker) canonical(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.UnOp:
		return "*" + c.canonical(v.X)
	case *ssa.FieldAddr:
		return fmt.Sprintf("&%s.%d", c.canonical(v.X), v.Field)
	case *ssa.Field:
		return fmt.Sprintf("%s.%d", c.canonical(v.X), v.Field)
	case *ssa.ChangeType:
		return c.canonical(v.X)
	case *ssa.MakeInterface:
		return c.canonical(v.X)
	case *ssa.Global:
		return v.String()
	case *ssa.FreeVar:
		if b := binding(v); b != nil {
			return c.canonical(b)
		}
	}
	return fmt.Sprintf("%p", v)
}

// binding returns the variable of the surrounding function that v is, if it is known.
func binding(v *ssa.FreeVar) ssa.Value {
	fn := v.Parent()
	if fn.Parent() == nil {
		return nil
	}
	at := -1
	for i, w := range fn.FreeVars {
		if w == v {
			at = i
		}
	}
	for _, b := range fn.Parent().Blocks {
		for _, instr := range b.Instrs {
			if m, ok := instr.(*ssa.MakeClosure); ok && m.Fn == fn && at >= 0 {
				return m.Bindings[at]
			}
		}
	}
	return nil
}
