package prop

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/fuzz/internal/recorder"
)

// insert puts v into a sorted slice; the planted fault loses a duplicate.
func insert(s []int, v int, fault bool) []int {
	i, found := slices.BinarySearch(s, v)
	if found && fault {
		return s
	}
	return slices.Insert(s, i, v)
}

func insertKeepsAll(fault bool) gopter.Prop {
	return gopterprop.ForAll(func(values []int) bool {
		var sorted []int
		for _, v := range values {
			sorted = insert(sorted, v, fault)
		}
		return len(sorted) == len(values) && slices.IsSorted(sorted)
	}, gen.SliceOf(gen.IntRange(0, 50)))
}

// inputs are byte strings as the engine makes them from nothing.
func inputs(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	out := make([][]byte, n)
	for i := range out {
		out[i] = make([]byte, rnd.IntN(60))
		for j := range out[i] {
			out[i][j] = byte(rnd.Uint32())
		}
	}
	return out
}

func run(p gopter.Prop, data []byte) string {
	return recorder.Run(func(t testing.TB) { check(t, p, data) })
}

func TestTargetPassesARightProperty(t *testing.T) {
	p := insertKeepsAll(false)
	for _, data := range inputs(300) {
		if msg := run(p, data); msg != "" {
			t.Fatalf("%q: %s", data, msg)
		}
	}
}

func TestTargetFindsAPlantedFault(t *testing.T) {
	p := insertKeepsAll(true)
	found := 0
	for _, data := range inputs(300) {
		msg := run(p, data)
		if msg == "" {
			continue
		}
		found++
		if !strings.HasPrefix(msg, "ORACLE property falsified\n") || !strings.Contains(msg, "argument 0") {
			t.Fatalf("%q: %s", data, msg)
		}
		if again := run(p, data); again != msg {
			t.Fatalf("%q is not decided by its bytes:\n%s\n%s", data, msg, again)
		}
	}
	if found == 0 {
		t.Error("no input found the duplicate")
	}
}

// A value that chance would never draw is in reach of who edits the bytes.
func TestTargetBytesSteerTheValues(t *testing.T) {
	p := gopterprop.ForAll(func(v uint64) bool { return v != 0xC0FFEE }, gen.UInt64())
	for _, data := range inputs(300) {
		if msg := run(p, data); msg != "" {
			t.Fatalf("found by chance: %q", data)
		}
	}
	data := []byte{0}                                          // size
	data = binary.LittleEndian.AppendUint64(data, 0)           // gopter: first<<1
	data = binary.LittleEndian.AppendUint64(data, 0xC0FFEE<<1) // ^ second, each without its lowest bit
	if msg := run(p, data); !strings.HasPrefix(msg, "ORACLE property falsified\n") {
		t.Errorf("got %q", msg)
	}
}

func TestTargetReportsAPanic(t *testing.T) {
	p := gopterprop.ForAll(func(v []int) bool { return v[len(v)] == 0 }, gen.SliceOf(gen.Int()))
	msg := run(p, []byte{1})
	if !strings.HasPrefix(msg, "ORACLE property error\n") || !strings.Contains(msg, "index out of range") {
		t.Errorf("got %q", msg)
	}
}

func TestTargetDiscards(t *testing.T) {
	never := gen.Int().SuchThat(func(int) bool { return false })
	if msg := run(gopterprop.ForAll(func(int) bool { return false }, never), []byte("x")); msg != "" {
		t.Errorf("a discarded case failed: %s", msg)
	}
}

func FuzzInsertKeepsAll(f *testing.F) {
	f.Add([]byte{8, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(Target(insertKeepsAll(false)))
}
