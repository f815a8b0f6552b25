// Package docs_test keeps the documents true.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every ```go block of README.md and docs/*.md stands, line for line but for indentation and
// blank lines, in a Go file of this repository that is compiled, and mostly run, by its tests.
func TestGoSnippetsAreCode(t *testing.T) {
	code := goFiles(t, "..")
	docs, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, doc := range append(docs, "../README.md") {
		for _, b := range goBlocks(t, doc) {
			checked++
			if !containsLines(code, b.lines) {
				t.Errorf("%s:%d: this block stands in no Go file:\n\t%s", doc, b.line, strings.Join(b.lines, "\n\t"))
			}
		}
	}
	if checked == 0 {
		t.Error("no Go snippets found: is the test looking in the right place?")
	}
}

type block struct {
	line  int
	lines []string
}

// goBlocks returns the lines of each ```go block, without blank lines and indentation.
func goBlocks(t *testing.T, file string) []block {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "```go":
			inside = true
			blocks = append(blocks, block{line: i + 1})
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside && strings.TrimSpace(line) != "":
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, normal(line))
		}
	}
	return blocks
}

// normal folds runs of blanks: gofmt aligns comments by their neighbours.
func normal(line string) string { return strings.Join(strings.Fields(line), " ") }

// goFiles returns the normal lines of each Go file below dir, testdata included.
func goFiles(t *testing.T, dir string) [][]string {
	t.Helper()
	var files [][]string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if n := normal(line); n != "" {
				lines = append(lines, n)
			}
		}
		files = append(files, lines)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func containsLines(files [][]string, want []string) bool {
	for _, lines := range files {
		for i := 0; i+len(want) <= len(lines); i++ {
			if equal(lines[i:i+len(want)], want) {
				return true
			}
		}
	}
	return false
}

func equal(a, b []string) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
