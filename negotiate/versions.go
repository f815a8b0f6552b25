package negotiate

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/parleyproto/parley/codec"
)

// MaxVersion is the highest version that can be offered and chosen. Numbers above it, up to
// 65535, are grease: offered so that peers learn to ignore what they do not know.
const MaxVersion codec.Version = 59999

// maxWireVersion is the highest number that the syntax knows.
const maxWireVersion codec.Version = 65535

// Range is all versions from Lo to Hi, both included.
type Range struct{ Lo, Hi codec.Version }

// Versions is a set of versions. Its ranges may stand in any order and overlap; a parsed set
// is sorted and merged. At most 64 ranges fit in a greeting.
type Versions []Range

// VersionSet returns the set that holds vs.
func VersionSet(vs ...codec.Version) Versions {
	s := make(Versions, len(vs))
	for i, v := range vs {
		s[i] = Range{v, v}
	}
	return s.normal()
}

// Has tells whether v is in the set.
func (s Versions) Has(v codec.Version) bool {
	for _, r := range s {
		if r.Lo <= v && v <= r.Hi {
			return true
		}
	}
	return false
}

// Lowest returns the lowest version of the set; of an empty set, 0.
func (s Versions) Lowest() codec.Version {
	if len(s) == 0 {
		return 0
	}
	low := s[0].Lo
	for _, r := range s[1:] {
		low = min(low, r.Lo)
	}
	return low
}

// below returns the versions of s that are lower than v.
func (s Versions) below(v codec.Version) Versions {
	var out Versions
	for _, r := range s {
		if r.Lo < v {
			out = append(out, Range{r.Lo, min(r.Hi, v-1)})
		}
	}
	return out.normal()
}

// and returns the versions that are in both sets.
func (s Versions) and(t Versions) Versions {
	var out Versions
	for _, a := range s {
		for _, b := range t {
			if lo, hi := max(a.Lo, b.Lo), min(a.Hi, b.Hi); lo <= hi {
				out = append(out, Range{lo, hi})
			}
		}
	}
	return out.normal()
}

// normal returns s sorted, with overlapping and adjacent ranges merged. It may reuse s's
// memory only where s is already normal.
func (s Versions) normal() Versions {
	if s.isNormal() {
		return s
	}
	t := slices.Clone(s)
	slices.SortFunc(t, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := t[:1]
	for _, r := range t[1:] {
		if last := &out[len(out)-1]; r.Lo <= last.Hi || r.Lo == last.Hi+1 {
			last.Hi = max(last.Hi, r.Hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (s Versions) isNormal() bool {
	for i := 1; i < len(s); i++ {
		if s[i].Lo <= s[i-1].Hi || s[i].Lo == s[i-1].Hi+1 {
			return false
		}
	}
	return true
}

// String returns the set as a greeting spells it: "1-3,5".
func (s Versions) String() string { return string(s.append(nil)) }

func (s Versions) append(dst []byte) []byte {
	for i, r := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(r.Lo), 10)
		if r.Hi != r.Lo {
			dst = append(dst, '-')
			dst = strconv.AppendUint(dst, uint64(r.Hi), 10)
		}
	}
	return dst
}
