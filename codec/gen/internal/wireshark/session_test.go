package wireshark_test

import (
	"math/rand"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/cmd/beacon/telemetry"
)

var at = time.Date(2026, 11, 20, 18, 30, 0, 123456789, time.UTC)

// readings are what the session sends, by version.
var readings = [][]*telemetry.Reading{
	{
		{Device: "d1", Sensor: "quote \" and \u00e4", N: 1, At: at, Value: 1.5},
		{Device: "d1", Sensor: "big", N: 1<<64 - 1, At: at.Add(-time.Hour), Value: -9e15},
	},
	{{Device: "d1", Sensor: "s", N: 1 << 53, At: at, Value: 0.001, Unit: "K"}, {}},
	{
		{Device: "d1", Sensor: "s", N: 300, At: at, Milli: -3500, Unit: "m", Labels: []telemetry.Label{{Key: "a", Value: "b"}, {Key: "c"}}},
		{Device: "d2", N: 5, At: time.Unix(-1, 5).UTC(), Milli: 9e18},
	},
}

// tshark shows every reading of a session that is upgraded twice while it runs, in one pass and
// in two, however the bytes were cut into segments.
func TestDissectorShowsASession(t *testing.T) {
	p := load(t, "../../../../cmd/beacon/telemetry")
	need(t, "tshark")
	c := capture{record(t, readings...)}
	byPort := []string{"-o", "telemetry.ports:7400"}
	first := dissect(t, p, c.pcap(whole))
	for _, found := range complaints(first) {
		t.Error(found)
	}
	checkReadings(t, first)
	checkKinds(t, first)
	for _, test := range []struct {
		name string
		cut  func(int) int
		args []string
	}{
		{"whole, two passes", whole, []string{"-2"}},
		{"randomly", randomly(rand.New(rand.NewSource(2))), []string{"-d", "tcp.port==7400,telemetry"}},
		{"randomly, two passes", randomly(rand.New(rand.NewSource(3))), append([]string{"-2"}, byPort...)},
		{"bytewise", bytewise, byPort},
	} {
		t.Run(test.name, func(t *testing.T) {
			packets := dissect(t, p, c.pcap(test.cut), test.args...)
			for _, found := range complaints(packets) {
				t.Error(found)
			}
			for _, fromServer := range []bool{false, true} {
				want, got := lines(frames(first, "telemetry", fromServer)), lines(frames(packets, "telemetry", fromServer))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("another cut shows something else (from the server: %t):\n%s", fromServer, diff)
				}
			}
		})
	}
}

func lines(fs []field) []string {
	var all []string
	for _, f := range fs {
		all = append(all, f.lines()...)
	}
	return all
}

// checkReadings looks for each of the readings, in order.
func checkReadings(t *testing.T, packets []packet) {
	t.Helper()
	var data []field
	for _, f := range frames(packets, "telemetry", false) {
		if f.get("parley.kind") == "DATA" {
			data = append(data, f)
		}
	}
	seq := 0
	for k, some := range readings {
		for _, r := range some {
			if seq++; seq > len(data) {
				t.Fatalf("only %d DATA are shown", len(data))
			}
			checkReading(t, data[seq-1], seq, k+1, r)
		}
	}
	if seq < len(data) {
		t.Errorf("%d DATA are shown, not %d", len(data), seq)
	}
}

// checkReading compares the fields that a version has with a reading.
func checkReading(t *testing.T, f field, seq, version int, r *telemetry.Reading) {
	t.Helper()
	const prefix = "telemetry.reading."
	want := map[string]string{
		"parley.dialect":  strconv.Itoa(version),
		"parley.seq":      strconv.Itoa(seq),
		prefix + "device": r.Device, prefix + "sensor": r.Sensor,
		prefix + "n": strconv.FormatUint(r.N, 10),
	}
	if !r.At.IsZero() {
		want[prefix+"at"] = r.At.Format("Jan _2, 2006 15:04:05.000000000 UTC")
	}
	if version < 3 {
		want[prefix+"value"] = strconv.FormatFloat(r.Value, 'g', -1, 64)
	} else {
		want[prefix+"milli"] = strconv.FormatInt(r.Milli, 10)
		want[prefix+"labels"] = strconv.Itoa(len(r.Labels))
	}
	if version > 1 {
		want[prefix+"unit"] = r.Unit
	}
	for name, value := range want {
		got := f.get(name)
		if x, err := strconv.ParseFloat(got, 64); err == nil && name == prefix+"value" {
			got = strconv.FormatFloat(x, 'g', -1, 64)
		}
		if got != value {
			t.Errorf("reading %d: %s is %q, not %q", seq, name, got, value)
		}
	}
	var labels []telemetry.Label
	for x := range f.all() {
		if x.Name == "telemetry.label" {
			labels = append(labels, telemetry.Label{Key: x.get("telemetry.label.key"), Value: x.get("telemetry.label.value")})
		}
	}
	if diff := cmp.Diff(r.Labels, labels); diff != "" {
		t.Errorf("reading %d: labels:\n%s", seq, diff)
	}
}

// checkKinds looks for the frames that a session with two upgrades must have, in each
// direction, and that each stands in its dialect.
func checkKinds(t *testing.T, packets []packet) {
	t.Helper()
	for _, fromServer := range []bool{false, true} {
		count := map[string]int{}
		for _, f := range frames(packets, "telemetry", fromServer) {
			count[f.get("parley.kind")+" "+f.get("parley.dialect")]++
		}
		for _, kind := range []string{"PROBE 1", "CUT 1", "PROBE 2", "CUT 2", "PROBE 3", "PING 1", "PONG 1"} {
			if count[kind] != 1 {
				t.Errorf("%d times %s, not once (from the server: %t)", count[kind], kind, fromServer)
			}
		}
		if fromServer && (count["ACCEPT 1"] != 1 || count["ACCEPT 2"] != 1 || count["ACK 3"] == 0 || count["ATTACHED 1"] != 1) {
			t.Errorf("from the server: %v", count)
		}
	}
}
