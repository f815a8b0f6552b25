package prop_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/commands"
	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/fuzz"
	"github.com/parleyproto/parley/fuzz/prop"
)

// A property of gopter.
var reverseTwice = gopterprop.ForAll(func(s []int) bool {
	r := slices.Clone(s)
	slices.Reverse(r)
	slices.Reverse(r)
	return slices.Equal(r, s)
}, gen.SliceOf(gen.Int()))

// The property as a fuzz target: `go test -fuzz=FuzzReverseTwice`.
func FuzzReverseTwice(f *testing.F) {
	f.Fuzz(prop.Target(reverseTwice))
}

func ExampleTarget() {
	// In a _test.go file:
	//
	//	func FuzzReverseTwice(f *testing.F) {
	//		f.Fuzz(prop.Target(reverseTwice))
	//	}
	target := prop.Target(reverseTwice)
	target(&testing.T{}, []byte("any bytes are a case"))
	// Output:
}

// A stack of bytes and its model, as gopter commands.
func ExampleCommands() {
	type stack struct{ system, model []byte }
	machine := fuzz.Machine[*stack]{
		New: func() *stack { return &stack{} },
		Ops: []fuzz.Op[*stack]{{Name: "push", Run: func(_ testing.TB, s *stack, args *fuzz.Source) {
			b := byte(args.Choose(256))
			s.system, s.model = append(s.system, b), append(s.model, b)
		}}},
		Check: func(t testing.TB, s *stack) {
			if !bytes.Equal(s.system, s.model) {
				t.Fatalf("ORACLE stack differs from its model")
			}
		},
	}
	result := commands.Prop(prop.Commands(machine)).Check(gopter.DefaultTestParametersWithSeed(1))
	fmt.Println(result.Status, result.Succeeded)
	// Output: PASSED 100
}
