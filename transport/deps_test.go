package transport_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The transport and its subpackages import the standard library and each other, and what the
// architecture says beside: nothing that a user would have to take along.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}",
		".", "./liveness", "./natsearch").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/parleyproto/parley/"
	for _, path := range strings.Fields(string(out)) {
		own := strings.TrimPrefix(path, module)
		folder, _, _ := strings.Cut(own, "/")
		switch {
		case own == path:
			t.Errorf("imports %s, which is neither of the standard library nor of this module", path)
		case folder != "frame" && folder != "codec" && folder != "negotiate" && folder != "transport":
			t.Errorf("imports %s, which the transport must not", path)
		}
	}
}
