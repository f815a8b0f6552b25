package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parleyproto/parley/internal/testport"
)

// build builds the command as a user does.
func build(t *testing.T) (beacon string) {
	t.Helper()
	beacon = filepath.Join(t.TempDir(), "beacon")
	if out, err := exec.Command("go", "build", "-o", beacon, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return beacon
}

// process is a command that runs as a process of its own.
type process struct {
	cmd *exec.Cmd
	err *screen
	in  io.WriteCloser
}

func spawn(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), err: newScreen()}
	p.cmd.Stderr = p.err
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9: the process has no chance to do anything.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// feed pipes numbered readings into an agent until it is told to stop, or the agent is gone.
func feed(in io.Writer, stop *atomic.Bool) (n int) {
	w := bufio.NewWriter(in)
	for !stop.Load() {
		n++
		if _, err := fmt.Fprintf(w, "{\"sensor\":\"s\",\"value\":%d}\n", n); err != nil {
			return n
		}
	}
	w.Flush()
	return n
}

// written returns how often each reading of each device stands in the output of serve. A line
// that the kill cut is none.
func written(t *testing.T, file string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, text := range strings.SplitAfter(string(text), "\n") {
		var l line
		if strings.HasSuffix(text, "\n") && json.Unmarshal([]byte(text), &l) == nil {
			count[fmt.Sprint(l.Device, " ", l.N)]++
		}
	}
	return count
}

// kill -9 of either side in the middle of a stream: nothing acknowledged is lost, nothing comes
// twice, and what nobody can know is said to be unknown.
func TestKill(t *testing.T) {
	beacon := build(t)
	t.Run("server", func(t *testing.T) { killServer(t, beacon) })
	t.Run("agent", func(t *testing.T) { killAgent(t, beacon) })
}

// Ctrl-C at the server, in the middle of a stream, ends no agent: it waits and sends on to the
// next server, in a new session. With -drain 1m the server goes in good order and nothing is
// unknown; with 0 it closes its sessions at once.
func TestServerRestarts(t *testing.T) {
	beacon := build(t)
	for _, drain := range []string{"1m", "0s"} {
		t.Run("drain="+drain, func(t *testing.T) { restartServer(t, beacon, drain) })
	}
}

func restartServer(t *testing.T, beacon, drain string) {
	file := filepath.Join(t.TempDir(), "readings.jsonl")
	address := testport.Reserve(t)
	server := spawn(t, beacon, "serve", "-listen", address, "-out", file, "-drain", drain)
	server.err.wait(t, `listening on`)
	agent := spawn(t, beacon, "agent", "-connect", address, "-stdin", "-device", "d", "-drain", "1m")
	var stop atomic.Bool
	fed := make(chan int)
	go func() { fed <- feed(agent.in, &stop) }()
	waitFor(t, file, `"n":2000,`)
	server.cmd.Process.Signal(os.Interrupt)
	server.err.wait(t, `readings written`)
	if err := server.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v:\n%s", err, server.err)
	}
	agent.err.wait(t, `not connected: .*trying again`)

	spawn(t, beacon, "serve", "-listen", address, "-out", file).err.wait(t, `listening on`)
	agent.err.wait(t, `(?s)not connected.*connected to \S+, in a new session`)
	stop.Store(true)
	n := <-fed
	agent.in.Close()
	sent, _, unknown := reconcile(t, agent, file)
	if sent != n {
		t.Errorf("%d sent, want %d", sent, n)
	}
	if drain != "0s" && unknown > 0 {
		t.Errorf("%d are unknown, though the server waited for them", unknown)
	}
}

