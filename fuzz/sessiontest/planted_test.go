package sessiontest_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var planted = flag.Bool("planted", false, "run the tests with each mistake in the source; takes minutes. Without it, only check that each can be made")

// plant is one mistake: a piece of the source and what stands there instead. found is the test
// run that has to fail because of it.
type plant struct {
	name     string
	file     string // below transport/
	old, new string
	found    []string
}

var (
	simulator    = []string{"./fuzz/sessiontest", "-run=TestSimulation", "-sim.faults=15000"}
	stories      = []string{"./fuzz/sessiontest", "-run=TestStories|TestNoCut"}
	quietHour    = []string{"./fuzz/sessiontest", "-run=TestQuietHour"}
	sessionTests = []string{"./transport/session"}
	driverTests  = []string{"./transport"}
	lendingTests = []string{"./transport", "-run=CallReads|PushBetween|PushDuring", "-timeout=15s"}
	driverTicks  = []string{"./transport", "-run=TestBusySessions|TestNoTick"}
)

var plants = []plant{
	{"a late frame of an old generation is accepted", "session/machine.go",
		"if l := m.link; l != nil && l.gen == gen {", "if l := m.link; l != nil {", sessionTests},
	{"an old generation may attach again", "session/attach.go",
		"case known && e.Generation <= m.gen:", "case known && e.Generation == 0:", sessionTests},
	{"an acknowledgement beyond what was sent is taken", "session/outbox.go",
		"done > received || received > reach {", "done > received && received > reach {", sessionTests},
	{"an acknowledgement of a message whose fragments are open is taken", "session/outbox.go",
		"\t\treturn min(l.rewind, o.next) - 1\n\t}\n\treturn o.next - 1", "\t\treturn min(l.rewind, o.next) - 1\n\t}\n\treturn l.lastOut", sessionTests},
	{"an acknowledgement of what is to be written again is taken", "session/outbox.go",
		"\t\treturn min(l.rewind, o.next) - 1", "\t\treturn o.next - 1", sessionTests},
	{"a message is refused before it was written again", "session/control.go",
		"e.Seq > reach ||", "e.Seq > l.lastOut ||", sessionTests},
	{"early data is forgotten while its first message is written", "session/attach.go",
		"(o.sent > 0 || l.frag.open)", "o.sent > 0", sessionTests},
	{"the receiver's window is one byte short", "session/inbox.go",
		"in.weight+weight > m.p.window {", "in.weight+weight >= m.p.window {", sessionTests},
	{"a message that came again is handed over again", "session/inbox.go",
		"case h.seq == in.received+1 && (", "case (h.seq == in.received+1 || h.seq == in.received && h.seq > 0) && (", sessionTests},
	{"what is sent again begins one too late", "session/attach.go",
		"o.goBack(received + 1)", "o.goBack(received + 2)", simulator},
	{"what is kept is sent raw in another version", "session/write.go",
		"case it.version == l.write.Version:", "case it.version <= l.write.Version:", simulator},
	{"half a message outlives its connection", "session/attach.go",
		"\tin.dropParts()\n\tin.nack,", "\tin.nack,", simulator},
	{"a younger state of the server passes for the old one", "session/attach.go",
		"younger := known && !m.known && l.wrote && e.Epoch > 1", "younger := false", stories},
	{"a lost session passes for a known one", "session/attach.go",
		"\tcase !known && l.wrote, younger:\n\t\tm.lose(nil)", "\tcase younger:\n\t\tm.lose(nil)", stories},
	{"a session that its server ended is begun anew under the old id", "session/renew.go",
		"\tm.lose(why)\n\tm.identify()", "\tm.lose(why)", sessionTests},
	{"what a session that is over leaves is sent again unmarked", "session/ending.go",
		"it.flags |= itemDup", "it.flags |= 0", simulator},
	{"what was perhaps handed over before passes for dropped", "session/machine.go",
		"r != Failed && it.has(itemDup)", "false", sessionTests},
	{"a late reply goes to a call of the next session", "session/inbox.go",
		"ev.Call = in.callBase + h.call", "ev.Call = h.call", sessionTests},
	{"a message in pieces is cut by an upgrade", "session/write.go",
		"l.up.WantsCut() && !l.frag.open {", "l.up.WantsCut() {", stories},
	{"data flows between the own PROBE and the peer's", "session/write.go",
		"if l.closing || !l.up.SendsData() {", "if l.closing {", sessionTests},
	{"a message that was given up is sent all the same", "session/write.go",
		"\tif !it.has(itemGone) {\n\t\tpayload, err := m.load(l, it)", "\tif true {\n\t\tpayload, err := m.load(l, it)", simulator},
	{"an acknowledgement that cannot go yet keeps the driver spinning", "session/deadline.go",
		"if !l.writing && m.state == Attached {", "if !l.writing {", stories},
	{"the proof of an ATTACH is not looked at", "session/attach.go",
		"return proof.Equal(negotiate.Proof(e.Auth))", "return true || proof.Equal(negotiate.Proof(e.Auth))", sessionTests},
	{"a byte received is no sign of life", "session/heartbeat.go",
		"\tb.lastIn = now\n\tb.pongBy = never", "\tb.pongBy = never", quietHour},
	{"the resume window of the last cut ends the resumed session", "session/attach.go",
		"\tm.awayBy = never\n", "", sessionTests},
	{"a number that was completed before completes another", "session/inbox.go",
		"if lo < r.len() && r.at(lo).seq == seq {", "if lo < r.len() {", sessionTests},
	{"a message that is done early frees its part of the window", "session/inbox.go",
		"\t\t\ta.done = true\n", "\t\t\ta.done = true\n\t\t\tin.weight -= int(a.weight)\n\t\t\ta.weight = 0\n", sessionTests},
	{"data acknowledges a message before its failure was told", "session/write_data.go",
		" && !in.confesses() {", " {", sessionTests},
	{"a failure that a cut swallowed is not told again", "session/failures.go",
		"if f.told = 0; f.seqs", "if f.seqs", sessionTests},
	{"a connection is not watched after a call has read from it", "lend.go",
		"if s.link != l || l.loan.lookout.on() != nil {", "if s.link != l {", lendingTests},
	{"a call that reads runs handlers", "lend.go",
		"s.m.Wrote(s.time(), l.gen, n)\n\t\t\ts.settle()", "s.m.Wrote(s.time(), l.gen, n)\n\t\t\ts.work()", lendingTests},
	{"a failed handler passes for one that completed", "turns.go",
		"m.failed = m.call == 0", "m.failed = false", driverTests},
	{"a range of messages that ends beyond what came is done", "session/inbox.go",
		"if to-1 >= in.received {", "if to == 0 {", sessionTests},
	{"a message whose sender waits is settled in a run", "session/runs.go",
		"if it.has(itemNotify) || c.large {", "if c.large {", sessionTests},
	{"a flush does not see the messages that are settled in a run", "session/outbox.go",
		"dropped < o.first && o.requests.empty()", "dropped < o.first", sessionTests},
	{"a rush writes messages between the fragments of another", "session/rush.go",
		" || l.frag.open {", " {", sessionTests},
	{"a rush passes a waiting lane", "session/rush.go",
		"o.lane[High].n|o.lane[Low].n|o.gone != 0", "o.gone != 0", sessionTests},
	{"of a failure nothing is kept", "session/inbox.go",
		"\t\tif first.dropped {", "\t\tif false {", simulator},
	{"a failure is forgotten when it is written", "session/failures.go",
		"\tf.told++\n", "\tf.forget()\n", simulator},
	{"only the last failures are kept", "session/failures.go",
		"if f.seqs.len() > window/windowCost+1 {", "if f.seqs.len() > 2 {", simulator},
	{"the connection before has told of a failure", "session/failures.go",
		"\tif f.told = 0; f.seqs.len() == 0 {", "\tif f.seqs.len() == 0 {", simulator},
	{"of the last failures all are told", "session/failures.go",
		"f.told = max(f.told-1, 0)", "f.told = max(f.told, 0)", sessionTests},
	{"metadata is dropped in silence where the peer has not agreed to it", "session/metadata.go",
		"return l.metadata || it.has(itemLoose)", "return true", sessionTests},
	{"what was refused is compressed again", "session/control.go",
		".flags |= itemRaw // perhaps that helps", ".flags |= 0", sessionTests},
	{"the receiver's window counts what is on the wire", "session/inbox.go",
		"size = x.size", "size = len(payload)", sessionTests},
	{"the wait between attempts is never reset", "backoff.go",
		"\t\tp.failures = 0\n\t}\n\tp.upSince", "\t}\n\tp.upSince", driverTests},

	// A heartbeat races Close.
	{"the timers of heartbeats outlive Close", "session/deadline.go",
		"if l := m.link; l != nil && !l.closing {\n\t\tb := &l.beat", "if l := m.link; l != nil {\n\t\tb := &l.beat", simulator},
	{"a PING follows the CLOSE", "session/deadline.go",
		"\tcase l.closing:\n", "", sessionTests},
	{"frames that came before Close are answered after it", "session/machine.go",
		"if l == nil || l.closing {", "if l == nil {", simulator},
	{"a PONG follows the CLOSE about too many PINGs", "session/heartbeat.go",
		"\t\tm.close(ClosePings, \"\")\n\t\treturn\n", "\t\tm.close(ClosePings, \"\")\n", sessionTests},
	{"a session that has ended keeps its deadlines", "session/ending.go",
		"\tm.awayBy, m.closeBy = never, never\n", "", simulator},
	{"silence reopens a session that is closing", "session/ending.go",
		"\tif m.end != nil {\n\t\tm.finish()\n\t\treturn\n\t}\n\tm.setState(Detached)", "\tm.setState(Detached)", simulator},
	{"an ATTACH reopens a session that is closing", "session/attach.go",
		"\tcase m.open() != nil:\n\t\treturn 0, o.deny(", "\tcase m.state == Ended:\n\t\treturn 0, o.deny(", simulator},

	{"a timer runs after the session's end", "events.go",
		"\tif s.timer != nil {\n\t\ts.timer.Stop()\n\t}\n", "", driverTicks},
	{"a writer that has not run leaves the deadline in the past", "write.go",
		"\t\ts.start(l)\n\t\treturn\n", "\t\ts.start(l)\n\t\ts.rearm()\n\t\treturn\n", driverTicks},

	// Numbers near the end.
	{"a number after the last is given", "session/numbers.go",
		"numbered+uint64(o.n) < lastNumber", "numbered+uint64(o.n) <= lastNumber", sessionTests},
	{"a session without numbers does not end", "session/goaway.go",
		"\tm.endSpent()\n", "", sessionTests},
	{"a generation after the last is used", "session/attach.go",
		"&& m.gen >= lastNumber:", "&& m.gen > lastNumber:", sessionTests},
	{"an ACK near 2^64 is taken for a negative number", "session/outbox.go",
		"received > reach {", "int64(received) > int64(reach) {", sessionTests},
	{"a first near 2^64 is taken for a negative number", "session/attach.go",
		"0 < e.First && e.First <= m.inbox.received+1", "0 < e.First && int64(e.First) <= int64(m.inbox.received+1)", sessionTests},
	{"DATA after the last number is taken", "session/header.go",
		"n-1 < lastNumber &&", "n > 0 &&", sessionTests},
	{"a GAP after the last number is taken", "session/inbox.go",
		"case e.Seq > lastNumber:", "case false:", sessionTests},
	{"a caller waits for ever for a reply that was given up", "session/outbox.go",
		"if !it.has(itemReply) || r == Unsent", "if true || !it.has(itemReply) || r == Unsent", simulator},
	{"a reply with a number is given up in silence", "session/outbox.go",
		"\to.gaps++\n\tm.forfeit(it, r, err)\n", "\to.gaps++\n", simulator},
	{"newer messages take the place of replies", "session/outbox.go",
		"it.has(itemReply) && !it.has(itemGone) {\n\t\t\t\tpassed++", "it.has(itemFail) && !it.has(itemGone) {\n\t\t\t\tpassed++", sessionTests},
	{"a call that was cancelled is executed all the same", "session/attach.go",
		"case o.isCancelled(it.id):", "case false:", sessionTests},
}

