package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests run the tool as a program: the test binary itself, which is the tool when this
// variable is set.
const beTheTool = "PARLEY_TEST_BE_THE_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(beTheTool) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tool runs the tool in dir and returns what it printed and its exit status.
func tool(t *testing.T, dir string, args ...string) (out string, status int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return run(t, dir, exe, args...)
}

// run runs a program in dir and returns what it printed and its exit status.
func run(t *testing.T, dir, name string, args ...string) (out string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), beTheTool+"=1", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "PWD="+dir)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

// module makes a temporary module that uses this one, with the given files.
func module(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod := readFile(t, filepath.Join(root, "go.mod"))
	mod = strings.Replace(mod, "module github.com/parleyproto/parley\n", "module example.com/app\n", 1)
	mod += "\nrequire github.com/parleyproto/parley v0.0.0\n\nreplace github.com/parleyproto/parley => " + root + "\n"
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), mod)
	writeFile(t, filepath.Join(dir, "go.sum"), readFile(t, filepath.Join(root, "go.sum")))
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edit replaces old by new, which must be there once.
func edit(t *testing.T, name, old, new string) {
	t.Helper()
	text := readFile(t, name)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%s holds %q %d times", name, old, strings.Count(text, old))
	}
	writeFile(t, name, strings.Replace(text, old, new, 1))
}

// listing returns the names of a folder's files with their contents.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files[e.Name()] = readFile(t, filepath.Join(dir, e.Name()))
	}
	return files
}
