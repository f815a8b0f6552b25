package schema

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"slices"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Tier is how bad a difference from a frozen version is.
type Tier string

const (
	// Wire: peers of the released version are not understood any more.
	Wire Tier = "WIRE"
	// API: bytes are the same, but Go programs that use the package need changes.
	API Tier = "API"
	// Warn: legal, but a usual cause of trouble.
	Warn Tier = "WARN"
)

// Finding is one difference from a frozen version.
type Finding struct {
	Tier    Tier          `json:"tier"`
	Version codec.Version `json:"version"`
	Subject string        `json:"subject"` // "Reading.Note", "" for the version as a whole
	Msg     string        `json:"message"`
}

// String returns the finding as a line of text.
func (f Finding) String() string {
	s := fmt.Sprintf("%-4s %v", f.Tier, f.Version)
	if f.Subject != "" {
		s += " " + f.Subject
	}
	return s + ": " + f.Msg
}

// Compare returns what the protocol, as it is now, changes of the versions in a lock: worst
// first, then by version.
func Compare(l *Lock, p *Protocol) []Finding {
	c := comparer{p: p}
	for i := range l.Versions {
		c.version(&l.Versions[i])
	}
	c.warnings(l)
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(slices.Index(tiers, a.Tier)-slices.Index(tiers, b.Tier), cmp.Compare(a.Version, b.Version), strings.Compare(a.Subject, b.Subject))
	})
	return slices.Compact(c.found)
}

var tiers = []Tier{Wire, API, Warn}

type comparer struct {
	p     *Protocol
	v     codec.Version
	found []Finding
}

func (c *comparer) add(t Tier, subject, format string, args ...any) {
	c.found = append(c.found, Finding{t, c.v, subject, fmt.Sprintf(format, args...)})
}

// version compares one frozen version with what the model makes of it now.
func (c *comparer) version(old *LockedVersion) {
	c.v = old.Version
	if !c.p.Versions.Has(old.Version) {
		c.add(Wire, "", "the version was dropped; put it back into versions=%v", c.p.Versions)
		return
	}
	now := c.p.lockVersion(old.Version)
	before := len(c.found)
	if old.Text != now.Text {
		c.add(Wire, "", "its payloads are text in one and binary in the other; restore text=")
	}
	for _, d := range old.Decls {
		c.decl(d, now.Decls)
	}
	for _, d := range now.Decls {
		if !slices.ContainsFunc(old.Decls, func(o LockedDecl) bool { return o.same(d) }) && d.Kind == "message" {
			c.add(Wire, d.name(), "the message is new in a frozen version; begin its versions at the next one")
		}
	}
	if old.Fingerprint != now.Fingerprint && !slices.ContainsFunc(c.found[before:], func(f Finding) bool { return f.Tier == Wire }) {
		c.add(Wire, "", "its layout changed (fingerprint %x, now %x); see the lock's lines", old.Fingerprint, now.Fingerprint)
	}
}

// name is a declaration's Go name.
func (d LockedDecl) name() string {
	words := strings.Fields(d.Head)
	if d.Kind == "message" && len(words) > 1 {
		return words[1]
	}
	return words[0]
}

// same tells whether two declarations are one over time: messages by id, others by name.
func (d LockedDecl) same(o LockedDecl) bool {
	if d.Kind != o.Kind {
		return false
	}
	if d.Kind == "message" {
		return strings.Fields(d.Head)[0] == strings.Fields(o.Head)[0]
	}
	return d.name() == o.name()
}

func (c *comparer) decl(old LockedDecl, now []LockedDecl) {
	i := slices.IndexFunc(now, old.same)
	if i < 0 {
		if old.Kind == "message" {
			c.add(Wire, old.name(), "message %s is gone", strings.Fields(old.Head)[0])
		} else {
			c.add(API, old.name(), "%s %s is gone or renamed", old.Kind, old.name())
		}
		return
	}
	d := now[i]
	if old.Kind == "message" && old.name() != d.name() {
		c.add(API, old.name(), "the message's struct is %s now", d.name())
	}
	if a, b := strings.Replace(old.Head, old.name(), "", 1), strings.Replace(d.Head, d.name(), "", 1); a != b {
		c.add(Wire, old.name(), "it was%s, it is%s", a, b)
	}
	if old.Kind == "enum" || old.Kind == "union" {
		c.numbered(old, d)
		return
	}
	c.fields(old, d)
}

