package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inlineCommand = regexp.MustCompile("`(go test [^`]*)`")
	lineCommand   = regexp.MustCompile(`(?m)^[ \t]*(go test .*)$`)
	word          = regexp.MustCompile(`'[^']*'|[^\s'#]+(?:'[^']*')?|#.*`)
	testFunc      = regexp.MustCompile(`(?m)^func ((?:Benchmark|Test|Fuzz|Example)\w*)\(`)
)

// command is one `go test` that a document tells its reader to run.
type command struct {
	text     string
	dirs     []string // where it may be run: relative to this one
	packages []string
	patterns map[string]string // by flag: bench, run, fuzz
}

// Commands in ```sh blocks are run by CI. Those of benchmarks would take minutes, and others stand in
// the text: of all of them the packages exist, and what -bench, -run and -fuzz ask for is there.
func TestCommandsFindTheirTests(t *testing.T) {
	docs, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, doc := range append(docs, "../README.md", "benchmarks/README.md") {
		for _, c := range commands(t, doc) {
			checked += c.check(t, doc)
		}
	}
	if checked < 10 {
		t.Errorf("%d patterns were checked: is the test looking in the right place?", checked)
	}
}

// A check that finds everything finds nothing.
func TestCommandsThatFindNothing(t *testing.T) {
	for _, text := range []string{
		"go test -run '^$' -bench 'RoundTrip|NoSuchThing' ./transport",
		"go test -bench=Nothing ./transport",
		"go test -run TestNothing ./transport",
		"go test -bench RoundTrip ./nowhere",
	} {
		c := parseCommand(text, "..")
		if c.missing() == "" {
			t.Errorf("%s: nothing is missing", text)
		}
	}
	c := parseCommand("go test -run '^$' -bench 'RoundTrip|Pipelined' -benchtime 60x -count 7 ./transport # seconds", "..")
	if m := c.missing(); m != "" {
		t.Errorf("%s: missing is %s", c.text, m)
	}
}

// commands returns those of a document. Those in its text are for the project's folder, those that
// stand alone perhaps for docs/benchmarks.
func commands(t *testing.T, doc string) (all []command) {
	t.Helper()
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inlineCommand.FindAllStringSubmatch(string(text), -1) {
		all = append(all, parseCommand(strings.Join(strings.Fields(m[1]), " "), "..", "benchmarks"))
	}
	for _, m := range lineCommand.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], "`") {
			continue // it is text
		}
		all = append(all, parseCommand(m[1], "benchmarks", ".."))
	}
	return all
}

func parseCommand(text string, dirs ...string) command {
	c := command{text: text, dirs: dirs, patterns: map[string]string{}}
	words := word.FindAllString(text, -1)
	for i, w := range words {
		w = strings.Trim(w, "'")
		flag, value, joined := strings.Cut(strings.TrimLeft(w, "-"), "=")
		switch {
		case strings.HasPrefix(w, "./"):
			c.packages = append(c.packages, w)
		case strings.HasPrefix(w, "-") && (flag == "bench" || flag == "run" || flag == "fuzz"):
			if !joined && i+1 < len(words) {
				value = words[i+1]
			}
			c.patterns[flag] = strings.Trim(value, "'")
		}
	}
	return c
}

// check reports what a command does not find, and returns how many patterns there were.
func (c *command) check(t *testing.T, doc string) int {
	t.Helper()
	if strings.Contains(c.text, "yourpackage") || strings.ContainsAny(c.text, "<…") {
		return 0
	}
	if m := c.missing(); m != "" {
		t.Errorf("%s: %s: %s", doc, c.text, m)
	}
	return len(c.patterns)
}

// missing returns what the command does not find in any folder where it may be run, or "".
func (c *command) missing() (why string) {
	for _, dir := range c.dirs {
		if why = c.missingIn(dir); why == "" {
			return ""
		}
	}
	return why
}

func (c *command) missingIn(dir string) string {
	var names []string
	for _, pkg := range c.packages {
		if pkg == "./..." {
			return "" // all of them
		}
		files, err := filepath.Glob(filepath.Join(dir, pkg, "*_test.go"))
		if err != nil || len(files) == 0 {
			return "no tests in " + filepath.Join(dir, pkg)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err.Error()
			}
			for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	if len(c.packages) == 0 {
		return ""
	}
	for flag, pattern := range c.patterns {
		for one := range strings.SplitSeq(pattern, "|") {
			one, _, _ = strings.Cut(one, "/")
			if one != "^$" && !finds(flag, one, names) {
				return "-" + flag + " finds no " + one
			}
		}
	}
	return ""
}

// finds tells whether a pattern of a flag finds one of the functions.
func finds(flag, pattern string, names []string) bool {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false
	}
	for _, name := range names {
		benchmark, fuzz := strings.HasPrefix(name, "Benchmark"), strings.HasPrefix(name, "Fuzz")
		if (flag == "bench") == benchmark && (flag != "fuzz" || fuzz) && re.MatchString(name) {
			return true
		}
	}
	return false
}
