// Package docs gives tests the samples of the wire specification, so that the page and the
// code cannot disagree.
//
// A sample is a fenced block whose info string is "sample" and a name. Each of its lines is a
// key, a colon and a value; the line goes on in those that follow it and begin with a space:
//
//	```sample ping
//	text: PING id=3 next=25000
//	hex:  03 00 03 a8 c3 01
//	```
package docs

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed protocol.md
var protocol string

// Sample is one block of docs/protocol.md.
type Sample struct {
	Name    string
	Section string            // "5.2"
	Line    int               // of its fence
	Values  map[string]string // by key; without the spaces around
}

// Hex returns the bytes of a value in hexadecimal.
func (s *Sample) Hex(key string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s.Values[key]), ""))
	if err != nil {
		return nil, fmt.Errorf("docs: protocol.md:%d: sample %s, %s: %w", s.Line, s.Name, key, err)
	}
	return b, nil
}

// Samples returns all samples in order.
func Samples() []Sample { return parse(protocol) }

func parse(page string) (all []Sample) {
	section, key := "", ""
	var open *Sample
	for i, line := range strings.Split(page, "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```sample "):
			open = &Sample{Name: line[len("```sample "):], Section: section, Line: i + 1, Values: map[string]string{}}
		case open == nil:
			if n := strings.IndexByte(line, ' '); n > 0 && isSection(line[:n]) {
				section = line[:n]
			}
		case line == "```":
			all = append(all, *open)
			open = nil
		case strings.HasPrefix(line, " "):
			open.Values[key] += " " + strings.TrimSpace(line)
		default:
			var value string
			key, value, _ = strings.Cut(line, ":")
			open.Values[key] = strings.TrimSpace(value)
		}
	}
	return all
}

// isSection tells whether s is a number such as "5.2".
func isSection(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && digits(major) && digits(minor)
}
