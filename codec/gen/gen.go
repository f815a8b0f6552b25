package gen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/schema"
)

// suffix ends the names of all generated files.
const suffix = "_parley.go"

// File is a generated file.
type File struct {
	Name string // within the package's folder
	Data []byte
}

// Options of Generate. The zero value is what most packages need.
type Options struct {
	// Frozen tells which versions are locked. Nil: none.
	Frozen func(codec.Version) bool
	// Golden returns payloads that a frozen version must keep, for the generated tests.
	// Nil: there are none.
	Golden func(codec.Version, *schema.Struct) [][]byte
}

// Generate returns the files for a protocol: the same bytes for the same schema.
func Generate(p *schema.Protocol, opt Options) ([]File, error) {
	if opt.Frozen == nil {
		opt.Frozen = func(codec.Version) bool { return false }
	}
	if opt.Golden == nil {
		opt.Golden = func(codec.Version, *schema.Struct) [][]byte { return nil }
	}
	g := newGroups(p)
	data, err := g.protocolFile(opt.Frozen)
	if err != nil {
		return nil, err
	}
	files := []File{{p.Package + suffix, data}}
	for _, v := range p.All() {
		if data, err = g.versionFile(v); err != nil {
			return nil, err
		}
		files = append(files, File{fmt.Sprintf("%s_v%d%s", p.Package, v, suffix), data})
	}
	if data, err = g.testFile(opt.Golden); err != nil {
		return nil, err
	}
	return append(files, File{p.Package + "_parley_test.go", data}), nil
}

// StaleError says which generated files are not what the schema gives.
type StaleError struct {
	Dir   string
	Files []string
}

func (e *StaleError) Error() string {
	command := "parley gen"
	if slices.ContainsFunc(e.Files, func(name string) bool { return strings.HasSuffix(name, ".lua") }) {
		command += " -wireshark"
	}
	return fmt.Sprintf("gen: %s: not up to date: %s; run %s", e.Dir, strings.Join(e.Files, ", "), command)
}

// Check compares the files with those in dir, and finds generated files that should be gone.
// A difference is a [*StaleError].
func Check(dir string, files []File) error {
	stale, err := leftovers(dir, files)
	if err != nil {
		return err
	}
	for _, f := range files {
		old, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("gen: %w", err)
		}
		if !bytes.Equal(old, f.Data) {
			stale = append(stale, f.Name)
		}
	}
	if len(stale) > 0 {
		return &StaleError{dir, stale}
	}
	return nil
}

// Write writes the files into dir, each at once, and removes generated files of versions
// that are gone. Files that are up to date are left alone. A folder that cannot be written
// to is left as it was.
func Write(dir string, files []File) error {
	old, err := leftovers(dir, files)
	if err != nil {
		return err
	}
	var temps []string
	defer func() {
		for _, name := range temps {
			os.Remove(name)
		}
	}()
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		if now, err := os.ReadFile(name); err == nil && bytes.Equal(now, f.Data) {
			temps = append(temps, "")
			continue
		}
		temp := name + ".tmp"
		temps = append(temps, temp)
		if err := os.WriteFile(temp, f.Data, 0o644); err != nil {
			return fmt.Errorf("gen: %w", err)
		}
	}
	for i, f := range files {
		if temps[i] == "" {
			continue
		}
		if err := os.Rename(temps[i], filepath.Join(dir, f.Name)); err != nil {
			return fmt.Errorf("gen: %w", err)
		}
		temps[i] = ""
	}
	for _, name := range old {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("gen: %w", err)
		}
	}
	return nil
}

// leftovers returns the generated files in dir that are not among files.
func leftovers(dir string, files []File) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_parley*.go"))
	if err != nil {
		return nil, fmt.Errorf("gen: %w", err)
	}
	keep := map[string]bool{}
	for _, f := range files {
		keep[f.Name] = true
	}
	var old []string
	for _, name := range names {
		if keep[filepath.Base(name)] {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("gen: %w", err)
		}
		if bytes.HasPrefix(data, []byte(header)) {
			old = append(old, filepath.Base(name))
		}
	}
	return old, nil
}
