package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
)

func init() { commands = append(commands, freezeCommand) }

func freezeCommand() *cobra.Command {
	var through string
	cmd := &cobra.Command{
		Use:   "freeze [packages]",
		Short: "Lock the layouts of released versions for ever",
		Long: `Freeze adds all versions that are not frozen yet to the protocol's lock file, with golden
vectors of each message, and generates the code anew. Commit the lock and the vectors: from
then on, gen refuses whatever would change these versions on the wire. Freeze is the only
command that writes these files, and it only ever adds to them.`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			protocols, err := load(patterns)
			if err != nil {
				return err
			}
			for _, p := range protocols {
				last := p.Versions.Last
				if through != "" {
					r, err := schema.ParseRange(through)
					if err != nil || r.First != r.Last {
						return fmt.Errorf("-through %s: write one version, such as v3", through)
					}
					if last = r.Last; !p.Versions.Has(last) {
						return fmt.Errorf("-through %s: protocol %s has versions %v", through, p.Name, p.Versions)
					}
				}
				if err := p.freeze(last); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: frozen through %v\n", p.Name, p.lock.Versions[len(p.lock.Versions)-1].Version)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&through, "through", "", "freeze versions up to this one only (default: the newest)")
	return cmd
}

// freeze freezes the protocol's versions through last, and generates its code anew.
func (l *loaded) freeze(last codec.Version) error {
	if err := l.verify(); err != nil {
		return err
	}
	lock, golden, err := l.lock.Freeze(l.Protocol, l.golden, last)
	if err != nil {
		return err
	}
	l.lock, l.golden = lock, golden
	files, err := l.generate()
	if err != nil {
		return err
	}
	files = append(files,
		gen.File{Name: schema.GoldenName(l.Name), Data: schema.FormatGolden(golden)},
		gen.File{Name: schema.LockName(l.Name), Data: lock.Format()})
	return gen.Write(l.Dir, files)
}
