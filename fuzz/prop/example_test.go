package prop_test

import (
	"slices"
	"testing"

	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

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
