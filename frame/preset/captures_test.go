package preset_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/frametest"
	"github.com/parleyproto/parley/frame/preset"
	"github.com/parleyproto/parley/fuzz"
)

// A capture is one direction of a real conversation; frame/testdata/captures/README.md tells how
// each was taken.
type capture struct {
	file   string
	format frame.Format
	frames int
	// spelling: the peer writes its payloads in other bytes than AppendFrame does.
	spelling bool
}

var captures = []capture{
	{file: "redis-client", format: preset.RESP, frames: 25},
	{file: "redis-server", format: preset.RESP, frames: 27},
	{file: "redis3-client", format: preset.RESP, frames: 25},
	{file: "redis3-server", format: preset.RESP, frames: 27},
	{file: "nats-client", format: preset.NATS, frames: 14},
	{file: "nats-server", format: preset.NATS, frames: 21},
	{file: "memcached-client", format: preset.Memcached, frames: 23},
	{file: "memcached-server", format: preset.Memcached, frames: 29},
	{file: "postgres-client", format: preset.PostgresClient, frames: 21},
	{file: "postgres-server", format: preset.PostgresSSL, frames: 72},
	{file: "postgres-pipeline-client", format: preset.PostgresClient, frames: 29},
	{file: "postgres-pipeline-server", format: preset.Postgres, frames: 50},
	{file: "mariadb-client", format: preset.MySQL, frames: 12},
	{file: "mariadb-server", format: preset.MySQL, frames: 43},
	{file: "mqtt-client", format: preset.MQTT, frames: 7},
	{file: "mqtt-server", format: preset.MQTT, frames: 8},
	{file: "mqtt-publish-client", format: preset.MQTT, frames: 12},
	{file: "mqtt-publish-server", format: preset.MQTT, frames: 11},
	{file: "dns-client", format: preset.DNS, frames: 8},
	{file: "dns-server", format: preset.DNS, frames: 8},
	{file: "http2-client", format: preset.HTTP2Client, frames: 12},
	{file: "http2-server", format: preset.HTTP2, frames: 9},
	{file: "tls-client", format: preset.TLS, frames: 7},
	{file: "tls-server", format: preset.TLS, frames: 12},
	{file: "tls12-client", format: preset.TLS, frames: 8},
	{file: "tls12-server", format: preset.TLS, frames: 11},
	{file: "zmtp-client", format: preset.ZMTP, frames: 19},
	{file: "zmtp-server", format: preset.ZMTP, frames: 19},
	{file: "websocket-client", format: upgraded, frames: 13},
	{file: "websocket-server", format: upgraded, frames: 10},
	{file: "fastcgi-client", format: preset.FastCGI, frames: 4},
	{file: "fastcgi-server", format: preset.FastCGI, frames: 6},
	{file: "syslog-client", format: preset.Syslog, frames: 4},
	{file: "syslog-lines-client", format: preset.Syslog, frames: 4, spelling: true},
	{file: "syslog-lines-client", format: frame.LF, frames: 4},
	{file: "proxy-v2-client", format: proxied, frames: 4},
	{file: "proxy-v2-server", format: preset.RESP, frames: 3},
	{file: "9p-client", format: preset.NineP, frames: 10},
	{file: "9p-server", format: preset.NineP, frames: 10},
}

// upgraded is WebSocket with the HTTP messages that begin it.
var upgraded = frame.Once{
	First: frame.HeaderBlock{Length: "Content-Length", Whole: true},
	Then:  preset.WebSocket,
}

// proxied is Redis behind a PROXY header.
var proxied = frame.Once{First: preset.ProxyV2.Format.(frame.Once).First, Then: preset.RESP}

func (c capture) read(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../testdata/captures", c.file+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCaptures splits real bytes to the last one, frames them again, and cuts them up.
func TestCaptures(t *testing.T) {
	for _, c := range captures {
		t.Run(c.file, func(t *testing.T) {
			data := c.read(t)
			frames, err := payloads(c.format, data, fuzz.Plan{})
			if err != nil || len(frames) != c.frames {
				t.Fatalf("%d frames, error %v; want %d and none", len(frames), err, c.frames)
			}
			if !c.spelling {
				frametest.Reframe(t, c.format, data)
			}
			frametest.Split(t, c.format, data, fuzz.ByteByByte(), fuzz.Plan{Sizes: []int{0, 5, 1, 1448}, Repeat: true, WithEOF: true})
		})
	}
}

// TestCapturesCutAtRandom cuts the captures as gopter says.
func TestCapturesCutAtRandom(t *testing.T) {
	parameters := gopter.DefaultTestParametersWithSeed(1)
	parameters.MinSuccessfulTests = 20
	properties := gopter.NewProperties(parameters)
	for _, c := range captures {
		data := c.read(t)
		want, err := payloads(c.format, data, fuzz.Plan{})
		if err != nil {
			t.Fatal(err)
		}
		properties.Property(c.file, prop.ForAll(func(sizes []int, withEOF bool) bool {
			got, err := payloads(c.format, data, fuzz.Plan{Sizes: append(sizes, 1), Repeat: true, WithEOF: withEOF})
			return err == nil && strings.Join(got, "\x00|") == strings.Join(want, "\x00|")
		}, gen.SliceOfN(8, gen.IntRange(0, 2000)), gen.Bool()))
	}
	properties.TestingRun(t)
}

// payloads splits data, cut up by plan.
func payloads(f frame.Format, data []byte, plan fuzz.Plan) (all []string, err error) {
	r := frame.NewReader(fuzz.SplitReader(bytes.NewReader(data), plan), f)
	for payload, err := range r.Frames() {
		if err != nil {
			return all, err
		}
		all = append(all, string(payload))
	}
	return all, nil
}

// TestCapturesAreListed makes sure that no capture is forgotten, and that none tells about the
// machine it was taken on.
func TestCapturesAreListed(t *testing.T) {
	files, err := filepath.Glob("../testdata/captures/*.bin")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, c := range captures {
		listed[c.file] = true
	}
	if len(files) != len(listed) {
		t.Errorf("%d files in frame/testdata/captures, %d in the table", len(files), len(listed))
	}
	for _, c := range captures {
		data := c.read(t)
		for _, bad := range []string{"/tmp/", "/home/", "/root", "/var/", "/usr/", "/etc/", "localhost"} {
			if bytes.Contains(data, []byte(bad)) {
				t.Errorf("%s contains %q", c.file, bad)
			}
		}
	}
}
