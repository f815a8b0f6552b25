package negotiate_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

//go:generate go test -run ^TestDrawings$ -update .

// The drawings in the guide are made from the machines: every edge was walked.
func TestDrawings(t *testing.T) {
	const file = "../docs/negotiation.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for name, drawing := range map[string]string{"handshake": drawHandshake(t), "upgrade": drawUpgrade()} {
		begin, end := "<!-- drawn by TestDrawings: "+name+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(doc, begin)
		if !ok {
			t.Fatalf("%s has no place for the drawing %q", file, name)
		}
		old, after, _ := strings.Cut(rest, end)
		want := "```mermaid\n" + drawing + "```\n"
		if old != want && !*update {
			t.Errorf("the drawing %q in %s is stale; run go generate ./negotiate. Want\n%s", name, file, want)
		}
		doc = before + begin + want + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// edges collects the labels of what leads from one state to another.
type edges[S cmp.Ordered] struct {
	name   func(S) string
	labels map[[2]S][]string
}

func (e *edges[S]) add(from, to S, label string) {
	if e.labels == nil {
		e.labels = map[[2]S][]string{}
	}
	k := [2]S{from, to}
	if from != to && !slices.Contains(e.labels[k], label) {
		e.labels[k] = append(e.labels[k], label)
	}
}

// mermaid draws the edges in the order of their states.
func (e *edges[S]) mermaid(starts ...S) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range starts {
		fmt.Fprintf(&b, "    [*] --> %s\n", e.name(s))
	}
	var keys [][2]S
	for k := range e.labels {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [2]S) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, k := range keys {
		slices.Sort(e.labels[k])
		fmt.Fprintf(&b, "    %s --> %s: %s\n", e.name(k[0]), e.name(k[1]), strings.Join(e.labels[k], " / "))
	}
	return b.String()
}

// drawHandshake walks both roles through every event in every state.
func drawHandshake(t *testing.T) string {
	e := edges[negotiate.HandshakeState]{name: negotiate.HandshakeState.String}
	type event struct{ label, bytes string }
	for _, role := range roles {
		line := event{"OK line", "PARLEY/1 OK p v=1\n"}
		refusal := event{"NO line", "PARLEY/1 NO code=version\n"}
		if role == negotiate.Server {
			line = event{"greeting line", "PARLEY/1 p v=1\n"}
			refusal = event{"greeting that is refused", "PARLEY/1 p v=2\n"}
		}
		events := []event{line, refusal, {"broken line", "PARLEY/1 ?\n"}, {"foreign byte", "h"},
			{"recognised", "i\n"}, {"not recognised", "\x00"}, {"timeout", ""}}
		cfg := &negotiate.HandshakeConfig{Role: role, Offer: offer(t, "p v=1"), Recognizer: negotiate.RecognizeLines(1)}
		for _, path := range [][]event{nil, {events[3]}} { // to each state that waits
			for _, ev := range events {
				h := negotiate.NewHandshake(cfg, negotiate.Nonce{}, start)
				if role == negotiate.Client {
					from := h.State()
					if _, err := h.Step(start, nil); err != nil {
						t.Fatal(err)
					}
					e.add(from, h.State(), "greeting sent")
				}
				for _, p := range path {
					if _, err := h.Step(start, []byte(p.bytes)); err != nil {
						t.Fatal(err)
					}
				}
				waits := h.State() == negotiate.Recognizing
				if waits != (ev.label == "recognised" || ev.label == "not recognised") && ev.label != "timeout" {
					continue
				}
				from, now := h.State(), start
				if ev.label == "timeout" {
					now = h.Deadline()
				}
				_, err := h.Step(now, []byte(ev.bytes))
				if (err != nil) != (h.State() == negotiate.Failed) {
					t.Fatalf("%v: %s in %v: %v", role, ev.label, from, err)
				}
				e.add(from, h.State(), ev.label)
			}
		}
	}
	return e.mermaid(negotiate.Greeting, negotiate.AwaitGreeting)
}

// drawUpgrade gives every input in every state that both roles can come to within eight
// inputs. What is out of place, and closes the connection, is left out.
func drawUpgrade() string {
	e := edges[negotiate.State]{name: negotiate.State.String}
	for _, role := range roles {
		fresh := *freshMachine(role)
		begun := fresh.drawn(&e, actBegin)
		begun.drawn(&e, actTimer)
		opened := begun.drawn(&e, actFirst)
		walk(&e, opened, expected{role: role, state: negotiate.Open, version: 5, completed: 1}, 8, map[string]int{})
	}
	return e.mermaid(negotiate.Fresh)
}

// drawn does an act to a copy of m and draws it.
func (m machine) drawn(e *edges[negotiate.State], a act) machine {
	from := m.up.State()
	m.act(a, 1)
	e.add(from, m.up.State(), label(a))
	return m
}

var acts = []act{actStart, actCancel, actReady, actTimer, actPropose, actCross, actAccept, actReject, actWithdraw, actCut, actProbe}

// walk tries all acts from m on; seen holds the steps that were left at each state seen.
func walk(e *edges[negotiate.State], m machine, x expected, steps int, seen map[string]int) {
	key := string(m.up.AppendState(nil))
	if seen[key] >= steps || m.up.State() == negotiate.Closed {
		return
	}
	seen[key] = steps
	for _, a := range acts {
		if !x.possible(a) && (a != actCut || m.change.Epoch == 0) { // a CUT may come for a change that is over
			continue
		}
		n := m
		n.act(a, 1)
		var late *negotiate.TimeoutError
		if n.err != nil && !errors.Is(n.err, negotiate.ErrLate) && !errors.As(n.err, &late) {
			continue
		}
		e.add(m.up.State(), n.up.State(), label(a))
		walk(e, n, x.next(a, codec.Version(1)), steps-1, seen)
	}
}

// label is how a drawing calls an act.
func label(a act) string {
	switch a {
	case actTimer:
		return "timeout"
	case actPropose, actCross:
		return "PROPOSE"
	case actFirst:
		return "PROBE"
	}
	return strings.TrimPrefix(string(a), "the peer's ")
}
