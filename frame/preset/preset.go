package preset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyproto/parley/frame"
)

// A Preset is the framing of one protocol, or of one direction of it. The presets of this package
// are to be read only, and safe for concurrent use.
type Preset struct {
	Name     string // for Lookup: lower case, such as "postgres-client"
	Summary  string // one line: the protocol and how it is framed
	Payload  string // what a payload holds
	Source   string // the specification, and where in it
	MaxFrame int    // the largest payload in bytes that the specification, or else the common servers, allow; see Limit
	Limit    string // where MaxFrame comes from
	// Spellings: a peer may write the same payload in other bytes than AppendFrame does.
	Spellings bool

	frame.Format
}

// Compile implements [frame.Compiler].
func (p Preset) Compile() (frame.Format, error) { return frame.Compile(p.Format) }

// What the payloads of most presets hold.
const (
	behindLength = "what follows the length"
	wholeFrame   = "the whole frame"
)

// Limits that no specification sets.
const ours = "a choice of this package"

var all = slices.Concat(databases, messaging, web, networking, industry, general)

// All returns the presets in the order of their names.
func All() []Preset {
	out := slices.Clone(all)
	slices.SortFunc(out, func(a, b Preset) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Lookup returns the preset of a name, as "postgres". A name that there is not is an
// *[UnknownError].
func Lookup(name string) (Preset, error) {
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Preset{}, &UnknownError{Name: name, Near: near(name)}
}

// UnknownError is a name that no preset has.
type UnknownError struct {
	Name string
	Near []string // names that may have been meant, the likeliest first; may be empty
}

func (e *UnknownError) Error() string {
	s := fmt.Sprintf("preset: there is no preset %q", e.Name)
	if len(e.Near) > 0 {
		return s + "; is it " + strings.Join(e.Near, " or ") + "?"
	}
	return s + "; All lists those there are"
}

// near returns the names that differ little from name, or that begin with it.
func near(name string) []string {
	name = strings.ToLower(name)
	var names []string
	for _, p := range All() {
		if distance(name, p.Name) <= 2 && len(name) > 2 || len(name) > 1 && strings.HasPrefix(p.Name, name) {
			names = append(names, p.Name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
	return names
}

// distance returns how many bytes must be put in, taken out or changed to make b of a. Of names
// that are longer than any preset's, it compares the beginnings.
func distance(a, b string) int {
	a = a[:min(len(a), 32)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// corrupt is what a preset's own functions return about bytes that are no frame.
func corrupt(reason string) error { return &frame.Error{Err: frame.ErrCorrupt, Reason: reason} }
