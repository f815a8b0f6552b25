package frame_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports frame gets the standard library.
func TestStandardLibraryOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if pkg != "github.com/parleyproto/parley/frame" {
			t.Errorf("frame imports %s", pkg)
		}
	}
}
