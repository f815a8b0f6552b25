package prop

import (
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/commands"

	"github.com/parleyproto/parley/fuzz"
)

// A queue of bytes beside its model; the planted fault loses the newest byte
// when the third is put.
type queue struct {
	fault         bool
	system, model []byte
}

func queueMachine(fault bool, open *int) fuzz.Machine[*queue] {
	return fuzz.Machine[*queue]{
		New: func() *queue { *open++; return &queue{fault: fault} },
		Ops: []fuzz.Op[*queue]{
			{Name: "put", Run: func(_ testing.TB, q *queue, s *fuzz.Source) {
				b := byte(s.Choose(256))
				q.model = append(q.model, b)
				if !q.fault || len(q.model) != 3 {
					q.system = append(q.system, b)
				}
			}},
			{Name: "get", Pre: func(q *queue) bool { return len(q.model) > 0 }, Run: func(t testing.TB, q *queue, _ *fuzz.Source) {
				if len(q.system) == 0 || q.system[0] != q.model[0] {
					t.Fatalf("ORACLE queue wrong byte")
				}
				q.system, q.model = q.system[1:], q.model[1:]
			}},
		},
		Check: func(t testing.TB, q *queue) {
			if len(q.system) != len(q.model) {
				t.Fatalf("ORACLE queue wrong length")
			}
		},
		Close: func(*queue) { *open-- },
	}
}

func checkCommands(fault bool) (*gopter.TestResult, int) {
	params := gopter.DefaultTestParametersWithSeed(1)
	params.MinSuccessfulTests, params.MaxSize = 50, 20
	open := 0
	return commands.Prop(Commands(queueMachine(fault, &open))).Check(params), open
}

func TestCommandsPassARightMachine(t *testing.T) {
	if r, open := checkCommands(false); !r.Passed() || open != 0 {
		t.Errorf("%v; %d machines left open", r, open)
	}
}

func TestCommandsFindAPlantedFaultAndShrink(t *testing.T) {
	r, open := checkCommands(true)
	if r.Passed() || open != 0 {
		t.Fatalf("%v; %d machines left open", r, open)
	}
	if len(r.Labels) == 0 || r.Labels[0] != "ORACLE queue wrong length" {
		t.Errorf("labels %q", r.Labels)
	}
	story := r.Args[0].ArgFormatted
	if n := strings.Count(story, "put("); n != 3 || strings.Contains(story, "get(") {
		t.Errorf("not shrunk to three puts: %s", story)
	}
}

// Commands are a property like others: bytes can drive them too.
func TestTargetRunsCommands(t *testing.T) {
	open := 0
	right, wrong := commands.Prop(Commands(queueMachine(false, &open))), commands.Prop(Commands(queueMachine(true, &open)))
	found := 0
	for _, data := range inputs(100) {
		if msg := run(right, data); msg != "" {
			t.Fatalf("%q: %s", data, msg)
		}
		if msg := run(wrong, data); strings.HasPrefix(msg, "ORACLE property falsified\nORACLE queue wrong length\n") {
			found++
		}
	}
	if found == 0 || open != 0 {
		t.Errorf("found by %d of 100 inputs; %d machines left open", found, open)
	}
}
