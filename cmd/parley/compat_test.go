package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const releasedSource = `//parley:protocol app versions=1-2 text=1

package app

//parley:message 1
type Ping struct {
	Seq   uint32   ` + "`parley:\"v1+\"`" + `
	Level Level    ` + "`parley:\"v1+\"`" + `
	Names []string ` + "`parley:\"v2+,max=10\"`" + `
}

//parley:message 2 versions=v2
type Pong struct {
	Seq uint16 ` + "`parley:\"v2+\"`" + `
}

//parley:enum
type Level uint8

const (
	Low  Level = 1
	High Level = 2
)
`

// frozen is what freeze makes of releasedSource; it is made once for all tests.
var frozen struct {
	sync.Mutex
	files map[string]string
}

// released makes a module whose protocol is frozen.
func released(t *testing.T) (dir string) {
	t.Helper()
	frozen.Lock()
	defer frozen.Unlock()
	if frozen.files != nil {
		return module(t, frozen.files)
	}
	dir = module(t, map[string]string{"app.go": releasedSource})
	if out, status := tool(t, dir, "freeze"); status != 0 {
		t.Fatalf("freeze: status %d: %s", status, out)
	}
	frozen.files = listing(t, dir)
	return dir
}

// Each change of a frozen version is reported in its tier, and gen refuses the worst.
func TestCompat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		old, new string
		status   int
		want     string // "" for no finding
	}{
		{"comment", "//parley:enum\n", "// Level is a level.\n//\n//parley:enum\n", 0, ""},
		{"new version", "versions=1-2 text", "versions=1-3 text", 0, ""},
		{"width", `Seq   uint32   ` + "`parley:\"v1+", `Seq   uint32   ` + "`parley:\"v1+,u16", 1, `WIRE v2 Ping.Seq: it was "uint32", it is "uint16"`},
		{"limit", "max=10", "max=11", 1, `WIRE v2 Ping.Names: it was "list len=uvarint max=10 of string len=uvarint"`},
		{"new field", "Names []string", "Extra uint8 `parley:\"v2+\"`\n\tNames []string", 1, "WIRE v2 Ping.Extra: the field is new in a frozen version"},
		{"renamed field", "Names []string", "Words []string", 0, "API  v2 Ping.Names: it is called Words now"},
		{"renamed field in text", "Seq   uint32", "Count uint32", 1, "WIRE v1 Ping.Seq: the field is gone"},
		{"type", "[]string `", "Strings `", 0, "API  v2 Ping.Names: its Go type was []string, it is Strings"},
		{"id", "message 2 versions=v2", "message 3 versions=v2", 1, "WIRE v2 Pong: message 2 is gone"},
		{"renamed message", "Pong struct", "Reply struct", 0, "API  v2 Pong: the message's struct is Reply now"},
		{"enum", "High Level = 2", "High Level = 3", 1, "WIRE v1 Level.High: its number was 2 name=high, it is 3 name=high"},
		{"dropped", "versions=1-2 text=1\n", "versions=2-2\n", 1, "WIRE v1: the version was dropped"},
		{"not text", " text=1\n", "\n", 1, "WIRE v1: its payloads are text in one and binary in the other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := released(t)
			file := filepath.Join(dir, "app.go")
			edit(t, file, test.old, test.new)
			if test.name == "dropped" {
				writeFile(t, file, strings.ReplaceAll(readFile(t, file), "v1+", "v2+"))
			}
			if test.name == "type" {
				writeFile(t, file, readFile(t, file)+"\ntype Strings []string\n")
			}
			out, status := tool(t, dir, "compat")
			if status != test.status || !strings.Contains(out, test.want) || test.want == "" && out != "" {
				t.Errorf("compat: status %d, want %d with %q:\n%s", status, test.status, test.want, out)
			}
			if out, status = tool(t, dir, "gen"); status != test.status {
				t.Errorf("gen: status %d, want %d:\n%s", status, test.status, out)
			}
		})
	}
}

// A new version is compared with the newest frozen one, for what often goes wrong.
func TestCompatWarns(t *testing.T) {
	t.Parallel()
	dir := released(t)
	file := filepath.Join(dir, "app.go")
	edit(t, file, "versions=1-2 text", "versions=1-3 text")
	edit(t, file, "v2+,max=10", "v2,max=10;v3+,max=9")
	edit(t, file, "Names []string", "Extra uint8 `parley:\"v3+\"`\n\tNames []string")
	out, status := tool(t, dir, "compat")
	for _, want := range []string{"WARN v3 Ping.Extra: new field without default", "WARN v3 Ping.Names: its limits are narrower than in v2"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("compat: status %d, want %q:\n%s", status, want, out)
		}
	}
}

