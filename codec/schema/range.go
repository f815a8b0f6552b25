package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Open is the last version of a range without an end.
const Open = ^codec.Version(0)

// Range is a range of versions, both ends included.
type Range struct {
	First, Last codec.Version // Last is [Open] if the range has no end
}

// Has tells whether the range contains v.
func (r Range) Has(v codec.Version) bool { return r.First <= v && v <= r.Last }

// Contains tells whether o lies in r. An open end counts as r's own end.
func (r Range) Contains(o Range) bool {
	return r.Has(o.First) && (o.Last == Open || r.Has(o.Last))
}

// Overlaps tells whether the ranges share a version.
func (r Range) Overlaps(o Range) bool { return r.First <= o.Last && o.First <= r.Last }

// String returns the range as tags spell it: "v3+", "v1-v2" or "v2".
func (r Range) String() string {
	switch {
	case r.Last == Open:
		return r.First.String() + "+"
	case r.First == r.Last:
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// ParseRange reads "v3+", "v1-v2" or "v2"; the v may be missing.
func ParseRange(s string) (Range, error) {
	first, last, isRange := strings.Cut(s, "-")
	first, open := strings.CutSuffix(first, "+")
	bad := fmt.Errorf("%q is no version range; write v3+, v1-v2 or v2", s)
	if open && isRange {
		return Range{}, bad
	}
	f, err := parseVersion(first)
	if err != nil {
		return Range{}, bad
	}
	r := Range{f, f}
	if open {
		r.Last = Open
	}
	if isRange {
		if r.Last, err = parseVersion(last); err != nil {
			return Range{}, bad
		}
	}
	if r.Last < r.First {
		return Range{}, fmt.Errorf("range %q ends before it begins", s)
	}
	return r, nil
}

func parseVersion(s string) (codec.Version, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "v"), 10, 31)
	return codec.Version(n), err
}

// isRange tells whether a tag option is meant as a version range.
func isRange(s string) bool {
	return len(s) > 1 && s[0] == 'v' && '0' <= s[1] && s[1] <= '9'
}
