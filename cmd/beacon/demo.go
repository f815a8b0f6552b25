package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/parleyproto/parley/fuzz/fault"
)

// demo is `beacon demo`.
func demo(ctx context.Context, e *env, args []string) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	d := demonstration{}
	fs.DurationVar(&d.duration, "for", 15*time.Second, "send for so long")
	fs.IntVar(&d.devices, "devices", 8, "run so many devices")
	fs.Uint64Var(&d.seed, "seed", 0, "decides what the link does to whom; 0: a random one")
	asJSON := fs.Bool("json", false, "print the result as one JSON object")
	verbose := fs.Bool("v", false, "log connections to stderr")
	if ok, code := parse(e, fs, args); !ok {
		return code
	}
	if d.duration < time.Second || d.devices < 1 {
		e.errorf("demo needs -for 1s or more and at least one of -devices")
		return exitUsage
	}
	if d.seed == 0 {
		d.seed = rand.Uint64()>>1 | 1
	}
	d.log = logger(e, *verbose)

	show := progress(e.err)
	result, err := d.run(ctx, show.line)
	show.end()
	if err != nil {
		e.errorf("demo: %v", err)
		return exitUsage
	}
	if *asJSON {
		json.NewEncoder(e.out).Encode(result)
	} else {
		result.print(e.out)
	}
	if why := result.failure(); why != "" {
		if ctx.Err() != nil {
			why = "stopped early: " + why
		}
		e.errorf("demo: %s; repeat it with -seed %d", why, d.seed)
		return exitFailed
	}
	return exitOK
}

// demoResult is what the demo found. Its JSON names are those of the last line of text.
type demoResult struct {
	Sent       uint64  `json:"sent"`       // readings that a client accepted
	Delivered  uint64  `json:"delivered"`  // distinct readings that the server's handler got
	Lost       uint64  `json:"lost"`       // sent and not delivered
	Duplicated uint64  `json:"duplicated"` // delivered more than once
	Reordered  uint64  `json:"reordered"`  // delivered after a later one of the same device
	Reconnects uint64  `json:"reconnects"`
	Upgrades   uint64  `json:"upgrades"` // sessions moved while they were live
	Elapsed    float64 `json:"elapsed"`  // seconds

	Seed   uint64      `json:"seed"`
	Faults int         `json:"faults"` // all that the link did
	Link   fault.Stats `json:"link"`
}

// failure tells why the demo has failed, or nothing.
func (r *demoResult) failure() string {
	switch {
	case r.Lost > 0 || r.Duplicated > 0 || r.Reordered > 0:
		return fmt.Sprintf("%d lost, %d duplicated, %d reordered", r.Lost, r.Duplicated, r.Reordered)
	case r.Delivered == 0:
		return "nothing was delivered"
	case r.Faults == 0 || r.Reconnects == 0:
		return "the link did no harm, so nothing was shown"
	case r.Upgrades == 0:
		return "no live session was upgraded"
	}
	return ""
}

func (r *demoResult) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(t, "%s\t%v\n", name, value) }
	row("readings sent", r.Sent)
	row("readings delivered", r.Delivered)
	row("lost / duplicated / reordered", fmt.Sprintf("%d / %d / %d", r.Lost, r.Duplicated, r.Reordered))
	row("what the link did", r.Link)
	row("reconnects", r.Reconnects)
	row("live upgrades, v1 to v2", r.Upgrades)
	row("seed", r.Seed)
	t.Flush()
	fmt.Fprintf(w, "demo: sent=%d delivered=%d lost=%d duplicated=%d reordered=%d reconnects=%d upgrades=%d elapsed=%.1fs\n",
		r.Sent, r.Delivered, r.Lost, r.Duplicated, r.Reordered, r.Reconnects, r.Upgrades, r.Elapsed)
}

// status shows one line of progress at a time.
type status struct {
	w    io.Writer
	live bool // a terminal: each line replaces the one before
}

func progress(w io.Writer) *status {
	f, ok := w.(*os.File)
	return &status{w, ok && term.IsTerminal(int(f.Fd()))}
}

func (s *status) line(text string) {
	if s.live {
		fmt.Fprintf(s.w, "\r\x1b[K%s", text)
	} else {
		fmt.Fprintln(s.w, text)
	}
}

func (s *status) end() {
	if s.live {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}
