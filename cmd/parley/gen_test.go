package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pingSource = `//parley:protocol ping versions=1-2

package ping

//parley:message 1
type Ping struct {
	Seq  uint32 ` + "`parley:\"v1+\"`" + `
	Note string ` + "`parley:\"v2+,max=10,lossy\"`" + `
}

var protocol = Protocol
`

// What gen writes is complete, stable, and checked.
func TestGen(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"ping/ping.go": pingSource})
	pkg := filepath.Join(dir, "ping")
	if out, status := tool(t, dir, "gen", "-check", "./..."); status != 1 || !strings.Contains(out, "ping_v2_parley.go") {
		t.Errorf("gen -check before gen: status %d: %s", status, out)
	}
	if out, status := tool(t, dir, "gen", "./..."); status != 0 || out != "" {
		t.Fatalf("gen: status %d: %s", status, out)
	}
	first := listing(t, pkg)
	if len(first) != 5 {
		t.Errorf("want ping.go, protocol, two versions and a test, got %d files", len(first))
	}
	if out, status := tool(t, pkg, "gen"); status != 0 {
		t.Fatalf("gen again: status %d: %s", status, out)
	}
	if diff := cmp.Diff(first, listing(t, pkg)); diff != "" {
		t.Errorf("gen does not give the same bytes again:\n%s", diff)
	}
	if out, status := tool(t, dir, "gen", "--check", "./..."); status != 0 {
		t.Errorf("gen --check: status %d: %s", status, out)
	}
}

// A generated file that was edited by hand, and one of a version that is gone, are found and
// mended.
func TestGenMendsEditedFiles(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"ping.go": pingSource})
	tool(t, dir, "gen")
	want := listing(t, dir)
	edit(t, filepath.Join(dir, "ping_v1_parley.go"), "package ping\n", "package ping // mine\n")
	writeFile(t, filepath.Join(dir, "ping_v3_parley.go"), want["ping_v2_parley.go"])
	out, status := tool(t, dir, "gen", "-check")
	if status != 1 || !strings.Contains(out, "ping_v3_parley.go, ping_v1_parley.go") {
		t.Errorf("gen -check: status %d: %s", status, out)
	}
	if out, status := tool(t, dir, "gen"); status != 0 {
		t.Fatalf("gen: status %d: %s", status, out)
	}
	if diff := cmp.Diff(want, listing(t, dir)); diff != "" {
		t.Errorf("after gen:\n%s", diff)
	}
}

// A schema with mistakes leaves everything as it was.
func TestGenWritesNothingAfterAMistake(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"ping.go": strings.Replace(pingSource, "max=10", "max=ten", 1)})
	before := listing(t, dir)
	out, status := tool(t, dir, "gen")
	if status != 1 || !strings.Contains(out, "ping.go:8:2: Ping.Note: max=ten") {
		t.Errorf("status %d: %s", status, out)
	}
	if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
		t.Errorf("files changed:\n%s", diff)
	}
}

// A folder that cannot be written to is left as it was.
func TestGenInAReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"ping/ping.go": pingSource})
	pkg := filepath.Join(dir, "ping")
	if os.Geteuid() == 0 { // to whom permissions are nothing: a folder stands in the way
		if err := os.Mkdir(filepath.Join(pkg, "ping_v2_parley.go.tmp"), 0o755); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Chmod(pkg, 0o555); err != nil {
		t.Fatal(err)
	}
	out, status := tool(t, dir, "gen", "./ping")
	if status != 2 || !strings.Contains(out, "parley: gen: open ") {
		t.Errorf("status %d: %s", status, out)
	}
	if names, _ := filepath.Glob(filepath.Join(pkg, "*.go")); len(names) != 1 {
		t.Errorf("half of the files were written: %v", names)
	}
}

// A package that does not compile says so, unless generated code is what is missing.
func TestGenWithoutCompiling(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"ping.go": pingSource + "\nvar _ = missing\n"})
	out, status := tool(t, dir, "gen")
	if status != 1 || out != "ping.go:13:9: the package does not compile: undefined: missing\n" {
		t.Errorf("status %d: %s", status, out)
	}
}

// Where a directive cannot be seen, the advice is not to write one.
func TestGenWithoutPackage(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{
		"ping/ping.go":    strings.Replace(pingSource, "package ping", "package", 1),
		"empty/notes.txt": "no Go here\n",
	})
	for pattern, want := range map[string]string{
		"./ping":    "expected 'IDENT'",
		"./empty":   "no Go files in",
		"./nowhere": "directory not found",
	} {
		out, status := tool(t, dir, "gen", pattern)
		if status != 1 || !strings.Contains(out, want) || strings.Contains(out, "directive") {
			t.Errorf("gen %s: status %d, want %q: %s", pattern, status, want, out)
		}
	}
}

func TestGenWithoutSchema(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"empty.go": "package empty\n"})
	out, status := tool(t, dir, "gen")
	if status != 2 || !strings.Contains(out, "no //parley:protocol directive") {
		t.Errorf("status %d: %s", status, out)
	}
}
