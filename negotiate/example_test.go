package negotiate_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyproto/parley/negotiate"
)

func ExampleChoose() {
	server := negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 1, Hi: 4}},
		Features: []negotiate.Feature{{Name: "zip"}, {Name: "trace"}}}
	client := negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 2, Hi: 3}},
		Features: []negotiate.Feature{{Name: "zip", Required: true}}}

	a, err := negotiate.Choose(server, client)
	fmt.Println(a.Version, a.Features, err)

	client.Min = 3
	server.Versions = negotiate.Versions{{Lo: 1, Hi: 2}}
	_, err = negotiate.Choose(server, client)
	fmt.Println(err)
	fmt.Println(errors.Is(err, &negotiate.Refusal{Code: negotiate.CodeVersion}))
	// Output:
	// v3 [zip] <nil>
	// negotiate: refused the peer: no common version; acceptable are 1-2, none below 1
	// true
}

// A client and a server greet each other. The bytes go by hand here; a driver would write and
// read them on a connection.
func ExampleHandshake() {
	now := time.Now()
	offer := negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 1, Hi: 3}}}
	client := negotiate.NewHandshake(&negotiate.HandshakeConfig{Offer: offer}, negotiate.Nonce{}, now)
	server := negotiate.NewHandshake(&negotiate.HandshakeConfig{Role: negotiate.Server, Offer: offer}, negotiate.Nonce{}, now)

	greeting, _ := client.Step(now, nil)
	fmt.Printf("%s", greeting.Send)
	answer, _ := server.Step(now, greeting.Send)
	fmt.Printf("%s", answer.Send)
	end, err := client.Step(now, answer.Send)
	fmt.Println(end.Done, end.Agreement.Version, end.Agreement.Digest == answer.Agreement.Digest, err)
	// Output:
	// PARLEY/1 telemetry v=1-3
	// PARLEY/1 OK telemetry v=3 all=1-3
	// true v3 true <nil>
}

// A server that also serves devices which send lines of text and never greet.
func ExampleRecognizer() {
	now := time.Now()
	cfg := &negotiate.HandshakeConfig{
		Role:       negotiate.Server,
		Offer:      negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 1, Hi: 3}}},
		Recognizer: negotiate.RecognizeLines(1),
	}
	h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, now)
	in := []byte("t1 21.5\nt2 19.0\n")
	out, err := h.Step(now, in)
	fmt.Printf("%v %v %q then %q %v\n", out.Agreement.Legacy, out.Agreement.Version, out.Replay, in[out.Taken:], err)
	// Output:
	// true v1 "t1 21.5\n" then "t2 19.0\n" <nil>
}

// A client tries again only with what is lower than all it tried, and only after a refusal.
func ExampleFallback() {
	may := negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 1, Hi: 5}}, Min: 2}
	tried := may
	tried.Versions = negotiate.VersionSet(5)

	refused := &negotiate.RefusedError{Refusal: negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 3}}}}
	next, ok := negotiate.Fallback(may, tried, refused)
	fmt.Println(next.Versions, ok)

	_, ok = negotiate.Fallback(may, tried, &negotiate.TimeoutError{})
	fmt.Println(ok)
	// Output:
	// 2-3 true
	// false
}

// One side of a change from version 3 to version 2. The frames of the peer are made by hand.
func ExampleUpgrade() {
	now := time.Now()
	offer := negotiate.Offer{Protocol: "telemetry", Versions: negotiate.Versions{{Lo: 1, Hi: 3}}}
	a := &negotiate.Agreement{Version: 3, Peer: offer}
	u := negotiate.NewUpgrade(&negotiate.UpgradeConfig{Role: negotiate.Server, Offer: offer}, a, negotiate.Key{})
	give := func(in negotiate.Input) {
		actions, err := u.Step(now, in)
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range actions {
			switch a := a.(type) {
			case negotiate.Send:
				fmt.Printf("  send %T\n", a.Frame)
			case negotiate.SwitchWriter:
				fmt.Println("  write", a.Version, "from here on")
			case negotiate.SwitchReader:
				fmt.Println("  read", a.Version, "from here on")
			case negotiate.Hold:
				fmt.Println("  hold data")
			case negotiate.Release:
				fmt.Println("  release data")
			case negotiate.Done:
				fmt.Println("  done:", a.Version)
			}
		}
		fmt.Println(u.State())
	}
	proof := func(d negotiate.Digest, k negotiate.Kind, epoch uint64) negotiate.Proof {
		return d.Proof(negotiate.Key{}, negotiate.Client, k, epoch)
	}
	give(negotiate.Begin{})
	give(negotiate.Received{Frame: negotiate.Probe{Proof: proof(u.Digest(), negotiate.KindProbe, 0)}})

	propose := negotiate.Propose{Epoch: 1, Version: 2}
	next := u.Digest().Next(propose, negotiate.Accept(propose))
	give(negotiate.Received{Frame: propose})
	give(negotiate.Ready{Last: 40, Frames: 50})
	give(negotiate.Received{Frame: negotiate.Cut{Epoch: 1, Last: 7, Frames: 9, Proof: proof(next, negotiate.KindCut, 1)}, Last: 7, Frames: 9})
	give(negotiate.Received{Frame: negotiate.Probe{Epoch: 1, Proof: proof(next, negotiate.KindProbe, 1)}})
	// Output:
	//   send negotiate.Probe
	// Probing
	//   release data
	//   done: v3
	// Open
	//   send negotiate.Accept
	// Agreed
	//   send negotiate.Cut
	//   write v2 from here on
	//   send negotiate.Probe
	//   hold data
	// CutSent
	//   read v2 from here on
	// BothCut
	//   release data
	//   done: v2
	// Open
}

func ExampleBackoff() {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var b negotiate.Backoff
	for range 3 {
		until, resting := b.Failed("a:7000", now)
		fmt.Println(resting, until.Sub(now) > 0)
	}
	fmt.Println(b.Allows("a:7000", now), b.Allows("a:7000", now.Add(negotiate.DefaultRest)))
	// Output:
	// false false
	// false false
	// true true
	// false true
}
