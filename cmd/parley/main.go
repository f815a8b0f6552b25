// Parley is the tool of the Parley toolkit: it generates codecs, guards their
// compatibility, records and shows traffic, and looks for faults. Run "parley help".
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	err := newRoot().Execute()
	if err == nil {
		return
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, exit.err)
		}
		os.Exit(exit.code)
	}
	fmt.Fprintln(os.Stderr, "parley:", err)
	os.Exit(2)
}

// commands are the subcommands; each file of one adds its own in init.
var commands []func() *cobra.Command

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "parley",
		Short:         "Tools for versioned TCP protocols",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	for _, command := range commands {
		root.AddCommand(command())
	}
	root.SetArgs(goFlags(os.Args[1:]))
	return root
}

// goFlags turns flags in Go's style, -check, into --check. There are no combined short flags.
func goFlags(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			return out
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && !strings.ContainsAny(arg[1:2], "0123456789.") {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}

// exitError ends the program with a status: 1 for a finding, 2 for wrong use or failure.
type exitError struct {
	code int
	err  error // printed as it is; nil: said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}
