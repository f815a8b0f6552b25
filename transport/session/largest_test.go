package session_test

import (
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport/session"
)

// Where every version offered knows its largest message, no larger one is accepted.
func TestLargestMessage(t *testing.T) {
	any := codec.JSON(new(struct{}))
	protocol := func(sizes ...int) *codec.Protocol {
		p := &codec.Protocol{Name: "sized"}
		for i, n := range sizes {
			p.Releases = append(p.Releases, codec.Release{Version: codec.Version(i + 1), Codec: any, Text: true, Frozen: true, MaxSize: n})
		}
		return p
	}
	tests := []struct {
		name  string
		cfg   session.Config
		limit uint64
	}{
		{"the largest of all", session.Config{Protocol: protocol(100, 300, 200)}, 300},
		{"one has no limit", session.Config{Protocol: protocol(100, 0)}, negotiate.DefaultMaxMessage},
		{"beyond the default", session.Config{Protocol: protocol(100 << 20)}, negotiate.DefaultMaxMessage},
		{"of those offered", session.Config{Protocol: protocol(100, 0), Offer: negotiate.Offer{Versions: negotiate.VersionSet(1)}}, 100},
		{"as configured", session.Config{Protocol: protocol(100), Offer: negotiate.Offer{MaxMessage: 77}}, 77},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := session.NewProfile(negotiate.Server, tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Offer().MaxMessage; got != tt.limit {
				t.Errorf("it accepts %d bytes, want %d", got, tt.limit)
			}
		})
	}
}
