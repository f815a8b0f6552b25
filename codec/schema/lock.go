package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/parleyproto/parley/codec"
)

// Lock holds the layouts of a protocol's frozen versions, as its lock file does. Frozen
// versions never change on the wire; the file is how the tools notice when one would.
//
//	protocol telemetry
//
//	version 2 binary fingerprint=ed71eb63cb95b58d sum=5f0c…
//	message 1 Reading
//	  Device string: string len=uvarint max=64
//	  …
//	golden 8 sha256=…
type Lock struct {
	Protocol string
	Versions []LockedVersion // ascending
}

// LockedVersion is the layout of one frozen version.
type LockedVersion struct {
	Version     codec.Version
	Text        bool
	Fingerprint [8]byte
	Decls       []LockedDecl // messages by id, then structs, unions and enums by name
	Golden      int          // how many golden vectors there are
	GoldenSum   string       // of their lines
}

// LockedDecl is a message, struct, union or enum as a frozen version has it.
type LockedDecl struct {
	Kind  string // "message", "struct", "union", "enum"
	Head  string // what tells it apart: "1 Reading" of a message, else its name
	Lines []LockedLine
}

// LockedLine is a field, variant or value: its Go side and its side on the wire.
type LockedLine struct{ Go, Wire string }

// LockName returns the name of a protocol's lock file.
func LockName(protocol string) string { return protocol + ".parley.lock" }

const lockHead = "# Layouts of the released versions. Only \"parley freeze\" writes this file.\n"

// Format returns the lock as its file's contents.
func (l *Lock) Format() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%sprotocol %s\n", lockHead, l.Protocol)
	for _, v := range l.Versions {
		body := v.body()
		fmt.Fprintf(&b, "\n%s sum=%s\n%s", v.head(), sum(v.head()+"\n"+body), body)
	}
	return []byte(b.String())
}

func (v *LockedVersion) head() string {
	kind := "binary"
	if v.Text {
		kind = "text"
	}
	return fmt.Sprintf("version %d %s fingerprint=%x", v.Version, kind, v.Fingerprint)
}

func (v *LockedVersion) body() string {
	var b strings.Builder
	for _, d := range v.Decls {
		fmt.Fprintf(&b, "%s %s\n", d.Kind, d.Head)
		for _, line := range d.Lines {
			fmt.Fprintf(&b, "  %s: %s\n", line.Go, line.Wire)
		}
	}
	fmt.Fprintf(&b, "golden %d sha256=%s\n", v.Golden, v.GoldenSum)
	return b.String()
}

// sum returns sixteen hexadecimal digits that stand for a text.
func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:8])
}

// LockError says that a lock file cannot be used: it was edited by hand, or is no lock.
type LockError struct {
	File string
	Line int
	Msg  string
}

func (e *LockError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// ReadLock reads the lock file of a protocol in dir. A missing one is a lock without
// versions.
func ReadLock(dir, protocol string) (*Lock, error) {
	name := filepath.Join(dir, LockName(protocol))
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return &Lock{Protocol: protocol}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return ParseLock(name, data)
}

// ParseLock reads a lock file's contents, and finds out whether a version's lines were
// changed since they were written. Errors are a [*LockError].
func ParseLock(file string, data []byte) (*Lock, error) {
	p := lockParser{file: file, lines: strings.SplitAfter(string(data), "\n")}
	l := &Lock{}
	for p.skipEmpty(); p.n < len(p.lines); p.skipEmpty() {
		words := strings.Fields(p.line())
		switch {
		case words[0] == "protocol" && len(words) == 2 && l.Protocol == "":
			l.Protocol = words[1]
			p.n++
		case words[0] == "version" && len(words) == 5:
			v, err := p.version(words)
			if err != nil {
				return nil, err
			}
			if n := len(l.Versions); n > 0 && l.Versions[n-1].Version >= v.Version {
				return nil, p.bad("versions must ascend")
			}
			l.Versions = append(l.Versions, v)
		default:
			return nil, p.bad("no line of a lock file")
		}
	}
	return l, nil
}

// lockParser goes through a lock file's lines.
type lockParser struct {
	file  string
	lines []string // with their ends
	n     int
}

func (p *lockParser) line() string { return strings.TrimSuffix(p.lines[p.n], "\n") }

func (p *lockParser) skipEmpty() {
	for p.n < len(p.lines) && (strings.TrimSpace(p.lines[p.n]) == "" || p.lines[p.n][0] == '#') {
		p.n++
	}
}

func (p *lockParser) bad(format string, args ...any) error {
	return &LockError{p.file, p.n + 1, fmt.Sprintf(format, args...) + `; restore the file from version control, and let "parley freeze" write it`}
}

// version reads one version's head, whose words are given, and its lines.
func (p *lockParser) version(words []string) (LockedVersion, error) {
	v := LockedVersion{Text: words[2] == "text"}
	n, err := strconv.ParseUint(words[1], 10, 32)
	fp, isFP := strings.CutPrefix(words[3], "fingerprint=")
	raw, err2 := hex.DecodeString(fp)
	want, isSum := strings.CutPrefix(words[4], "sum=")
	if err != nil || err2 != nil || len(raw) != 8 || !isFP || !isSum {
		return v, p.bad("malformed head of a version")
	}
	v.Version, v.Fingerprint = codec.Version(n), [8]byte(raw)
	at := p.n
	for p.n++; p.n < len(p.lines) && strings.TrimSpace(p.lines[p.n]) != ""; p.n++ {
		if err := p.versionLine(&v); err != nil {
			return v, err
		}
	}
	if got := sum(v.head() + "\n" + v.body()); got != want {
		p.n = at
		return v, p.bad("version %d was changed by hand (its sum is %s)", v.Version, got)
	}
	return v, nil
}

func (p *lockParser) versionLine(v *LockedVersion) error {
	line := p.line()
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "":
		g, w, ok := strings.Cut(strings.TrimPrefix(line, "  "), ": ")
		if !ok || len(v.Decls) == 0 {
			return p.bad("a field needs a colon, and a message before it")
		}
		d := &v.Decls[len(v.Decls)-1]
		d.Lines = append(d.Lines, LockedLine{g, w})
	case "golden":
		if _, err := fmt.Sscanf(rest, "%d sha256=%s", &v.Golden, &v.GoldenSum); err != nil {
			return p.bad("malformed golden line")
		}
	case "message", "struct", "union", "enum":
		v.Decls = append(v.Decls, LockedDecl{Kind: kind, Head: rest})
	default:
		return p.bad("no line of a lock file")
	}
	return nil
}

// Frozen tells whether the lock holds version v.
func (l *Lock) Frozen(v codec.Version) bool { return l.find(v) != nil }

func (l *Lock) find(v codec.Version) *LockedVersion {
	for i := range l.Versions {
		if l.Versions[i].Version == v {
			return &l.Versions[i]
		}
	}
	return nil
}
