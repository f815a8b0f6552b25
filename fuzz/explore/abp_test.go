package explore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parleyproto/parley/fuzz/explore"
)

// The alternating-bit protocol: a sender hands three messages to a receiver
// over two channels that hold two packets each and may lose them.
const abpMessages = 3

type packet struct {
	bit bool
	msg int8 // which message it is; the receiver does not look at it
}

type channel struct {
	packets [2]packet
	n       int8
}

func (c channel) put(p packet) channel {
	if c.n < 2 { // a full channel loses the packet
		c.packets[c.n] = p
		c.n++
	}
	return c
}

func (c channel) get() (packet, channel) {
	p := c.packets[0]
	return p, channel{packets: [2]packet{c.packets[1]}, n: c.n - 1}
}

type abp struct {
	bit        bool // of the message that is being sent
	waiting    bool // for its acknowledgement
	sent       int8 // messages begun
	expect     bool // the bit that the receiver waits for
	got        int8 // messages delivered
	data, acks channel
}

// abpModel is the protocol, or one with a fault.
func abpModel(fault string) explore.Model[abp, string] {
	return explore.Model[abp, string]{
		Init:    []abp{{}},
		Choices: func(dst []string, s abp) []string { return abpChoices(dst, s, fault) },
		Step:    func(s abp, c string) (abp, error) { return abpStep(s, c, fault) },
		Check: func(s abp) error {
			if s.sent-s.got > 1 || s.got > s.sent {
				return fmt.Errorf("message %d begun, %d delivered", s.sent, s.got)
			}
			return nil
		},
		Done:  func(s abp) bool { return s.got == abpMessages && !s.waiting },
		Reach: []explore.Reach[abp]{{Name: "all delivered", Is: func(s abp) bool { return s.got == abpMessages }}},
	}
}

func abpChoices(dst []string, s abp, fault string) []string {
	if !s.waiting && s.sent < abpMessages {
		dst = append(dst, "send")
	}
	if s.waiting && fault != "no timeout" {
		dst = append(dst, "timeout")
	}
	if s.data.n > 0 {
		dst = append(dst, "deliver data", "lose data")
	}
	if s.acks.n > 0 {
		dst = append(dst, "deliver ack", "lose ack")
	}
	return dst
}

func abpStep(s abp, choice, fault string) (abp, error) {
	var p packet
	switch choice {
	case "send":
		s.data = s.data.put(packet{s.bit, s.sent})
		s.sent++
		s.waiting = true
	case "timeout":
		s.data = s.data.put(packet{s.bit, s.sent - 1})
	case "lose data":
		_, s.data = s.data.get()
	case "lose ack":
		_, s.acks = s.acks.get()
	case "deliver data":
		p, s.data = s.data.get()
		fresh := p.bit == s.expect || fault == "receiver ignores the bit"
		if fresh {
			if p.msg != s.got {
				return s, fmt.Errorf("message %d delivered as number %d", p.msg, s.got)
			}
			s.got++
			s.expect = !p.bit
		}
		if fresh || fault != "duplicates are not acknowledged" {
			s.acks = s.acks.put(packet{bit: p.bit})
		}
	case "deliver ack":
		p, s.acks = s.acks.get()
		if s.waiting && (p.bit == s.bit || fault == "sender ignores the bit") {
			s.waiting = false
			s.bit = !s.bit
		} else if fault == "a stale ack is a panic" {
			panic("stale ack")
		}
	}
	return s, nil
}

func TestAlternatingBit(t *testing.T) {
	r := explore.Test(t, abpModel(""), explore.Bounds{})
	if !r.Complete || r.States < 100 {
		t.Errorf("%v", r)
	}
}

func TestAlternatingBitWithPlantedFaults(t *testing.T) {
	for _, test := range []struct {
		fault string
		kind  explore.Kind
		story string // the choices of a shortest story
		err   string
	}{
		{"receiver ignores the bit", explore.StepFailed,
			"send, timeout, deliver data, deliver data", "message 0 delivered as number 1"},
		{"sender ignores the bit", explore.InvariantBroken,
			"send, timeout, deliver data, deliver data, deliver ack, send, deliver ack, send", "message 3 begun, 1 delivered"},
		{"duplicates are not acknowledged", explore.NoProgress,
			"send, deliver data, lose ack", "whatever happens"},
		{"no timeout", explore.NoProgress,
			"send, lose data", "stuck"},
		{"a stale ack is a panic", explore.StepFailed,
			"send, timeout, deliver data, deliver data, deliver ack, deliver ack", "panic: stale ack"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			r := abpModel(test.fault).Explore(explore.Bounds{})
			v := r.Violation
			if v == nil {
				t.Fatalf("not found: %v", r)
			}
			if v.Kind != test.kind || !strings.Contains(v.Err.Error(), test.err) {
				t.Errorf("%v: %v", v.Kind, v.Err)
			}
			if len(v.Choices) != len(strings.Split(test.story, ", ")) {
				t.Errorf("not as short as %q:\n%v", test.story, v)
			}
			replay(t, test.fault, v)
		})
	}
}

// replay makes the story's choices again: each must be open, and lead to the
// state that the story tells.
func replay(t *testing.T, fault string, v *explore.Violation[abp, string]) {
	t.Helper()
	s := v.States[0]
	for i, c := range v.Choices {
		if !strings.Contains(strings.Join(abpChoices(nil, s, fault), ", "), c) {
			t.Fatalf("step %d: %q is not open in %+v", i, c, s)
		}
		if i+1 < len(v.States) {
			if s, _ = abpStep(s, c, fault); s != v.States[i+1] {
				t.Fatalf("step %d leads to %+v, not %+v", i, s, v.States[i+1])
			}
		}
	}
}

func TestPanicIsReportedWithItsStack(t *testing.T) {
	v := abpModel("a stale ack is a panic").Explore(explore.Bounds{}).Violation
	var p *explore.PanicError
	if !errors.As(v, &p) || p.Value != "stale ack" || !strings.Contains(v.Error(), "abpStep") {
		t.Errorf("%v", v)
	}
}
