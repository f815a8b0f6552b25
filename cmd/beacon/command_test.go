package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyproto/parley/internal/testport"
)

// screen is what a command prints; a test can wait for words on it.
type screen struct {
	mu   sync.Mutex
	more *sync.Cond
	text bytes.Buffer
}

func newScreen() *screen {
	s := &screen{}
	s.more = sync.NewCond(&s.mu)
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more.Broadcast()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// wait returns the first match of the pattern's group, as soon as it is there.
func (s *screen) wait(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	alarm := time.AfterFunc(time.Minute, s.more.Broadcast)
	defer alarm.Stop()
	limit := time.Now().Add(time.Minute)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if m := re.FindStringSubmatch(s.text.String()); m != nil {
			return m[len(m)-1]
		}
		if time.Now().After(limit) {
			t.Fatalf("%q never came:\n%s", pattern, s.text.String())
		}
		s.more.Wait()
	}
}

// started is a command that runs.
type started struct {
	out, err *screen
	stop     context.CancelFunc // as Ctrl-C does
	code     chan int
}

func start(t *testing.T, in io.Reader, args ...string) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &started{newScreen(), newScreen(), cancel, make(chan int, 1)}
	go func() { s.code <- run(ctx, &env{in, s.out, s.err}, args) }()
	t.Cleanup(cancel)
	return s
}

func (s *started) exit(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-s.code:
		if code != want {
			t.Errorf("exit code %d, want %d:\n%s%s", code, want, s.out, s.err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("it does not end:\n%s%s", s.out, s.err)
	}
}

// An operator moves a device's session from text to binary while readings flow; none is lost,
// and both sides say so at the end.
func TestServeAgentUpgrade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readings.jsonl")
	srv := start(t, nil, "serve", "-listen", "127.0.0.1:0", "-start", "1", "-out", file, "-v")
	address := srv.err.wait(t, `listening on (\S+),`)
	stdin, pipe := io.Pipe()
	agent := start(t, stdin, "agent", "-connect", address, "-stdin", "-device", "d1", "-v")
	agent.err.wait(t, "connected to")
	io.WriteString(pipe, `{"sensor":"t1","value":1}`+"\n")
	waitFor(t, file, `"sensor":"t1","n":1,`)

	up := start(t, nil, "upgrade", "-server", address, "-to", "2")
	up.exit(t, exitOK)
	if got := up.out.String(); got != "1 of 1 sessions speak v2\n" {
		t.Errorf("upgrade said %q", got)
	}
	io.WriteString(pipe, `{"sensor":"t2","value":2,"unit":"C"}`+"\n")
	waitFor(t, file, `"sensor":"t2","n":2,.*"unit":"C"`)
	again := start(t, nil, "upgrade", "-server", address, "-json")
	again.exit(t, exitOK)
	if got := again.out.String(); !strings.Contains(got, `"to":3,"results":[{`) {
		t.Errorf("upgrade -json said %s", got)
	}

	pipe.Close()
	agent.exit(t, exitOK)
	agent.err.wait(t, "agent: sent=2 acknowledged=2 unknown=0 dropped=0 bad-lines=0")
	srv.stop()
	srv.exit(t, exitOK)
	srv.err.wait(t, "2 readings written")
}

// Ctrl-C ends an agent that has no server; what was never written is dropped, and it says why.
func TestAgentWithoutServer(t *testing.T) {
	agent := start(t, nil, "agent", "-connect", testport.Reserve(t), "-drain", "10ms")
	agent.err.wait(t, `not connected: .*trying again in`)
	agent.stop()
	agent.exit(t, exitFailed)
	agent.err.wait(t, `agent: sent=[1-9]\d* acknowledged=0 unknown=0 dropped=[1-9]`)
}

func TestMistakes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	tests := []struct {
		args []string
		want string
	}{
		{nil, "beacon serve"},
		{[]string{"fly"}, `no command "fly"`},
		{[]string{"serve", "-wings"}, "flag provided but not defined: -wings"},
		{[]string{"serve", "here"}, `serve takes no argument "here"`},
		{[]string{"serve", "-listen", ln.Addr().String()}, "cannot listen"},
		{[]string{"serve", "-listen", "127.0.0.1:0", "-start", "9"}, "has no version v9"},
		{[]string{"serve", "-out", "/no/such/folder/file"}, "cannot open the output"},
		{[]string{"agent", "-connect", "nowhere"}, "not host:port"},
		{[]string{"agent", "-connect", "host:99999"}, "the port must be a number from 1 to 65535"},
		{[]string{"agent", "-interval", "0s"}, "-interval must be above zero"},
		{[]string{"agent", "-device", ""}, "-device must have"},
		{[]string{"upgrade", "-server", "nowhere"}, "-server: "},
		{[]string{"demo", "-devices", "0"}, "at least one of -devices"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			s := start(t, nil, tt.args...)
			s.exit(t, exitUsage)
			if !strings.Contains(s.err.String(), tt.want) {
				t.Errorf("it said:\n%s\nwant %q", s.err, tt.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, c := range commands() {
		s := start(t, nil, c.name, "-h")
		s.exit(t, exitOK)
		if !strings.Contains(s.err.String(), "Usage of "+c.name) {
			t.Errorf("%s -h said:\n%s", c.name, s.err)
		}
	}
}

// waitFor waits until a file holds a match of the pattern.
func waitFor(t *testing.T, file, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		if text, err := os.ReadFile(file); err == nil && re.Match(text) {
			return
		}
	}
	text, _ := os.ReadFile(file)
	t.Fatalf("%q never came:\n%s", pattern, text)
}
