package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
)

// upgrade is `beacon upgrade`: an operator's order to a running `beacon serve`.
func upgrade(ctx context.Context, e *env, args []string) int {
	fs := flag.NewFlagSet("upgrade", flag.ContinueOnError)
	server := fs.String("server", defaultAddress, "the `ADDR` that the server on this machine listens on")
	to := fs.Uint("to", 0, "move sessions to protocol `VERSION`, older ones too; 0: the newest")
	timeout := fs.Duration("timeout", time.Minute, "wait so long for all sessions")
	asJSON := fs.Bool("json", false, "print the report as one JSON object")
	if ok, code := parse(e, fs, args); !ok {
		return code
	}
	_, port, err := net.SplitHostPort(*server)
	if err != nil {
		e.errorf("-server: %v", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	report, err := callAdmin(ctx, port, &upgradeOrder{To: codec.Version(*to)})
	if err != nil {
		e.errorf("no answer from the server on port %s: %v; is `beacon serve` running on this machine, as this user?", port, err)
		return exitUsage
	}
	if *asJSON {
		json.NewEncoder(e.out).Encode(report)
	} else {
		printReport(e.out, report)
	}
	if report.failed() > 0 {
		return exitFailed
	}
	return exitOK
}

// failed counts the sessions that did not move.
func (r *upgradeReport) failed() int {
	n := 0
	for _, o := range r.Results {
		if o.Error != "" {
			n++
		}
	}
	return n
}

// printReport prints what became of each session that did not move, and a summary.
func printReport(w io.Writer, r *upgradeReport) {
	for _, o := range r.Results {
		if o.Error != "" {
			fmt.Fprintf(w, "%s stays at %v: %s\n", o.Address, o.From, o.Error)
		}
	}
	fmt.Fprintf(w, "%d of %d sessions speak %v\n", len(r.Results)-r.failed(), len(r.Results), r.To)
}
