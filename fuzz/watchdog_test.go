package fuzz_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz"
)

const hangVariable = "FUZZ_TEST_HANG"

// A process that hangs ends with the stack of what it hangs in. This test runs
// itself again as that process.
func TestWatchdog(t *testing.T) {
	if os.Getenv(hangVariable) != "" {
		defer fuzz.Watchdog(time.Millisecond)()
		hangHere()
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWatchdog$")
	cmd.Env = append(os.Environ(), hangVariable+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ORACLE hang input took too long\n") || !strings.Contains(string(out), "hangHere") {
		t.Errorf("error %v, output:\n%s", err, out)
	}
}

func hangHere() { select {} }

func TestWatchdogStops(t *testing.T) {
	stop := fuzz.Watchdog(time.Hour)
	stop()
	stop() // twice does no harm
}