// reconcile compares what an agent says at its end with what the servers have written: each
// reading has an outcome, none was written twice, and the acknowledged ones are among them.
func reconcile(t *testing.T, agent *process, file string) (sent, acknowledged, unknown int) {
	t.Helper()
	summary := agent.err.wait(t, `agent: (sent=.*)`)
	var dropped int
	if _, err := fmt.Sscanf(summary, "sent=%d acknowledged=%d unknown=%d dropped=%d", &sent, &acknowledged, &unknown, &dropped); err != nil {
		t.Fatalf("%q: %v", summary, err)
	}
	got := written(t, file)
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s stands there %d times", id, times)
		}
	}
	if dropped != 0 || acknowledged+unknown != sent {
		t.Errorf("%s; want an outcome for each", summary)
	}
	if len(got) < acknowledged || len(got) > acknowledged+unknown {
		t.Errorf("%d are in the file, but %d were acknowledged and %d are unknown", len(got), acknowledged, unknown)
	}
	t.Logf("%s; %d written", summary, len(got))
	return sent, acknowledged, unknown
}

func killServer(t *testing.T, beacon string) {
	file := filepath.Join(t.TempDir(), "readings.jsonl")
	address := testport.Reserve(t)
	server := spawn(t, beacon, "serve", "-listen", address, "-out", file)
	server.err.wait(t, `listening on`)
	agent := spawn(t, beacon, "agent", "-connect", address, "-stdin", "-device", "d", "-drain", "1m")
	var stop atomic.Bool
	fed := make(chan int)
	go func() { fed <- feed(agent.in, &stop) }()
	waitFor(t, file, `"n":2000,`)
	server.kill()
	agent.err.wait(t, `not connected`)
	before := len(written(t, file))

	spawn(t, beacon, "serve", "-listen", address, "-out", file).err.wait(t, `listening on`)
	agent.err.wait(t, `(?s)connected to.*not connected.*connected to`)
	stop.Store(true)
	n := <-fed
	agent.in.Close()
	if sent, _, _ := reconcile(t, agent, file); sent != n {
		t.Errorf("%d sent, want %d", sent, n)
	}
	if len(written(t, file)) == before {
		t.Error("nothing was delivered after the restart")
	}
}

func killAgent(t *testing.T, beacon string) {
	file := filepath.Join(t.TempDir(), "readings.jsonl")
	server := spawn(t, beacon, "serve", "-listen", "127.0.0.1:0", "-out", file)
	address := server.err.wait(t, `listening on (\S+),`)
	agent := spawn(t, beacon, "agent", "-connect", address, "-stdin", "-device", "killed")
	var stop atomic.Bool
	fed := make(chan int)
	go func() { fed <- feed(agent.in, &stop) }()
	waitFor(t, file, `"n":2000,`)
	agent.kill()
	stop.Store(true)
	<-fed

	other := spawn(t, beacon, "agent", "-connect", address, "-stdin", "-device", "other")
	io.WriteString(other.in, "{\"sensor\":\"s\",\"value\":1}\n")
	other.in.Close()
	other.err.wait(t, `agent: sent=1 acknowledged=1 unknown=0 dropped=0`)
	server.cmd.Process.Signal(os.Interrupt)
	server.err.wait(t, `readings written`)
	got := written(t, file)
	for n := range len(got) - 1 { // without a gap from 1 on, each once
		if id := fmt.Sprint("killed ", n+1); got[id] != 1 {
			t.Errorf("%s stands there %d times", id, got[id])
		}
	}
}

// Two hundred agents at once: each reading is written once.
func TestManyAgents(t *testing.T) {
	const agents, readings = 200, 50
	file := filepath.Join(t.TempDir(), "readings.jsonl")
	srv := start(t, nil, "serve", "-listen", "127.0.0.1:0", "-out", file)
	address := srv.err.wait(t, `listening on (\S+),`)
	text := strings.Repeat("{\"sensor\":\"s\",\"value\":1}\n", readings)
	var all []*started
	for i := range agents {
		all = append(all, start(t, strings.NewReader(text), "agent", "-connect", address, "-stdin", "-device", fmt.Sprint("d", i), "-drain", "1m"))
	}
	for _, a := range all {
		a.exit(t, exitOK)
	}
	srv.stop()
	srv.exit(t, exitOK)
	got := written(t, file)
	for i := range agents {
		for n := range readings {
			if id := fmt.Sprintf("d%d %d", i, n+1); got[id] != 1 {
				t.Errorf("%s stands there %d times", id, got[id])
			}
		}
	}
}
