package transport_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// The simulation is only worth something if its judge sees each kind of harm.
func TestJudgeSeesHarm(t *testing.T) {
	const (
		sent, arrived, panicked, robbed = "sent", "arrived", "panicked", "robbed"
		erred                           = "erred"
		acked, dropped, failed, unknown = "acked", "dropped", "failed", "unknown"
		sendAgain, comesAgain           = "clients send again", "arrived again"
	)
	outcomes := map[string]session.Outcome{acked: session.Acked, dropped: session.Dropped, failed: session.Dropped, unknown: session.Unknown}
	tests := []struct {
		name   string
		happen []string // to message 1; "2 arrived" happens to message 2
		gentle bool
		want   string // in one of the accusations; empty: there is none
	}{
		{"all is well", []string{sent, arrived, acked}, true, ""},
		{"told before Send returned", []string{arrived, acked, sent}, true, ""},
		{"dropped", []string{sent, dropped}, false, ""},
		{"its handler panicked", []string{sent, panicked, failed}, true, ""},
		{"its handler panicked, but acknowledged", []string{sent, panicked, acked}, true, "handler failed"},
		{"its handler returned an error", []string{sent, erred, failed}, true, ""},
		{"its handler returned an error, but acknowledged", []string{sent, erred, acked}, true, "handler failed"},
		{"failed, but handled well", []string{sent, arrived, failed}, true, "fails=false"},
		{"failed, but not handled", []string{sent, failed}, true, "handled 0 times"},
		{"unknown, and arrived", []string{sent, unknown, arrived}, false, ""},
		{"never told", []string{sent, arrived}, true, "has 0 outcomes"},
		{"told twice", []string{sent, arrived, acked, acked}, true, "has 2 outcomes"},
		{"lost", []string{sent, acked}, true, "lost"},
		{"lost, told early", []string{acked, sent}, true, "lost"},
		{"duplicated", []string{sent, arrived, arrived, acked}, true, "duplicated"},
		{"reordered", []string{sent, "2 sent", "2 arrived", arrived, acked, "2 acked"}, true, "reordered"},
		{"handled after it was acknowledged", []string{sent, acked, arrived}, true, "after its sender was told"},
		{"dropped, but handled", []string{sent, arrived, dropped}, false, "but handled"},
		{"refused, but handled", []string{arrived}, true, "was refused"},
		{"unknown without need", []string{sent, unknown}, true, "unknown outcome"},
		{"robbed of its metadata", []string{sent, robbed, acked}, true, "metadata"},
		{"dropped without need", []string{sent, dropped}, true, "was dropped"},
		{"sent again, and said so", []string{sendAgain, sent, arrived, comesAgain, acked}, false, ""},
		{"sent again, the first late", []string{sendAgain, sent, comesAgain, acked, arrived}, false, ""},
		{"sent again without leave", []string{sent, arrived, comesAgain, acked}, false, "duplicated"},
		{"sent again twice too often", []string{sendAgain, sent, arrived, arrived, comesAgain, acked}, false, "duplicated"},
		{"sent again, handled, dropped", []string{sendAgain, sent, arrived, dropped}, false, "but handled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := newJudge(tt.gentle)
			s := new(transport.Session)
			for _, what := range tt.happen {
				n := 1
				if rest, two := strings.CutPrefix(what, "2 "); two {
					n, what = 2, rest
				}
				switch what {
				case sendAgain:
					j.again = true
				case comesAgain: // in another session
					j.arrived(&parcel{From: "c", N: n}, new(transport.Session), transport.Incoming{Dup: true})
				case sent:
					j.sent(label{"c", n}, s, uint64(n))
				case arrived:
					j.arrived(&parcel{From: "c", N: n}, s, transport.Incoming{})
				case robbed:
					j.arrived(&parcel{From: "c", N: n, Note: "x"}, s, transport.Incoming{})
				case panicked:
					j.arrived(&parcel{From: "c", N: n, Do: "panic"}, s, transport.Incoming{})
				case erred:
					j.arrived(&parcel{From: "c", N: n, Do: "fail"}, s, transport.Incoming{})
				default:
					o := transport.Outcome{Session: s, ID: uint64(n), Outcome: outcomes[what]}
					if what == failed {
						o.Reason = session.Failed
					}
					j.told(o)
				}
			}
			got := strings.Join(j.verdict(), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("the verdict is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestJudgeSeesWhatAShutdownLoses(t *testing.T) {
	for _, tt := range []struct {
		err  error
		lost int
		want string
	}{
		{nil, 0, ""},
		{&transport.ShutdownError{Unsettled: 3}, 3, ""},
		{nil, 1, "says that nothing was left"},
		{&transport.ShutdownError{Unsettled: 3}, 4, "left 3 messages, but lost 4"},
		{errors.New("something"), 0, "does not say"},
	} {
		j := newJudge(false)
		j.parted("a", tt.err, tt.lost)
		got := strings.Join(j.verdict(), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%v, and %d lost: the verdict is %q, want %q", tt.err, tt.lost, got, tt.want)
		}
	}
}
