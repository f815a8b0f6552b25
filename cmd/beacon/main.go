// Command beacon is a small fleet of devices that beacon readings to a server. It wires the
// whole toolkit together: framing, codecs, negotiation, live upgrade, reconnecting sessions.
//
//	beacon serve     take readings from many devices, write each as a JSON line
//	beacon agent     send this machine's readings, or those piped in
//	beacon upgrade   move a running server's live sessions to another version
//	beacon demo      all of it at once, over a link that misbehaves
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it ran, and the result is bad
	exitUsage  = 2 // wrong flags or arguments, or it could not start
)

// env is what a command may touch of the world outside.
type env struct {
	in       io.Reader
	out, err io.Writer
}

func (e *env) errorf(format string, args ...any) {
	fmt.Fprintf(e.err, "beacon: "+format+"\n", args...)
}

type command struct {
	name, usage, summary string
	run                  func(ctx context.Context, e *env, args []string) int
}

func commands() []command {
	return []command{
		{"serve", "[-listen ADDR] [-out FILE]", "take readings from many devices, write each as a JSON line", serve},
		{"agent", "-connect ADDR[,ADDR…] [-stdin]", "send this machine's readings, or those piped in", agent},
		{"upgrade", "[-server ADDR] [-to VERSION]", "move a running server's live sessions to another version", upgrade},
		{"demo", "[-for 15s] [-devices 8]", "all of it at once, over a link that misbehaves", demo},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal finds its default again, and kills
	code := run(ctx, &env{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run picks the command. A command ends in good order when ctx does.
func run(ctx context.Context, e *env, args []string) int {
	if len(args) == 0 {
		help(e.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(e.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, e, args[1:])
		}
	}
	e.errorf("no command %q; `beacon help` lists them", args[0])
	return exitUsage
}

func help(w io.Writer) {
	fmt.Fprint(w, "beacon: devices that send readings to a server over a network that misbehaves\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  beacon %-8s %-32s %s\n", c.name, c.usage, c.summary)
	}
	fmt.Fprint(w, "\n`beacon COMMAND -h` lists a command's flags.\n")
}

// parse parses flags that take no further arguments. It returns false and the exit code when
// the command is over: after -h, or after a mistake.
func parse(e *env, fs *flag.FlagSet, args []string) (ok bool, code int) {
	fs.SetOutput(e.err)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return false, exitOK
	case err != nil:
		return false, exitUsage
	case fs.NArg() > 0:
		e.errorf("%s takes no argument %q; see `beacon %[1]s -h`", fs.Name(), fs.Arg(0))
		return false, exitUsage
	}
	return true, exitOK
}
