package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/parleyproto/parley/codec/gen"
)

func init() { commands = append(commands, genCommand) }

func genCommand() *cobra.Command {
	var check, wireshark bool
	cmd := &cobra.Command{
		Use:   "gen [packages]",
		Short: "Write the codecs of packages that describe a protocol",
		Long: `Gen reads the Go structs of the packages (default: the current folder) that have a
//parley:protocol directive, and writes the codec of each version beside them. All mistakes
of a schema are reported at once, and then no file is written; likewise when a version that
is frozen would change. See docs/codec.md.`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			return runGen(patterns, check, wireshark)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit with status 1 if a file is not up to date")
	cmd.Flags().BoolVar(&wireshark, "wireshark", false, "write PROTOCOL.parley.lua as well, a dissector for Wireshark and tshark")
	return cmd
}

func runGen(patterns []string, check, wireshark bool) error {
	protocols, err := load(patterns)
	if err != nil {
		return err
	}
	for _, p := range protocols {
		if err := p.verify(); err != nil {
			return err
		}
	}
	for _, p := range protocols {
		files, err := p.generate()
		if err != nil {
			return err
		}
		if wireshark {
			files = append(files, gen.Dissector(p.Protocol))
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
