package textname_test

import (
	"testing"

	"github.com/parleyproto/parley/codec/internal/textname"
)

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "A": "a", "ID": "id", "IDs": "iDs", "Reading": "reading", "URLList": "urlList",
		"alreadyLow": "alreadyLow", "HTTP2": "http2", "Äußerung": "äußerung", "X9": "x9",
	} {
		if got := textname.Of(name); got != want {
			t.Errorf("Of(%q) = %q, want %q", name, got, want)
		}
	}
}
