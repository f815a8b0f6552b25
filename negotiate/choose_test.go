package negotiate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// offer returns the offer that a greeting line spells after "PARLEY/1 ".
func offer(t testing.TB, line string) negotiate.Offer {
	t.Helper()
	o, err := negotiate.ParseGreeting([]byte("PARLEY/1 " + line))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name           string
		server, client string
		prefer         []codec.Version
		version        codec.Version
		features       []string
	}{
		{"the highest", "p v=1-3", "p v=2-9", nil, 3, nil},
		{"over a gap", "p v=1-3,7", "p v=2-5,9", nil, 3, nil},
		{"version 0", "p v=0", "p v=0-1", nil, 0, nil},
		{"the server's order", "p v=1-5", "p v=1-4", []codec.Version{9, 2, 3}, 2, nil},
		{"a preferred one that is not common", "p v=1-5", "p v=3-4", []codec.Version{2, 1}, 4, nil},
		{"the same layout", "p v=1-2 fp=2:00000000000000aa", "p v=1-2 fp=2:00000000000000aa", nil, 2, nil},
		{"the highest with the same layout", "p v=1-3 fp=3:00000000000000aa", "p v=1-3 fp=3:00000000000000bb", nil, 2, nil},
		{"a layout that only one side tells", "p v=1-3 fp=3:00000000000000aa", "p v=1-3 fp=2:00000000000000bb", nil, 3, nil},
		{"grease is never chosen", "p v=1,60001", "p v=1,60001", nil, 1, nil},
		{"features in the server's order", "p v=1 f=a,b,c", "p v=1 f=c!,x-1,a", nil, 1, []string{"a", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := offer(t, c.server)
			server.Prefer = c.prefer
			client := offer(t, c.client)
			a, err := negotiate.Choose(server, client)
			if err != nil {
				t.Fatal(err)
			}
			want := negotiate.Agreement{Version: c.version, Features: c.features, Peer: client}
			if diff := cmp.Diff(want, a); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestChooseRefuses(t *testing.T) {
	fp := []negotiate.Fingerprint{{Version: 2, Layout: [8]byte{7: 0xaa}}}
	for _, c := range []struct {
		name           string
		server, client string
		want           negotiate.Refusal
	}{
		{"no common version", "p v=1-3", "p v=4-5",
			negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 3}}, Min: 1}},
		{"below the server's minimum", "p v=1-3 min=3", "p v=1-2",
			negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 3}}, Min: 3}},
		{"below the client's minimum", "p v=1-3", "p v=2-9 min=7",
			negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 3}}, Min: 1}},
		{"other layouts", "p v=2 fp=2:00000000000000aa", "p v=2 fp=2:00000000000000bb",
			negotiate.Refusal{Code: negotiate.CodeFingerprint, Versions: negotiate.Versions{{Lo: 2, Hi: 2}}, Fingerprints: fp}},
		{"only grease in common", "p v=1,60001", "p v=2,60001",
			negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 1}, {Lo: 60001, Hi: 60001}}, Min: 1}},
		{"the server's required feature", "p v=1 f=a!,b!", "p v=1 f=b",
			negotiate.Refusal{Code: negotiate.CodeFeature, Features: []string{"a"}}},
		{"the client's required feature", "p v=1", "p v=1 f=zip!",
			negotiate.Refusal{Code: negotiate.CodeFeature, Features: []string{"zip"}}},
		{"another protocol", "p v=1", "q v=1",
			negotiate.Refusal{Code: negotiate.CodeProtocol, Protocols: []string{"p"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := negotiate.Choose(offer(t, c.server), offer(t, c.client))
			var r *negotiate.Refusal
			if !errors.As(err, &r) || !errors.Is(err, &negotiate.Refusal{Code: c.want.Code}) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(c.want, *r); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	client := offer(t, "p v=1-3 min=2 fp=3:00000000000000aa f=zip!,log")
	for _, c := range []struct {
		answer string
		ok     bool
	}{
		{"OK p v=3 all=1-3 f=zip", true},
		{"OK p v=3 all=1-3 f=zip,log,more fp=3:00000000000000aa", true},
		{"OK p v=2 all=1-3 f=zip", true},
		{"OK q v=3 all=1-3 f=zip", false},
		{"OK p v=1 all=1-3 f=zip", false},
		{"OK p v=4 all=1-4 f=zip", false},
		{"OK p v=3 all=1-2 f=zip", false},
		{"OK p v=2 all=1-3 min=3 f=zip", false},
		{"OK p v=3 all=1-3 fp=3:00000000000000bb f=zip", false},
		{"OK p v=3 all=1-3 f=log", false},
	} {
		answer, err := negotiate.ParseAnswer([]byte("PARLEY/1 " + c.answer))
		if err != nil {
			t.Fatal(err)
		}
		a, err := negotiate.Confirm(client, answer)
		var choice *negotiate.ChoiceError
		switch {
		case c.ok && (err != nil || a.Version != answer.Version || !a.Has("zip")):
			t.Errorf("%s: got %+v, %v", c.answer, a, err)
		case !c.ok && !errors.As(err, &choice):
			t.Errorf("%s: got %v, want a ChoiceError", c.answer, err)
		}
	}
}

func TestFallback(t *testing.T) {
	may := offer(t, "p v=1-5 min=2")
	tried := offer(t, "p v=4-5")
	refused := func(code negotiate.RefusalCode, versions string) error {
		return &negotiate.RefusedError{Refusal: negotiate.Refusal{Code: code, Versions: offer(t, "p v="+versions).Versions}}
	}
	for _, c := range []struct {
		name string
		err  error
		want string // versions; empty: no second try
	}{
		{"what the server has", refused(negotiate.CodeVersion, "1-3"), "2-3"},
		{"other layouts", refused(negotiate.CodeFingerprint, "3-5"), "3"},
		{"only lower ones", refused(negotiate.CodeVersion, "4-9"), ""},
		{"nothing below the minimum", refused(negotiate.CodeVersion, "1"), ""},
		{"a missing feature", refused(negotiate.CodeFeature, "1-3"), ""},
		{"overload", refused(negotiate.CodeOverload, "1-3"), ""},
		{"a timeout", &negotiate.TimeoutError{Waiting: "answer", After: time.Second}, ""},
		{"an answer that is none", &negotiate.NotParleyError{First: []byte("-ERR")}, ""},
	} {
		got, ok := negotiate.Fallback(may, tried, c.err)
		if ok != (c.want != "") || ok && got.Versions.String() != c.want {
			t.Errorf("%s: got %v, %v, want %q", c.name, got.Versions, ok, c.want)
		}
	}
}

func TestOfferOf(t *testing.T) {
	p := &codec.Protocol{Name: "p", Releases: []codec.Release{
		{Version: 1, Frozen: true, Fingerprint: [8]byte{1}},
		{Version: 2, Frozen: true},
		{Version: 4},
	}}
	got := negotiate.OfferOf(p, false)
	want := negotiate.Offer{Protocol: "p", Versions: negotiate.Versions{{Lo: 1, Hi: 2}},
		Fingerprints: []negotiate.Fingerprint{{Version: 1, Layout: [8]byte{1}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frozen ones (-want +got):\n%s", diff)
	}
	if got := negotiate.OfferOf(p, true).Versions.String(); got != "1-2,4" {
		t.Errorf("with unfrozen ones: %s", got)
	}
}

// A refusal says which versions would do, and the lowest only where there is a lowest.
func TestRefusalTellsVersions(t *testing.T) {
	for min, want := range map[codec.Version]string{
		0: "no common version; acceptable are 1-3",
		2: "no common version; acceptable are 1-3, none below 2",
	} {
		r := negotiate.Refusal{Code: negotiate.CodeVersion, Versions: negotiate.Versions{{Lo: 1, Hi: 3}}, Min: min}
		if got := (&negotiate.RefusedError{Refusal: r}).Error(); !strings.HasSuffix(got, want) {
			t.Errorf("min %d: %q, want %q", min, got, want)
		}
	}
}
