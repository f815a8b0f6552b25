package borrowcheck_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `package sample

import "github.com/parleyproto/parley/frame"

type conn struct {
	r    *frame.Reader
	last []byte
}

func (c *conn) read() error {
	p, err := c.r.Next()
	c.last = p
	return err
}
`

// TestVettool builds the vet tool and runs it, by go vet, on a module of its own.
func TestVettool(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "vettool")
	if out, err := exec.Command("go", "build", "-o", tool, "./vettool").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module sample\n\ngo 1.26\n\n"+
		"require github.com/parleyproto/parley v0.0.0\n\nreplace github.com/parleyproto/parley => "+root+"\n")
	write(t, filepath.Join(dir, "sample.go"), sample)

	out, err := vet(dir, tool)
	if err == nil {
		t.Fatalf("go vet found nothing in\n%s\n%s", sample, out)
	}
	if want := "sample.go:12:4: a frame borrowed from Reader.Next is stored in a field"; !strings.Contains(out, want) {
		t.Errorf("go vet says\n%s\nwant %s", out, want)
	}

	write(t, filepath.Join(dir, "sample.go"), strings.Replace(sample, "c.last = p", "c.last = append(c.last[:0], p...)", 1))
	if out, err := vet(dir, tool); err != nil {
		t.Errorf("go vet on the mended module: %v\n%s", err, out)
	}
}

func vet(dir, tool string) (string, error) {
	cmd := exec.Command("go", "vet", "-vettool="+tool, "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
