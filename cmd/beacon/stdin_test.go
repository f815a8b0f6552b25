package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// A bad line costs itself only: it is reported by its number, and the rest goes on.
func TestReadLines(t *testing.T) {
	input := strings.Join([]string{
		`{"sensor":"t1","value":21.5}`,
		``,
		`not json`,
		`{"sensor":"t2"}`,
		`{"value":1}`,
		`{"sensor":"t3","value":1,"colour":"red"}`,
		`{"sensor":"t4","value":1} {}`,
		`{"sensor":"` + strings.Repeat("x", telemetry.MaxName+1) + `","value":1}`,
		strings.Repeat("y", maxLine+1),
		`{"sensor":"t5","value":1e300}`,
		`{"device":"other","sensor":"t6","n":9,"at":"2024-05-01T12:00:00Z","value":-1,"unit":"C"}`,
		`{"sensor":"last","value":2}`,
	}, "\n")
	var got []*telemetry.Reading
	var badLines []int
	err := readLines(iotestOneByte{strings.NewReader(input)}, "d1", func() time.Time { return noon },
		func(r *telemetry.Reading) error { got = append(got, r); return nil },
		func(err error) {
			var le *lineError
			if !errors.As(err, &le) {
				t.Fatalf("bad line's error is %T", err)
			}
			badLines = append(badLines, le.Line)
		})
	if err != nil {
		t.Fatal(err)
	}
	want := []*telemetry.Reading{
		{Device: "d1", Sensor: "t1", N: 1, At: noon, Value: 21.5},
		{Device: "other", Sensor: "t6", N: 9, At: noon, Value: -1, Unit: "C"},
		{Device: "d1", Sensor: "last", N: 3, At: noon, Value: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 4, 5, 6, 7, 8, 9, 10}, badLines); diff != "" {
		t.Errorf("numbers of bad lines (-want +got):\n%s", diff)
	}
}

// What stops the reading is told apart from what is wrong with a line.
func TestReadLinesStops(t *testing.T) {
	stop := errors.New("stop")
	one := `{"sensor":"t1","value":1}` + "\n"
	ignore := func(error) {}
	err := readLines(strings.NewReader(one+one), "d", time.Now, func(*telemetry.Reading) error { return stop }, ignore)
	if !errors.Is(err, stop) {
		t.Errorf("got's error: %v, want %v", err, stop)
	}
	broken := io.MultiReader(strings.NewReader(one), errReader{stop})
	n := 0
	err = readLines(broken, "d", time.Now, func(*telemetry.Reading) error { n++; return nil }, ignore)
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("a failing reader: %d readings, %v; want 1 and %v", n, err, stop)
	}
}

type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }
