package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
)

func init() { commands = append(commands, genCommand) }

func genCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "gen [packages]",
		Short: "Write the codecs of packages that describe a protocol",
		Long: `Gen reads the Go structs of the packages (default: the current folder) that have a
//parley:protocol directive, and writes the codec of each version beside them. All mistakes
of a schema are reported at once, and then no file is written. See docs/codec.md.`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			if len(patterns) == 0 {
				patterns = []string{"."}
			}
			return runGen(patterns, check)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit with status 1 if a file is not up to date")
	return cmd
}

func runGen(patterns []string, check bool) error {
	protocols, err := schema.Load(".", patterns...)
	var mistakes schema.Errors
	if errors.As(err, &mistakes) {
		return &exitError{1, fmt.Errorf("%w", mistakes)}
	}
	if err != nil {
		return err
	}
	for _, p := range protocols {
		files, err := gen.Generate(p, gen.Options{})
		if err != nil {
			return err
		}
		if check {
			err = gen.Check(p.Dir, files)
		} else {
			err = gen.Write(p.Dir, files)
		}
		var stale *gen.StaleError
		if errors.As(err, &stale) {
			return &exitError{1, err}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