func TestCompatJSON(t *testing.T) {
	t.Parallel()
	dir := released(t)
	if out, status := tool(t, dir, "compat", "-json"); status != 0 || out != "[]\n" {
		t.Errorf("without findings: status %d: %s", status, out)
	}
	edit(t, filepath.Join(dir, "app.go"), "Names []string", "Words []string")
	out, status := tool(t, dir, "compat", "-json")
	want := `[
  {
    "tier": "API",
    "version": 2,
    "subject": "Ping.Names",
    "message": "it is called Words now"
  }
]
`
	if status != 0 || out != want {
		t.Errorf("status %d: got %s, want %s", status, out, want)
	}
}

// Compat takes the lock of another file, or of a Git revision.
func TestCompatAgainst(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed on this machine")
	}
	dir := released(t)
	git := func(args ...string) {
		t.Helper()
		if out, status := run(t, dir, "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...); status != 0 {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "Release")
	git("tag", "v1.0.0")
	copied := filepath.Join(t.TempDir(), "old.lock")
	writeFile(t, copied, readFile(t, filepath.Join(dir, "app.parley.lock")))
	writeFile(t, filepath.Join(dir, "app.parley.lock"), "protocol app\n")
	edit(t, filepath.Join(dir, "app.go"), "max=10", "max=11")
	for _, against := range []string{"v1.0.0", copied} {
		out, status := tool(t, dir, "compat", "-against", against)
		if status != 1 || !strings.HasPrefix(out, "WIRE v2 Ping.Names") {
			t.Errorf("-against %s: status %d: %s", against, status, out)
		}
	}
	empty, other := filepath.Join(t.TempDir(), "empty.lock"), filepath.Join(t.TempDir(), "other.lock")
	writeFile(t, empty, "")
	writeFile(t, other, strings.Replace(readFile(t, copied), "protocol app", "protocol shop", 1))
	for against, want := range map[string]string{
		"nowhere": "no such file, and git says: ",
		empty:     `it is no lock of protocol app, but of ""`,
		other:     `it is no lock of protocol app, but of "shop"`,
	} {
		if out, status := tool(t, dir, "compat", "-against", against); status != 2 || !strings.Contains(out, want) {
			t.Errorf("-against %s: status %d, want %q: %s", against, status, want, out)
		}
	}
}

// Freeze takes a version to stop at, and says what is frozen then.
func TestFreezeThrough(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{"app.go": releasedSource})
	for _, test := range []struct {
		through string
		status  int
		want    string
	}{
		{"v9", 2, "-through v9: protocol app has versions v1-v2"},
		{"v1-v2", 2, "-through v1-v2: write one version, such as v3"},
		{"v1", 0, "app: frozen through v1"},
		{"v2", 0, "app: frozen through v2"},
		{"v1", 0, "app: frozen through v2"}, // for ever
	} {
		out, status := tool(t, dir, "freeze", "-through", test.through)
		if status != test.status || !strings.Contains(out, test.want) {
			t.Errorf("-through %s: status %d, want %q: %s", test.through, status, test.want, out)
		}
	}
}

// A lock without one of its versions, or no lock any more, would let frozen versions change:
// the golden vectors tell that there was one.
func TestShortenedLock(t *testing.T) {
	t.Parallel()
	for _, keep := range []string{"version 2", "# "} {
		dir := released(t)
		file := filepath.Join(dir, "app.parley.lock")
		kept, _, _ := strings.Cut(readFile(t, file), keep)
		writeFile(t, file, kept)
		if kept == "" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		} else if !strings.Contains(kept, "version 1") {
			t.Fatalf("the lock has another form:\n%s", kept)
		}
		for _, command := range []string{"gen", "freeze", "compat"} {
			out, status := tool(t, dir, command)
			if status != 1 || !strings.Contains(out, "but the lock does not have the version; restore both files") {
				t.Errorf("%s with a lock up to %q: status %d: %s", command, keep, status, out)
			}
		}
	}
}

// A lock or golden vectors that were edited by hand are refused, with the line.
func TestEditedLock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, old, new, want string }{
		{"app.parley.lock", "max=10", "max=11", `app.parley.lock:13: version 2 was changed by hand`},
		{"app.parley.lock", "message 2 Pong", "massage 2 Pong", `app.parley.lock:18: no line of a lock file; restore`},
		{"app.parley.golden", "v2 Pong ", "v3 Pong ", `the golden vectors of v2 are not those that were frozen`},
	} {
		dir := released(t)
		file := filepath.Join(dir, test.file)
		writeFile(t, file, strings.Replace(readFile(t, file), test.old, test.new, 1))
		for _, command := range []string{"gen", "freeze", "compat"} {
			out, status := tool(t, dir, command)
			if status != 1 || !strings.Contains(out, test.want) {
				t.Errorf("%s: status %d, want %q:\n%s", command, status, test.want, out)
			}
		}
	}
}
