package sessiontest

import (
	"testing"
	"time"

	"github.com/parleyproto/parley/transport/session"
)

func TestPairDelivers(t *testing.T) {
	p, err := NewPair(Configs(1))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Connect() {
		t.Fatalf("not attached: client %v, opening %v", p.Client.Machine.State(), p.Conn.client.opening)
	}
	for range 10 {
		if err := p.Client.Send(session.Normal, Msg{Body: "hello"}, session.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	p.Settle()
	p.Advance(time.Second)
	p.Settle()
	if n := len(p.Server.Got); n != 10 {
		t.Fatalf("the server got %d messages, want 10", n)
	}
	if err := p.Check(true); err != nil {
		t.Fatal(err)
	}
}
