package negotiate_test

import (
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// parameters returns gopter's with a fixed seed, so that a run repeats.
func parameters(tests int) *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(1)
	p.MinSuccessfulTests = tests
	return p
}

// genOffer makes valid offers whose versions, layouts and features meet often.
func genOffer() gopter.Gen {
	version := gen.UInt32Range(0, 12).Map(func(v uint32) codec.Version { return codec.Version(v) })
	return gopter.CombineGens(
		gen.SliceOfN(3, gopter.CombineGens(version, gen.UInt32Range(0, 3))),
		gen.UInt32Range(0, 6),
		gen.SliceOf(version),
		gen.SliceOfN(6, gen.UInt8Range(0, 5)),
		gen.SliceOfN(4, gen.UInt8Range(0, 9)),
		gen.UInt64Range(0, 1<<40),
		gen.UInt64Range(0, 1<<40),
		gen.Int64Range(0, 1<<20),
		gen.UInt64(),
	).Map(func(v []any) negotiate.Offer {
		o := negotiate.Offer{Protocol: "telemetry", Prefer: v[2].([]codec.Version), MaxMessage: v[5].(uint64), Window: v[6].(uint64)}
		for _, r := range v[0].([][]any) {
			lo := r[0].(codec.Version)
			o.Versions = append(o.Versions, negotiate.Range{Lo: lo, Hi: lo + codec.Version(r[1].(uint32))})
		}
		o.Min = min(codec.Version(v[1].(uint32)), o.Normal().Versions[len(o.Normal().Versions)-1].Hi)
		for i, x := range v[3].([]uint8) {
			if x < 2 {
				o.Fingerprints = append(o.Fingerprints, negotiate.Fingerprint{Version: codec.Version(3 * (5 - i)), Layout: [8]byte{x}})
			}
		}
		for i, x := range v[4].([]uint8) {
			if x < 6 {
				o.Features = append(o.Features, negotiate.Feature{Name: string(rune('a' + i)), Required: x == 0})
			}
		}
		if ms := v[7].(int64); ms > 0 {
			o.Heartbeat = negotiate.Heartbeat{Interval: time.Duration(ms) * time.Millisecond, Gap: time.Duration(ms/2) * time.Millisecond}
		}
		for i := range 8 {
			o.Nonce[i] = byte(v[8].(uint64) >> (8 * i))
		}
		return o
	})
}

// What a greeting spells is what was offered.
func TestGreetingIdentity(t *testing.T) {
	props := gopter.NewProperties(parameters(500))
	props.Property("parse(append(o)) is o with its defaults", prop.ForAll(func(o negotiate.Offer) bool {
		line, err := negotiate.AppendGreeting(nil, o)
		if err != nil {
			return false
		}
		got, err := negotiate.ParseGreeting(line[:len(line)-1])
		want := o.Normal()
		want.Prefer = nil
		return err == nil && reflect.DeepEqual(got, want)
	}, genOffer()))
	props.Property("parse(append(answer)) is the answer with its defaults", prop.ForAll(func(o negotiate.Offer, v uint32) bool {
		line, err := negotiate.AppendAnswer([]byte("before"), negotiate.Answer{Version: codec.Version(v), Offer: o})
		if err != nil {
			return false
		}
		got, err := negotiate.ParseAnswer(line[len("before") : len(line)-1])
		want := o.Normal()
		want.Prefer = nil
		return err == nil && got.Version == codec.Version(v) && reflect.DeepEqual(got.Offer, want)
	}, genOffer(), gen.UInt32Range(0, 59999)))
	props.TestingRun(t)
}

// speakable tells, by the words of the specification, whether two offers allow version v.
func speakable(a, b negotiate.Offer, v codec.Version) bool {
	for _, x := range a.Fingerprints {
		for _, y := range b.Fingerprints {
			if x.Version == v && y.Version == v && x.Layout != y.Layout {
				return false
			}
		}
	}
	return a.Versions.Has(v) && b.Versions.Has(v) && v >= a.Min && v >= b.Min && v <= negotiate.MaxVersion
}

