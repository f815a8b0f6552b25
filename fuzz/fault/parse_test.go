package fault

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Schedule{
		"":                  nil,
		"   ":               nil,
		"w3:short(5)":       {{Op: Write, From: 3, To: 3, Kind: Short, N: 5}},
		"r7:reset":          {{Op: Read, From: 7, To: 7, Kind: Reset}},
		"r0-:stall(5ms)":    {{Op: Read, From: 0, To: Forever, Kind: Stall, D: 5 * time.Millisecond}},
		"w2-4:fragment(1)":  {{Op: Write, From: 2, To: 4, Kind: Fragment, N: 1}},
		" w1:eof  r0:lose ": {{Op: Write, From: 1, To: 1, Kind: EOF}, {Op: Read, From: 0, To: 0, Kind: Lose}},
		"w0:halfopen":       {{Op: Write, From: 0, To: 0, Kind: HalfOpen}},
		"r9:corrupt(300)":   {{Op: Read, From: 9, To: 9, Kind: Corrupt, N: 300}},
	} {
		got, err := Parse(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]struct {
		offset int
		word   string
	}{
		"w3":                     {0, "w3"},
		"w1:eof x3:reset":        {7, "x3:reset"},
		"w:reset":                {0, "w:reset"},
		"w-1:reset":              {0, "w-1:reset"},
		"w5-4:reset":             {0, "w5-4:reset"},
		"w99999999999:reset":     {0, "w99999999999:reset"},
		"w1:bang":                {0, "w1:bang"},
		"w1:short(":              {0, "w1:short("},
		"w1:short(x)":            {0, "w1:short(x)"},
		"w1:stall":               {0, "w1:stall"},
		"w1:stall(-1s)":          {0, "w1:stall(-1s)"},
		"w1:fragment(0)":         {0, "w1:fragment(0)"},
		"w1:eof(3)":              {0, "w1:eof(3)"},
		"r1:reset(2)w2:reset(1)": {0, "r1:reset(2)w2:reset(1)"},
	} {
		_, err := Parse(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%q): %v, want a SyntaxError", text, err)
			continue
		}
		if syntax.Offset != want.offset || syntax.Text != want.word || syntax.Reason == "" {
			t.Errorf("Parse(%q): %+v", text, *syntax)
		}
	}
}

// bytesChooser makes decisions from bytes, 0 when there are no more.
type bytesChooser []byte

func (b *bytesChooser) Choose(n int) int {
	if len(*b) == 0 {
		return 0
	}
	v := int((*b)[0]) % n
	*b = (*b)[1:]
	return v
}

// Every schedule that can be drawn prints to text that parses to itself.
func FuzzScheduleText(f *testing.F) {
	f.Add([]byte{1, 0, 3, 1, 2, 2, 1, 5, 0, 7}, "w3:short(5) r0-:stall(1m0s)")
	f.Fuzz(func(t *testing.T, decisions []byte, text string) {
		c := bytesChooser(decisions)
		s := ScheduleFrom(&c, 8)
		if len(s) > 8 {
			t.Fatalf("%d faults, more than asked for", len(s))
		}
		if again, err := Parse(s.String()); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%q parses to %v, %v; want %#v", s, again, err, s)
		}
		s, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(s.String()); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%q, printed %q, parses to %v, %v", text, s, again, err)
		}
	})
}

func TestScheduleFromReachesEveryKind(t *testing.T) {
	seen := map[Kind]bool{}
	for k := range 256 {
		c := bytesChooser{byte(k), 1, 2, 1, 3}
		for _, f := range ScheduleFrom(&c, 1) {
			seen[f.Kind] = true
		}
	}
	if len(seen) != int(kinds) {
		t.Errorf("drew the kinds %v", seen)
	}
	var none bytesChooser
	if s := ScheduleFrom(&none, 5); len(s) != 0 {
		t.Errorf("an empty input gave %v", s)
	}
}
