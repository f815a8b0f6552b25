package main

import (
	"errors"
	"fmt"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/codec/gen"
	"github.com/parleyproto/parley/codec/schema"
)

// loaded is a package's protocol with what was frozen of it.
type loaded struct {
	*schema.Protocol
	lock   *schema.Lock
	golden []schema.Vector
}

// load loads the packages that the patterns name. Mistakes in them end the program with
// status 1.
func load(patterns []string) ([]loaded, error) {
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	protocols, err := schema.Load(".", patterns...)
	var mistakes schema.Errors
	if errors.As(err, &mistakes) {
		return nil, &exitError{1, mistakes}
	}
	if err != nil {
		return nil, err
	}
	var all []loaded
	for _, p := range protocols {
		lock, err := schema.ReadLock(p.Dir, p.Name)
		if err != nil {
			return nil, &exitError{1, err}
		}
		golden, err := schema.ReadGolden(p.Dir, p.Name)
		if err != nil {
			return nil, &exitError{1, err}
		}
		all = append(all, loaded{p, lock, golden})
	}
	return all, nil
}

// verify checks the protocol against its lock.
func (l *loaded) verify() error {
	if err := l.lock.Verify(l.Protocol, l.golden); err != nil {
		return &exitError{1, fmt.Errorf("%s: %w", l.Path, err)}
	}
	return nil
}

// generate returns the protocol's files.
func (l *loaded) generate() ([]gen.File, error) {
	return gen.Generate(l.Protocol, gen.Options{
		Frozen: l.lock.Frozen,
		Golden: func(v codec.Version, m *schema.Struct) [][]byte {
			var payloads [][]byte
			for _, g := range l.golden {
				if g.Version == v && g.Message == m.Name {
					payloads = append(payloads, g.Payload)
				}
			}
			return payloads
		},
	})
}