// fields compares two lists of fields, whose order is that of their bytes.
func (c *comparer) fields(old, now LockedDecl) {
	names := func(d LockedDecl) []string {
		var ns []string
		for _, line := range d.Lines {
			ns = append(ns, firstWord(line.Go))
		}
		return ns
	}
	oldNames, nowNames := names(old), names(now)
	for i, line := range old.Lines {
		subject := old.name() + "." + oldNames[i]
		j := slices.Index(nowNames, oldNames[i])
		switch {
		case j >= 0 && now.Lines[j].Wire != line.Wire:
			c.add(Wire, subject, "it was %q, it is %q; give the new representation versions of its own", line.Wire, now.Lines[j].Wire)
		case j >= 0:
			if now.Lines[j].Go != line.Go {
				c.add(API, subject, "its Go type was %s, it is %s", rest(line.Go), rest(now.Lines[j].Go))
			}
		case i < len(now.Lines) && !slices.Contains(oldNames, nowNames[i]) && now.Lines[i].Wire == line.Wire:
			c.add(API, subject, "it is called %s now", nowNames[i])
		default:
			c.add(Wire, subject, "the field is gone; keep it with the versions that have it")
		}
	}
	for j, line := range now.Lines {
		renamed := j < len(old.Lines) && !slices.Contains(nowNames, oldNames[j]) && old.Lines[j].Wire == line.Wire
		if !slices.Contains(oldNames, nowNames[j]) && !renamed {
			c.add(Wire, now.name()+"."+nowNames[j], "the field is new in a frozen version; begin its versions at the next one")
		}
	}
	kept := slices.DeleteFunc(slices.Clone(nowNames), func(n string) bool { return !slices.Contains(oldNames, n) })
	was := slices.DeleteFunc(slices.Clone(oldNames), func(n string) bool { return !slices.Contains(nowNames, n) })
	if !slices.Equal(kept, was) {
		c.add(Wire, old.name(), "its fields changed their order from %s to %s", strings.Join(was, " "), strings.Join(kept, " "))
	}
}

// numbered compares an enum's values or a union's variants.
func (c *comparer) numbered(old, now LockedDecl) {
	for _, line := range old.Lines {
		subject := old.name() + "." + line.Go
		i := slices.IndexFunc(now.Lines, func(l LockedLine) bool { return l.Go == line.Go })
		j := slices.IndexFunc(now.Lines, func(l LockedLine) bool { return l.Wire == line.Wire })
		switch {
		case i >= 0 && now.Lines[i].Wire != line.Wire:
			c.add(Wire, subject, "its number was %s, it is %s", line.Wire, now.Lines[i].Wire)
		case i < 0 && j >= 0:
			c.add(API, subject, "it is called %s now", now.Lines[j].Go)
		case i < 0:
			c.add(Wire, subject, "it is gone; keep it with the versions that have it")
		}
	}
	for _, line := range now.Lines {
		if !slices.ContainsFunc(old.Lines, func(l LockedLine) bool { return l.Go == line.Go || l.Wire == line.Wire }) {
			c.add(Wire, now.name()+"."+line.Go, "it is new in a frozen version; begin its versions at the next one")
		}
	}
}

func firstWord(s string) string { w, _, _ := strings.Cut(s, " "); return w }

func rest(s string) string { _, r, _ := strings.Cut(s, " "); return r }

// warnings looks at what versions that are not frozen yet do to the newest frozen one.
func (c *comparer) warnings(l *Lock) {
	if len(l.Versions) == 0 {
		return
	}
	last := l.Versions[len(l.Versions)-1].Version
	for _, s := range c.p.Structs {
		for _, f := range s.Fields {
			for _, layout := range f.Layouts {
				c.v = layout.Versions.First
				if c.v <= last {
					continue
				}
				subject := s.Name + "." + f.Name
				old := f.At(last)
				switch {
				case old == nil && f.Default == nil && f.Older == nil && !f.Lossy && s.Versions.Has(last):
					c.add(Warn, subject, "new field without default or lossy: older versions refuse any value but the zero one")
				case old != nil && tightened(old, layout.Node):
					c.add(Warn, subject, "its limits are narrower than in %v: values of older peers may not fit", last)
				}
			}
		}
	}
}

// tightened tells whether a node allows less than it did.
func tightened(old, now *Node) bool {
	if old.Kind != now.Kind {
		return false
	}
	less := func(a, b constant.Value, sign int) bool {
		if b == nil {
			return false
		}
		if a == nil {
			return true
		}
		d := constant.BinaryOp(b, token.SUB, a)
		return constant.Sign(d)*sign > 0
	}
	return less(old.Max, now.Max, -1) || less(old.Min, now.Min, 1)
}
