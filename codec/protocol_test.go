package codec_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/codec"
)

type reading struct {
	Sensor  string  `json:"sensor"`
	Celsius float64 `json:"celsius,omitempty"`
}

type alarm struct{}

// narrow is a codec that cannot carry a reading's Celsius.
type narrow struct{ codec.Codec }

func (narrow) Loss(m codec.Message) []string {
	if r, ok := m.(*reading); ok && r.Celsius != 0 {
		return []string{"Celsius"}
	}
	return nil
}

func (n narrow) Append(dst []byte, m codec.Message) ([]byte, error) {
	if lost := n.Loss(m); lost != nil {
		return dst, &codec.LossError{Type: "reading", Path: lost[0], Version: 1, Carriers: "v2+"}
	}
	return n.Codec.Append(dst, m)
}

var twoVersions = &codec.Protocol{Name: "weather", Releases: []codec.Release{
	{Version: 1, Codec: narrow{codec.JSON(&reading{})}, Text: true},
	{Version: 2, Codec: codec.JSON(&reading{}, &alarm{}), Text: true},
}}

func TestProtocolFindsReleases(t *testing.T) {
	if err := twoVersions.Check(); err != nil {
		t.Fatal(err)
	}
	if got := twoVersions.Newest(); got != 2 {
		t.Errorf("Newest = %v, want v2", got)
	}
	if r, err := twoVersions.Release(1); err != nil || r.Version != 1 {
		t.Errorf("Release(1) = %+v, %v", r, err)
	}
	_, err := twoVersions.Release(7)
	want := &codec.VersionError{Protocol: "weather", Version: 7, Have: []codec.Version{1, 2}}
	var got *codec.VersionError
	if !errors.As(err, &got) || cmp.Diff(want, got) != "" {
		t.Errorf("Release(7): %v", err)
	}
}

func TestProtocolCheckListsAllMistakes(t *testing.T) {
	err := (&codec.Protocol{Releases: []codec.Release{{Version: 2}, {Version: 2, Codec: codec.JSON()}}}).Check()
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("want 3 mistakes (name, codec of v2, order), got %v", err)
	}
}

func TestLowestCarriesTheValue(t *testing.T) {
	for _, test := range []struct {
		m    codec.Message
		want codec.Version
	}{
		{&reading{Sensor: "a"}, 1},
		{&reading{Celsius: 2}, 2},
		{&alarm{}, 2},
	} {
		if got, err := twoVersions.Lowest(test.m); err != nil || got != test.want {
			t.Errorf("Lowest(%+v) = %v, %v, want %v", test.m, got, err, test.want)
		}
	}
	narrowOnly := &codec.Protocol{Name: "weather", Releases: twoVersions.Releases[:1]}
	var loss *codec.LossError
	if _, err := narrowOnly.Lowest(&reading{Celsius: 2}); !errors.As(err, &loss) || loss.Path != "Celsius" || loss.Version != 1 {
		t.Errorf("Lowest without a version that carries the value: %v", err)
	}
	var unknown *codec.MessageError
	if _, err := twoVersions.Lowest(t); !errors.As(err, &unknown) {
		t.Errorf("Lowest of a foreign type: %v", err)
	}
}

func TestTranscode(t *testing.T) {
	dst := []byte("before")
	got, err := twoVersions.Transcode(dst, 1, 2, []byte(`{"sensor":"a","type":"reading"}`))
	if want := `before{"type":"reading","sensor":"a"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	got, err = twoVersions.Transcode(dst, 2, 1, []byte(`{"type":"reading","celsius":2}`))
	var loss *codec.LossError
	if !errors.As(err, &loss) || loss.Path != "Celsius" || !bytes.Equal(got, dst) {
		t.Errorf("got %s, %v, want a LossError and dst as it was", got, err)
	}
	if _, err = twoVersions.Transcode(nil, 2, 3, nil); !errors.As(err, new(*codec.VersionError)) {
		t.Errorf("to a version that is not there: %v", err)
	}
}
