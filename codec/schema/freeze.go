package schema

import (
	"fmt"
	"slices"

	"github.com/parleyproto/parley/codec"
)

// BrokenError says that a protocol is not any more what its lock says: frozen versions would
// change on the wire.
type BrokenError struct {
	File     string // the lock file
	Findings []Finding
}

func (e *BrokenError) Error() string {
	s := fmt.Sprintf("%s: frozen versions would change on the wire:", e.File)
	for _, f := range e.Findings {
		s += "\n\t" + f.String()
	}
	return s
}

// Verify checks that all versions in the lock are still what they were, and that the golden
// vectors are theirs and all there: a [*BrokenError] or a [*LockError] if not.
func (l *Lock) Verify(p *Protocol, golden []Vector) error {
	if l.Protocol != p.Name {
		return &LockError{LockName(p.Name), 1, fmt.Sprintf("it is the lock of protocol %q", l.Protocol)}
	}
	found := slices.DeleteFunc(Compare(l, p), func(f Finding) bool { return f.Tier != Wire })
	if len(found) > 0 {
		return &BrokenError{LockName(p.Name), found}
	}
	for _, v := range l.Versions {
		if n, s := goldenOf(golden, v.Version); n != v.Golden || s != v.GoldenSum {
			return &LockError{GoldenName(p.Name), 1, fmt.Sprintf("the golden vectors of %v are not those that were frozen; restore the file from version control", v.Version)}
		}
	}
	for _, g := range golden {
		if !l.Frozen(g.Version) {
			return &LockError{LockName(p.Name), 1, fmt.Sprintf("%s has golden vectors of %v, but the lock does not have the version; restore both files from version control", GoldenName(p.Name), g.Version)}
		}
	}
	return nil
}

// Freeze adds all versions up to through that are not frozen yet, and returns the new lock
// with the golden vectors of all its versions. The lock itself is not changed. It must be
// verified.
func (l *Lock) Freeze(p *Protocol, golden []Vector, through codec.Version) (*Lock, []Vector, error) {
	next := &Lock{Protocol: p.Name, Versions: slices.Clone(l.Versions)}
	vectors := slices.Clone(golden)
	for _, v := range p.All() {
		if v > through || l.Frozen(v) {
			continue
		}
		added, err := p.newVectors(v)
		if err != nil {
			return nil, nil, err
		}
		vectors = append(vectors, added...)
		locked := p.lockVersion(v)
		locked.Golden, locked.GoldenSum = goldenOf(vectors, v)
		next.Versions = append(next.Versions, locked)
	}
	slices.SortFunc(next.Versions, func(a, b LockedVersion) int { return int(a.Version) - int(b.Version) })
	return next, vectors, nil
}
