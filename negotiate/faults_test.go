package negotiate_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A fault is a mistake that somebody might make: a change to one place of the sources.
type fault struct {
	name     string
	file     string
	old, new string
}

var faults = []fault{
	{"the digest of a PROBE is not checked", "upgrade_receive.go",
		`if p.Epoch != epoch || !p.Proof.Equal(digest.Proof(s.key, s.cfg.Role.Peer(), KindProbe, epoch)) {`,
		`if p.Epoch != epoch || digest == (Digest{}) {`},
	{"the digest leaves out the greeting", "digest.go",
		`return sum("parley greeting 1\x00", nil, greeting, answer)`,
		`return sum("parley greeting 1\x00", nil, answer, answer)`},
	{"a proof does not say whose it is", "digest.go",
		`b = append(b, role.letter(), byte(kind))`,
		`b = append(b, 'C', byte(kind))`},
	{"the rest after the line is dropped", "handshake.go",
		`return h.complete(out)`,
		`out.Taken = len(in); return h.complete(out)`},
	{"both crossing proposals are accepted", "upgrade_receive.go",
		`later := p.Epoch > s.theirs && p.Epoch > s.mine`,
		`later := p.Epoch > s.theirs && p.Epoch >= s.mine`},
	{"a late proposal is taken", "upgrade_receive.go",
		`later = p.Epoch > s.theirs && p.Epoch >= s.mine && p.Epoch > s.epoch`,
		`later = p.Epoch > s.theirs`},
	{"a late answer is taken", "upgrade.go",
		`s.mine = max(s.mine, s.theirs) + 1`,
		`s.mine = s.epoch + 1`},
	{"CUT is not the last frame of the old dialect", "upgrade.go",
		`s.send(Cut{Epoch: e,`,
		`s.do(SwitchWriter{s.change.Version}); s.send(Cut{Epoch: e,`},
	{"the reader switches after the PROBE", "upgrade_receive.go",
		`		s.do(SwitchReader{s.change.Version})
		if s.state == Agreed {`,
		`		if s.state == Agreed {`},
	{"WITHDRAW after the own CUT", "upgrade.go",
		`if s.own && (s.state == Proposing || s.state == Agreed) {`,
		`if s.own && s.underWay() {`},
	{"data is not held after the own CUT", "upgrade.go",
		`	case Agreed:
		s.do(Hold{})`,
		`	case Agreed:`},
	{"data is read before the peer's PROBE", "upgrade.go",
		`	case Open, Proposing, Agreed, CutSent:
		return true
	case ProbeSeen:`,
		`	case Probing, Open, Proposing, Agreed, CutSent:
		return true
	case ProbeSeen:`},
	{"after a CUT the timeout goes back to the old version", "upgrade.go",
		`	case Proposing, Agreed:
		if s.own {`,
		`	case Proposing, Agreed, CutSent, CutSeen, ProbeSeen:
		if s.own {`},
	{"a change that the peer cut is forgotten without closing", "upgrade_receive.go",
		`	case s.state == CutSent:
		s.err = ErrLate
	case s.state == ProbeSeen:
		s.err = errPlace // its sender had cut`,
		`	case s.state == CutSent:
		s.abandon(Withdrawn)`},
	{"a NACK never gives up", "upgrade_nack.go",
		`case s.nack.times >= 3:`,
		`case s.nack.times >= 300:`},
	{"a version outside the client's offer", "choose.go",
		`case !client.Versions.Has(a.Version) || a.Version > MaxVersion:`,
		`case a.Version > MaxVersion:`},
	{"a version below the minimum", "choose.go",
		`v >= common[i].Lo && v >= least; v-- {`,
		`v >= common[i].Lo && v <= v+least; v-- {`},
	{"fingerprints are not compared", "choose.go",
		`return !xok || !yok || x == y`,
		`return true || !xok || !yok || x == y`},
	{"fallback on a timeout", "choose.go",
		`	if !errors.As(err, &refused) ||`,
		`	if errors.As(err, new(*TimeoutError)) {
		err = &RefusedError{Refusal{Code: CodeVersion, Versions: may.Versions}}
	}
	if !errors.As(err, &refused) ||`},
	{"a legacy peer below the minimum", "handshake.go",
		`case v < h.cfg.Offer.Min:`,
		`case v < 0:`},
	{"a greeting may name a key twice", "line.go",
		`if bytes.Equal(k, p.key) {`,
		`if false && bytes.Equal(k, p.key) {`},
}

// finders are asked in this order who finds a fault.
var finders = []struct{ name, run string }{
	{"the explorer", "^TestExplore$"},
	{"the properties", "^(TestChooseLaws|TestGreetingIdentity|TestProofLaws|TestCommands)$"},
	{"the fuzz targets' corpora", "^Fuzz"},
	{"the transcripts", "^TestTranscripts$"},
}

// TestFaults plants each fault in a copy of the sources, by the go command's -overlay, and
// asks who finds it. It takes a minute; .ci/run sets PARLEY_FAULTS=all. Otherwise it only
// sees that each fault can still be planted.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			overlay := f.plant(t)
			if os.Getenv("PARLEY_FAULTS") != "all" {
				return
			}
			t.Parallel()
			bin := filepath.Join(t.TempDir(), "faulty.test")
			if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", bin, ".").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, finder := range finders {
				cmd := exec.Command(bin, "-test.run", finder.run, "-test.timeout=60s")
				cmd.Env = append(os.Environ(), "PARLEY_FAULTS=", "PARLEY_EXPLORE=")
				out, err := cmd.CombinedOutput()
				if strings.Contains(string(out), "test timed out") {
					t.Errorf("%s did not come to an end", finder.name) // that is no finding
					continue
				}
				if err != nil {
					t.Logf("found by %s\n%s", finder.name, story(string(out)))
					return
				}
			}
			t.Error("nobody finds it")
		})
	}
}

// plant writes an overlay that puts the fault in its place.
func (f fault) plant(t *testing.T) (overlay string) {
	t.Helper()
	src, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), f.old); n != 1 {
		t.Fatalf("%s has %d places for it, want 1", f.file, n)
	}
	faulty := strings.Replace(string(src), f.old, f.new, 1)
	if _, err := parser.ParseFile(token.NewFileSet(), f.file, faulty, 0); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, err := filepath.Abs(f.file)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, f.file)
	overlay = filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{path: copied}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{copied: []byte(faulty), overlay: b} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

var explorerStory = regexp.MustCompile(`explore: [^\n]* after [^\n]*(?:\n +\d+  [^\n]*)*`)

// story cuts the shortest of the explorer's stories out of a test's output, or else its first
// failing lines.
func story(out string) string {
	best := ""
	for _, s := range explorerStory.FindAllString(out, -1) {
		if best == "" || strings.Count(s, "\n") < strings.Count(best, "\n") {
			best = s
		}
	}
	if best != "" {
		return best
	}
	var lines []string
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "+ ") && !strings.HasPrefix(line, "Elapsed") && len(lines) < 8 {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
