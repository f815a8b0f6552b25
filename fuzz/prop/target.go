package prop

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/leanovate/gopter"

	"github.com/parleyproto/parley/fuzz"
)

// maxSize bounds what the first byte of an input may ask for. Commands make
// as many steps as the size says, and each step takes some tens of bytes.
const maxSize = 64

// Target turns a property into the function that testing.F.Fuzz wants. Every
// input is a case; one whose values the property discards passes. When the
// input is too short the generators go on with pseudo-random numbers seeded by
// it, so that every input is decided by its bytes alone.
//
// A failure starts with `ORACLE property falsified` or, for an error or a
// panic, `ORACLE property error`; the labels and arguments follow. gopter does
// not shrink here: the engine makes the input smaller.
func Target(p gopter.Prop) func(t *testing.T, data []byte) {
	return func(t *testing.T, data []byte) {
		t.Helper()
		check(t, p, data)
	}
}

func check(t testing.TB, p gopter.Prop, data []byte) {
	t.Helper()
	result := p(parameters(data))
	if result.Success() || result.Status == gopter.PropUndecided {
		return
	}
	var text strings.Builder
	for _, label := range result.Labels {
		text.WriteString(label + "\n")
	}
	for i, arg := range result.Args {
		fmt.Fprintf(&text, "argument %d %s: %s\n", i, arg.Label, arg.ArgFormatted)
	}
	if result.Status == gopter.PropError {
		t.Fatalf("ORACLE property error\n%v\n%s%s", result.Error, text.String(), result.ErrorStack)
	}
	t.Fatalf("ORACLE property falsified\n%s", text.String())
}

func parameters(data []byte) *gopter.GenParameters {
	s := fuzz.NewSource(data)
	return &gopter.GenParameters{
		MaxSize: s.Choose(maxSize) + 1,
		Rng:     rand.New(s),
	}
}
