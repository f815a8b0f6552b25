package zoo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
)

// unhex reads hexadecimal digits with spaces.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// errLimit stands for any LimitError.
var errLimit = errors.New("a LimitError")

// Each way of being wrong has its cause, its path and its offset.
func TestBadPayloads(t *testing.T) {
	for _, test := range []struct {
		name    string
		version codec.Version
		payload string
		cause   error
		path    string
		offset  int
	}{
		{"nothing", 1, "", io.ErrUnexpectedEOF, "", 0},
		{"id not canonical", 1, "81 00", codec.ErrCanonical, "", 0},
		{"length not canonical", 1, "01 80 00", codec.ErrCanonical, "Name", 1},
		{"length beyond 64 bits", 1, "01 ff ff ff ff ff ff ff ff ff 02", codec.ErrCanonical, "Name", 1},
		{"count of 2^63", 1, "03 80 80 80 80 80 80 80 80 80 01", errLimit, "Names", 11},
		{"count of 2^63 without a limit", 1, "03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80 80 80 80 80 80 80 80 80 01", io.ErrUnexpectedEOF, "Deep", 26},
		{"length longer than the input", 1, "01 05 61", io.ErrUnexpectedEOF, "Name", 3},
		{"bool of 2", 1, "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00", codec.ErrCanonical, "Spouse", 15},
		{"value beyond max", 1, "01 00 00 00 00 00 00 00 00 00 00 00 00 00 65 00 00 00 00 00 00 00 00 00", codec.ErrRange, "Siblings", 11},
		{"invalid UTF-8", 1, "03 01 01 ff", codec.ErrUTF8, "Names[0]", 3},
		{"unknown enum value", 1, "02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03", codec.ErrEnum, "Col", 31},
		{"enum value of a later version", 1, "02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07", codec.ErrEnum, "Col", 31},
		{"unknown variant", 1, "04 00 00 ff 63", codec.ErrEnum, "Shape", 4},
		{"presence of 2", 1, "05 00 00 02", codec.ErrCanonical, "N", 3},
		{"null where it is not allowed", 1, "05 ff ff", codec.ErrNil, "S", 3},
		{"tags that descend", 1, "07 00 02 05 00 04 00", codec.ErrCanonical, "Ext", 5},
		{"tagged field with its default", 2, "07 00 01 00 04 00 00 00 05", codec.ErrCanonical, "Size", 5},
		{"zero-sized elements", 1, "03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 01", errLimit, "Empty", 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Protocol.Releases[test.version].Codec.Decode(unhex(t, test.payload))
			var de *codec.DecodeError
			if !errors.As(err, &de) {
				t.Fatalf("want a DecodeError, got %v", err)
			}
			limited := errors.As(err, new(*codec.LimitError))
			if limited != (test.cause == errLimit) || !limited && !errors.Is(err, test.cause) || de.Path != test.path || de.Offset != test.offset {
				t.Errorf("got %v; want %v at %s, byte %d", err, test.cause, test.path, test.offset)
			}
		})
	}
}

func TestUnknownMessages(t *testing.T) {
	var me *codec.MessageError
	if _, err := Protocol.Releases[1].Codec.Decode([]byte{99}); !errors.As(err, &me) || me.ID != 99 || me.Version != 1 {
		t.Errorf("unknown id: %v", err)
	}
	if _, err := Protocol.Releases[0].Codec.Decode([]byte(`{"type":"tagged"}`)); !errors.As(err, &me) || me.Name != "tagged" {
		t.Errorf("unknown name: %v", err)
	}
	if b, err := Protocol.Releases[0].Codec.Append([]byte("x"), &Tagged{}); !errors.As(err, &me) || string(b) != "x" {
		t.Errorf("unknown type: %s, %v", b, err)
	}
	if _, err := Protocol.Releases[1].Codec.Append(nil, (*Person)(nil)); !errors.Is(err, codec.ErrNil) {
		t.Errorf("nil message: %v", err)
	}
	into := Protocol.Releases[1].Codec.(codec.IntoDecoder)
	if err := into.DecodeInto(new(Flat), []byte{8, 1}); !errors.As(err, &me) {
		t.Errorf("decode into another type: %v", err)
	}
}

// A value that is nested too deep, or contains itself, is an error on both sides.
func TestDepth(t *testing.T) {
	c := Protocol.Releases[1].Codec
	deep := append([]byte{4}, bytes.Repeat(unhex(t, "00 01 01"), 100_000)...)
	if _, err := c.Decode(deep); !errors.Is(err, codec.ErrDepth) {
		t.Errorf("nested 100,000 times: %v", err)
	}
	text := strings.Repeat(`{"type":"tree","kids":[`, 100_000)
	if _, err := Protocol.Releases[0].Codec.Decode([]byte(text)); !errors.Is(err, codec.ErrDepth) {
		t.Errorf("text nested 100,000 times: %.200v", err)
	}
	loop := &Tree{}
	loop.Left = loop
	if b, err := c.Append([]byte("x"), loop); !errors.Is(err, codec.ErrDepth) || string(b) != "x" {
		t.Errorf("a tree that contains itself: %v", err)
	}
	if lost := codec.Loss(c, loop); lost != nil {
		t.Errorf("a tree that contains itself loses %v", lost)
	}
}

