package wireshark_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec/gen/internal/wireshark"
)

var update = flag.Bool("update", false, "write testdata/tables.golden")

// The tables are stable, and so are all bytes of a dissector; those parts of it that are
// written by hand are in it as they are.
func TestGenerate(t *testing.T) {
	t.Parallel()
	data := wireshark.Generate(load(t, "testdata/post"))
	if again := wireshark.Generate(load(t, "testdata/post")); !bytes.Equal(data, again) {
		t.Error("the same schema gives other bytes")
	}
	parts, err := filepath.Glob("lua/*.lua")
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	for _, name := range parts {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(data, part) != 1 {
			t.Errorf("%s is not in the dissector once", name)
		}
		data = bytes.Replace(data, part, []byte("-- "+name+"\n"), 1)
	}
	const golden = "testdata/tables.golden"
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Errorf("other tables than in %s (go test -update writes it):\n%s", golden, diff)
	}
}

// Every Lua that Wireshark may have been built with can parse a dissector.
func TestSyntax(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "zoo.lua")
	if err := os.WriteFile(name, wireshark.Generate(load(t, "../zoo")), 0o644); err != nil {
		t.Fatal(err)
	}
	compilers := 0
	for _, luac := range []string{"luac", "luac5.2", "luac5.3", "luac5.4"} {
		if _, err := exec.LookPath(luac); err != nil {
			continue
		}
		compilers++
		if out, err := exec.CommandContext(t.Context(), luac, "-p", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", luac, err, out)
		}
	}
	if compilers == 0 {
		need(t, "luac5.4")
	}
}
