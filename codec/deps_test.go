package codec_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports codec, or generated code, gets the standard library and nothing else.
func TestStandardLibraryOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", "./wire").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(pkg, "github.com/parleyproto/parley/codec") {
			t.Errorf("codec imports %s", pkg)
		}
	}
}
