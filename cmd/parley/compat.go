package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/spf13/cobra"

	"github.com/parleyproto/parley/codec/schema"
)

func init() { commands = append(commands, compatCommand) }

func compatCommand() *cobra.Command {
	var against string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compat [packages]",
		Short: "Report what changes of released versions",
		Long: `Compat compares the packages' structs with the layouts of their frozen versions and reports
in tiers: WIRE, what peers of a released version would not understand; API, what breaks Go
programs that use the package; WARN, what is legal but often a mistake. With -against it
compares with another lock file, or with the lock as a Git revision has it, such as the last
release's tag. Exit status 1 if there is a WIRE
finding, or if the lock was damaged by hand.`,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			protocols, err := load(patterns)
			if err != nil {
				return err
			}
			found := []schema.Finding{}
			for _, p := range protocols {
				lock := p.lock
				var damaged *schema.LockError
				if against != "" {
					if lock, err = otherLock(&p, against); err != nil {
						return err
					}
				} else if err := lock.Verify(p.Protocol, p.golden); errors.As(err, &damaged) {
					return &exitError{1, fmt.Errorf("%s: %w", p.Path, err)}
				}
				found = append(found, schema.Compare(lock, p.Protocol)...)
			}
			return report(cmd, found, asJSON)
		},
	}
	cmd.Flags().StringVar(&against, "against", "", "a lock file or a Git revision (default: the package's lock file)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list of {tier, version, subject, message}")
	return cmd
}

func report(cmd *cobra.Command, found []schema.Finding, asJSON bool) error {
	out := cmd.OutOrStdout()
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(found); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			fmt.Fprintln(out, f)
		}
	}
	if slices.ContainsFunc(found, func(f schema.Finding) bool { return f.Tier == schema.Wire }) {
		return &exitError{1, nil}
	}
	return nil
}

// otherLock reads a lock file of the protocol, or its own as a Git revision has it.
func otherLock(p *loaded, against string) (*schema.Lock, error) {
	name, data, err := readOther(p, against)
	if err != nil {
		return nil, fmt.Errorf("-against %s: %w", against, err)
	}
	lock, err := schema.ParseLock(name, data)
	if err == nil && lock.Protocol != p.Name {
		return nil, fmt.Errorf("-against %s: it is no lock of protocol %s, but of %q", against, p.Name, lock.Protocol)
	}
	return lock, err
}

func readOther(p *loaded, against string) (name string, data []byte, err error) {
	if data, err := os.ReadFile(against); err == nil {
		return against, data, nil
	}
	spec := against + ":./" + schema.LockName(p.Name)
	git := exec.Command("git", "show", "--end-of-options", spec)
	git.Dir = p.Dir
	data, err = git.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", nil, fmt.Errorf("no such file, and git says: %s", bytes.TrimSpace(exit.Stderr))
	}
	if err != nil {
		return "", nil, fmt.Errorf("no such file, and git does not run: %w", err)
	}
	return spec, data, nil
}