func TestChooseLaws(t *testing.T) {
	props := gopter.NewProperties(parameters(400))
	law := func(name string, holds func(server, client negotiate.Offer, a negotiate.Agreement, r *negotiate.Refusal) bool) {
		props.Property(name, prop.ForAll(func(server, client negotiate.Offer) bool {
			a, err := negotiate.Choose(server, client)
			var r *negotiate.Refusal
			if err != nil && !errors.As(err, &r) {
				return false
			}
			return holds(server, client, a, r)
		}, genOffer(), genOffer()))
	}
	law("the version is one that both allow", func(server, client negotiate.Offer, a negotiate.Agreement, r *negotiate.Refusal) bool {
		return r != nil || speakable(server, client, a.Version)
	})
	law("none that both allow stands before it in the server's order", func(server, client negotiate.Offer, a negotiate.Agreement, r *negotiate.Refusal) bool {
		if r != nil {
			return true
		}
		for _, v := range server.Prefer {
			if v == a.Version {
				return true
			}
			if speakable(server, client, v) {
				return false
			}
		}
		for v := a.Version + 1; v < 20; v++ {
			if speakable(server, client, v) {
				return false
			}
		}
		return true
	})
	law("a refusal for the version means that there is none", func(server, client negotiate.Offer, _ negotiate.Agreement, r *negotiate.Refusal) bool {
		if r == nil || r.Code != negotiate.CodeVersion && r.Code != negotiate.CodeFingerprint {
			return true
		}
		for v := codec.Version(0); v < 20; v++ {
			if speakable(server, client, v) {
				return false
			}
		}
		return true
	})
	law("every required feature is chosen, and only what both named", func(server, client negotiate.Offer, a negotiate.Agreement, r *negotiate.Refusal) bool {
		if r != nil {
			return true
		}
		for _, pair := range [][2]negotiate.Offer{{server, client}, {client, server}} {
			for _, f := range pair[0].Features {
				named := false
				for _, g := range pair[1].Features {
					named = named || f.Name == g.Name
				}
				if f.Required && !named || named != a.Has(f.Name) {
					return false
				}
			}
		}
		return true
	})
	law("without preferences both orders of the offers give the same", func(server, client negotiate.Offer, _ negotiate.Agreement, _ *negotiate.Refusal) bool {
		server.Prefer, client.Prefer = nil, nil
		a, err := negotiate.Choose(server, client)
		b, rerr := negotiate.Choose(client, server)
		return a.Version == b.Version && (err == nil) == (rerr == nil)
	})
	law("the client confirms what its server chose", func(server, client negotiate.Offer, a negotiate.Agreement, r *negotiate.Refusal) bool {
		if r != nil {
			return true
		}
		b, err := negotiate.Confirm(client, negotiate.Answer{Version: a.Version, Offer: server.Normal()})
		return err == nil && b.Version == a.Version
	})
	law("a client confirms only what both allow", func(server, client negotiate.Offer, _ negotiate.Agreement, _ *negotiate.Refusal) bool {
		for v := codec.Version(0); v < 20; v++ {
			a, err := negotiate.Confirm(client, negotiate.Answer{Version: v, Offer: server.Normal()})
			if err == nil && (a.Version != v || !speakable(server, client, v)) {
				return false
			}
		}
		return true
	})
	law("only a refusal leads to a second try", func(server, client negotiate.Offer, _ negotiate.Agreement, _ *negotiate.Refusal) bool {
		tried := client
		tried.Versions = negotiate.VersionSet(19)
		for _, err := range []error{&negotiate.TimeoutError{}, &negotiate.NotParleyError{}, &negotiate.ChoiceError{}, io.ErrUnexpectedEOF,
			&negotiate.RefusedError{Refusal: negotiate.Refusal{Code: negotiate.CodeOverload, Versions: server.Versions}}} {
			if _, ok := negotiate.Fallback(client, tried, err); ok {
				return false
			}
		}
		return true
	})
	law("a second try is strictly lower and ends", func(server, client negotiate.Offer, _ negotiate.Agreement, r *negotiate.Refusal) bool {
		tried := client
		for range 20 {
			_, err := negotiate.Choose(server, tried)
			if err == nil {
				return true
			}
			errors.As(err, &r)
			next, ok := negotiate.Fallback(client, tried, &negotiate.RefusedError{Refusal: *r})
			if !ok {
				return true
			}
			if next.Normal().Min < client.Normal().Min || next.Versions[len(next.Versions)-1].Hi >= tried.Versions.Lowest() {
				return false
			}
			tried = next
		}
		return false
	})
	props.TestingRun(t)
}

// A proof holds for one key, role, frame, epoch and digest, and for nothing else.
func TestProofLaws(t *testing.T) {
	digest := gen.UInt64().Map(func(n uint64) negotiate.Digest {
		return negotiate.GreetingDigest(binary.AppendUvarint(nil, n), nil)
	})
	key := gen.UInt8Range(0, 3).Map(func(n uint8) negotiate.Key { return negotiate.SharedKey([]byte{n}) })
	role := gen.OneConstOf(negotiate.Client, negotiate.Server)
	kind := gen.OneConstOf(negotiate.KindProbe, negotiate.KindCut)
	epoch := gen.UInt64Range(0, 3)
	props := gopter.NewProperties(parameters(1000))
	props.Property("equal exactly when all that they prove is equal", prop.ForAll(
		func(d1, d2 negotiate.Digest, same bool, k1, k2 negotiate.Key, r1, r2 negotiate.Role, f1, f2 negotiate.Kind, e1, e2 uint64) bool {
			if same {
				d2 = d1
			}
			equal := d1 == d2 && k1 == k2 && r1 == r2 && f1 == f2 && e1 == e2
			return d1.Proof(k1, r1, f1, e1).Equal(d2.Proof(k2, r2, f2, e2)) == equal
		}, digest, digest, gen.Bool(), key, key, role, role, kind, kind, epoch, epoch))
	props.Property("the same for an ATTACH", prop.ForAll(
		func(d1, d2 negotiate.Digest, same bool, g1, g2, n1, n2 uint64) bool {
			if same {
				d2 = d1
			}
			equal := d1 == d2 && g1 == g2 && n1 == n2
			return d1.AttachProof([32]byte{1}, [16]byte{2}, g1, n1).Equal(d2.AttachProof([32]byte{1}, [16]byte{2}, g2, n2)) == equal
		}, digest, digest, gen.Bool(), epoch, epoch, epoch, epoch))
	props.TestingRun(t)
}
