package kafka

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/apiversions"
	"github.com/parleyproto/parley/docs/benchmarks/kafka/metadata"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/frame/preset"
	"github.com/twmb/franz-go/pkg/kfake"
)

// client asks one request after the other on a plain connection.
type client struct {
	t           *testing.T
	r           *frame.Reader
	w           *frame.Writer
	correlation uint32
}

// ask sends a request in a version whose header has tags, and returns the reply's body.
// replyTags tells whether the reply's header has them; that of ApiVersions never has.
func (c *client) ask(p *codec.Protocol, key int16, v codec.Version, m codec.Message, replyTags bool) codec.Message {
	c.t.Helper()
	release, err := p.Release(v)
	if err != nil {
		c.t.Fatal(err)
	}
	c.correlation++
	b := binary.BigEndian.AppendUint16(nil, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(v))
	b = binary.BigEndian.AppendUint32(b, c.correlation)
	b = append(b, 0, 6, 'p', 'a', 'r', 'l', 'e', 'y', 0) // client id, no tags
	payload, err := release.Codec.Append(nil, m)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.w.WriteFrame(append(b, payload[1:]...)); err != nil {
		c.t.Fatal(err)
	}
	if err := c.w.Flush(); err != nil {
		c.t.Fatal(err)
	}

	reply, err := c.r.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	if got := binary.BigEndian.Uint32(reply); got != c.correlation {
		c.t.Fatalf("reply to request %d, not %d", got, c.correlation)
	}
	reply = reply[4:]
	if replyTags {
		reply = reply[1:] // a count of 0
	}
	answer, err := release.Codec.Decode(append([]byte{1}, reply...)) // 1: Response
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// TestLive asks a listener of kfake, at the newest versions, which APIs it has and where
// its topics are.
func TestLive(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(4, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	conn, err := net.Dial("tcp", cluster.ListenAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &client{t: t, r: frame.NewReader(conn, preset.Kafka), w: frame.NewWriter(conn, preset.Kafka)}

	apis := c.ask(apiversions.Protocol, 18, 3, &apiversions.Request{
		ClientSoftwareName: "parley", ClientSoftwareVersion: "1.0", NodeID: -1,
	}, false).(*apiversions.Response)
	newest := map[int16]int16{}
	for _, k := range apis.ApiKeys {
		newest[k.ApiKey] = k.MaxVersion
	}
	if apis.ErrorCode != 0 || newest[3] < 12 {
		t.Fatalf("error %d, Metadata up to v%d", apis.ErrorCode, newest[3])
	}

	topic := "orders"
	meta := c.ask(metadata.Protocol, 3, min(13, codec.Version(newest[3])), &metadata.Request{
		Topics: []metadata.RequestTopic{{Topic: &topic}},
	}, true).(*metadata.Response)
	if len(meta.Brokers) != 3 || !strings.HasPrefix(cluster.ListenAddrs()[0], meta.Brokers[0].Host) {
		t.Errorf("brokers %+v, want the three of %v", meta.Brokers, cluster.ListenAddrs())
	}
	if len(meta.Topics) != 1 || meta.Topics[0].Topic == nil || *meta.Topics[0].Topic != topic || len(meta.Topics[0].Partitions) != 4 {
		t.Errorf("topics %+v, want %s with 4 partitions", meta.Topics, topic)
	}
}
