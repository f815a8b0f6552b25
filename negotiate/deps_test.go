package negotiate_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports negotiate gets the standard library, and codec for its Version.
func TestStandardLibraryOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/parleyproto/parley/"
	for pkg := range strings.FieldsSeq(string(out)) {
		if pkg != module+"negotiate" && pkg != module+"codec" && !strings.HasPrefix(pkg, module+"codec/internal/") {
			t.Errorf("negotiate imports %s", pkg)
		}
	}
}
