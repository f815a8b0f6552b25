package docs

import "testing"

func TestParse(t *testing.T) {
	page := "# T\n\n1.2 words\n```sample ping\ntext: PING id=3 next=25000\nhex:  03 00\n      03 a8 c3 01\n```\n```\n9.9 not a section\n```\n"
	all := parse(page)
	if len(all) != 1 {
		t.Fatalf("%d samples, want 1", len(all))
	}
	s := all[0]
	if s.Name != "ping" || s.Section != "1.2" || s.Line != 4 || s.Values["text"] != "PING id=3 next=25000" {
		t.Errorf("parsed %+v", s)
	}
	if b, err := s.Hex("hex"); err != nil || string(b) != "\x03\x00\x03\xa8\xc3\x01" {
		t.Errorf("Hex: % x, %v", b, err)
	}
	if _, err := s.Hex("text"); err == nil {
		t.Error("text passes for hex")
	}
}

func TestPageHasSamples(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Samples() {
		if names[s.Name] {
			t.Errorf("two samples are named %s", s.Name)
		}
		if names[s.Name] = true; s.Section == "" || len(s.Values) == 0 {
			t.Errorf("sample %s in line %d has no section or no values", s.Name, s.Line)
		}
	}
	if len(names) < 20 {
		t.Errorf("%d samples", len(names))
	}
}