// What people type is accepted; what is ambiguous is not.
func TestText(t *testing.T) {
	c := Protocol.Releases[0].Codec
	for _, src := range []string{
		` { "money" : 1e3 , "type" : "person" , "unknown" : [ { } , [ ] , null , true , "\u00e4\n" , -1.5E-3 ] } ` + "\r",
		`{"type":"person","siblings":"7"}`,
		`{"type":"lists","names":[],"rooms":{"\u0061":{"x":1}}}`,
		`{"type":"tree","shape":{"type":"circle","r":1}}`,
	} {
		if _, err := c.Decode([]byte(src)); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
	for _, test := range []struct {
		src   string
		cause error
		path  string
	}{
		{`{"type":"person","name":"a","name":"b"}`, codec.ErrDuplicate, "name"},
		{`{"type":"person","type":"person"}`, codec.ErrDuplicate, "type"},
		{`{"name":"a"}`, codec.ErrMissing, "type"},
		{`{"type":"person","siblings":101}`, codec.ErrRange, "siblings"},
		{`{"type":"person","siblings":1.5}`, codec.ErrSyntax, "siblings"},
		{`{"type":"person","siblings":01}`, codec.ErrSyntax, "siblings"},
		{`{"type":"person","spouse":1}`, codec.ErrSyntax, "spouse"},
		{`{"type":"person","name":"\x"}`, codec.ErrSyntax, "name"},
		{`{"type":"person","name":"\ud800"}`, codec.ErrSyntax, "name"},
		{`{"type":"person","name":"` + "\xff" + `"}`, codec.ErrUTF8, "name"},
		{`{"type":"person","name":"` + "\n" + `"}`, codec.ErrSyntax, "name"},
		{`{"type":"person"}{`, codec.ErrTrailing, ""},
		{`{"type":"person",}`, codec.ErrSyntax, ""},
		{`{"type":"lists","points":[{"x":1},{"x":null}]}`, codec.ErrSyntax, "points[1].x"},
		{`{"type":"lists","data":"YQ"}`, codec.ErrSyntax, "data"},
		{`{"type":"lists","data":"Y\nQ=="}`, codec.ErrSyntax, "data"},
		{`{"type":"lists","rooms":{"a":{},"a":{}}}`, codec.ErrDuplicate, "rooms.a"},
		{`{"type":"scalars","col":"blue"}`, codec.ErrEnum, "col"},
		{`{"type":"scalars","id":"AAAA"}`, codec.ErrRange, "id"},
		{`{"type":"scalars","grid":[1,2]}`, codec.ErrRange, "grid"},
		{`{"type":"tree","shape":{"r":1,"type":"circle"}}`, codec.ErrMissing, "shape.type"},
		{`{"type":"person","birthDay":"9999-01-01T00:00:00Z"}`, codec.ErrRange, "birthDay"},
		{`[]`, codec.ErrSyntax, ""},
	} {
		_, err := c.Decode([]byte(test.src))
		var de *codec.DecodeError
		if !errors.As(err, &de) || !errors.Is(err, test.cause) || de.Path != test.path {
			t.Errorf("%q: got %v; want %v at %q", test.src, err, test.cause, test.path)
		}
	}
}

// What an older version cannot carry is told with its path, and MinVersion finds a version.
func TestLoss(t *testing.T) {
	m := &Lists{Points: []Point{{}, {Z: 3, N: "n"}}, Null: []byte{}, Maybe: []int64{}}
	m.Points[0].Z, m.Pair[0].Z, m.Pair[1].Z = -1, -1, -1
	if got, want := m.Loss(0), []string{"Points[1].Z", "Points[1].N", "Null", "Maybe"}; !slices.Equal(got, want) {
		t.Errorf("Loss(0) = %v, want %v", got, want)
	}
	if got := m.MinVersion(); got != 3 {
		t.Errorf("MinVersion = %v, want v3", got)
	}
	_, err := Protocol.Releases[1].Codec.Append(nil, m)
	var loss *codec.LossError
	if !errors.As(err, &loss) || loss.Path != "Points[1].Z" || loss.Version != 1 || loss.Type != "Lists" {
		t.Errorf("got %v", err)
	}
	if m := (&Scalars{Col: Blue}); m.MinVersion() != 3 {
		t.Errorf("an enum value of version 3: MinVersion = %v", m.MinVersion())
	}
}
