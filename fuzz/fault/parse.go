package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A SyntaxError tells where a schedule's text is wrong.
type SyntaxError struct {
	Offset int    // of the fault in the text, in bytes
	Text   string // the fault as it stands there
	Reason string // what is wrong with it
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("fault: schedule, byte %d: %q: %s", e.Offset, e.Text, e.Reason)
}

// Parse reads a schedule: faults with blanks between them, each
//
//	OP INDEX [ "-" [ INDEX ] ] ":" KIND [ "(" ARGUMENT ")" ]
//
// OP is r or w; indices count from 0, "3-" means from 3 on; the kinds are those
// of Kind. stall takes a duration, fragment a count of at least 1, short, reset
// and corrupt a count that is 0 when it is left out. The empty text is the empty
// schedule. The error is a *SyntaxError.
func Parse(text string) (Schedule, error) {
	var s Schedule
	for at := 0; at < len(text); {
		if text[at] == ' ' {
			at++
			continue
		}
		word := text[at:]
		if end := strings.IndexByte(word, ' '); end >= 0 {
			word = word[:end]
		}
		f, reason := parseFault(word)
		if reason != "" {
			return nil, &SyntaxError{Offset: at, Text: word, Reason: reason}
		}
		s = append(s, f)
		at += len(word)
	}
	return s, nil
}

// parseFault reads one fault, or says what is wrong with it.
func parseFault(word string) (f Fault, reason string) {
	where, what, ok := strings.Cut(word, ":")
	if !ok {
		return f, `no ":" between the operation and the fault, as in "w3:reset"`
	}
	switch {
	case strings.HasPrefix(where, "r"):
		f.Op = Read
	case strings.HasPrefix(where, "w"):
		f.Op = Write
	default:
		return f, `the operation must begin with "r" or "w"`
	}
	if reason := parseRange(&f, where[1:]); reason != "" {
		return f, reason
	}
	return f, parseKind(&f, what)
}

func parseRange(f *Fault, text string) (reason string) {
	from, to, isRange := strings.Cut(text, "-")
	if f.From, reason = parseCount(from); reason != "" {
		return "index: " + reason
	}
	f.To = f.From
	switch {
	case isRange && to == "":
		f.To = Forever
	case isRange:
		if f.To, reason = parseCount(to); reason != "" {
			return "index: " + reason
		}
		if f.To < f.From {
			return "the range ends before it begins"
		}
	}
	return ""
}

func parseKind(f *Fault, text string) (reason string) {
	name, arg, hasArg := strings.Cut(text, "(")
	if hasArg {
		var closed bool
		if arg, closed = strings.CutSuffix(arg, ")"); !closed {
			return `no ")" at the end`
		}
	}
	f.Kind = kinds
	for k, n := range kindNames {
		if n == name {
			f.Kind = Kind(k)
		}
	}
	switch {
	case f.Kind == kinds:
		return "unknown fault; there are " + strings.Join(kindNames[:], ", ")
	case f.Kind == Stall:
		d, err := time.ParseDuration(arg)
		if err != nil || d < 0 {
			return `stall needs a duration, as in "stall(5ms)"`
		}
		f.D = d
	case f.Kind.hasCount() && hasArg:
		if f.N, reason = parseCount(arg); reason != "" {
			return name + ": " + reason
		}
	case hasArg:
		return name + " has no argument"
	}
	if f.Kind == Fragment && f.N < 1 {
		return `fragment needs a count of at least 1, as in "fragment(3)"`
	}
	return ""
}

// parseCount reads a decimal number without sign.
func parseCount(text string) (n int, reason string) {
	v, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Sprintf("%q is not a number from 0 to %d", text, 1<<31-1)
	}
	return int(v), ""
}
