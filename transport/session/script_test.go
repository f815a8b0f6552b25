package session_test

import (
	"math/rand/v2"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	gopterprop "github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/fuzz/sessiontest"
	"github.com/parleyproto/parley/transport/session"
)

// play runs a script and checks what the sessions promise.
func play(t *testing.T, seed uint64, script []byte) {
	t.Helper()
	client, server := sessiontest.Configs(seed)
	server.Offer.Prefer = []codec.Version{codec.Version(seed%3 + 1)}
	if seed%2 == 1 {
		client.Compress, server.Compress = &session.Compression{MinSize: 30}, &session.Compression{}
	}
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if seed%4 != 0 {
		p.Connect()
	}
	if seed%4 == 3 { // both sides use their numbers up
		up, down := last-seed%40, last-seed/8%40
		p.Client.Machine.StartAt(session.Numbers{Sent: up, Received: down, IDs: down})
		p.Server.Machine.StartAt(session.Numbers{Sent: down, Received: up, IDs: up, Base: -seed % 40})
	}
	for i := 0; i < len(script); i += 2 {
		p.Run(script[i:min(i+2, len(script))])
		audit(t, p)
	}
	if err := p.Check(false); err != nil {
		t.Fatalf("seed %d, script %x: %v", seed, script, err)
	}
	if !p.Finish() {
		t.Fatalf("seed %d, script %x: no rest: client %+v, server %+v", seed, script, p.Client.Machine.Stats(), p.Server.Machine)
	}
	if p.Client.Machine.State() == session.Ended { // perhaps the server was not told
		p.Advance(2 * session.DefaultResumeWindow)
	}
	if err := p.Check(true); err != nil {
		t.Fatalf("seed %d, script %x: at rest: %v", seed, script, err)
	}
}

// audit checks that both sides count right.
func audit(t *testing.T, p *sessiontest.Pair) {
	t.Helper()
	for _, s := range []*sessiontest.Side{p.Client, p.Server} {
		if s.Machine == nil {
			continue
		}
		if err := s.Machine.Audit(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScripts(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 1))
		script := make([]byte, 2*(1+r.IntN(60)))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		play(t, seed, script)
	}
}

// keepsPromises is the same as a property, whose counterexamples gopter makes shorter.
var keepsPromises = gopterprop.ForAll(func(script []byte) string {
	client, server := sessiontest.Configs(2)
	server.Offer.Prefer = []codec.Version{1}
	p, err := sessiontest.NewPair(client, server)
	if err != nil {
		return err.Error()
	}
	p.Connect()
	p.Run(script)
	if !p.Finish() {
		return "no rest"
	}
	if err := p.Check(true); err != nil {
		return err.Error()
	}
	return ""
}, gen.SliceOf(gen.UInt8()))

func TestScriptProperty(t *testing.T) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 300
	properties := gopter.NewProperties(parameters)
	properties.Property("exactly once, in order, or a known outcome", keepsPromises)
	properties.TestingRun(t)
}

func FuzzScript(f *testing.F) {
	f.Add([]byte{0, 1, 2, 255, 4, 255, 2, 255, 0x8b, 1, 4, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) <= 400 {
			play(t, 1, script)
		}
	})
}