// A test that cannot fail proves nothing: with each of these mistakes in the source, the test
// that is meant to find it does.
func TestPlantedFaults(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			overlay := p.overlay(t, root)
			if !*planted {
				return // it can still be planted
			}
			args := append([]string{"test", "-count=1", "-failfast", "-vet=off", "-overlay=" + overlay}, p.found...)
			run := exec.Command("go", args...)
			run.Dir = root
			out, err := run.CombinedOutput()
			switch text := string(out); {
			case err == nil:
				t.Errorf("go %s did not find it", strings.Join(args, " "))
			case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
				t.Errorf("the mistake does not compile:\n%s", text)
			default:
				t.Logf("found by go test %s:\n%s", strings.Join(p.found, " "), head(text, 16))
			}
		})
	}
}

// overlay writes the source with the mistake, and the file that makes go build it instead of
// the one that stands in the tree.
func (p *plant) overlay(t *testing.T, root string) string {
	t.Helper()
	path := filepath.Join(root, "transport", filepath.FromSlash(p.file))
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), p.old); n != 1 {
		t.Fatalf("%s holds %q %d times; the mistake wants it once", p.file, p.old, n)
	}
	dir := t.TempDir()
	mistaken := filepath.Join(dir, "mistaken.go")
	if err := os.WriteFile(mistaken, []byte(strings.Replace(string(source), p.old, p.new, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mistaken}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return overlay
}

func head(text string, n int) string {
	lines := strings.SplitAfterN(text, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "")
}
