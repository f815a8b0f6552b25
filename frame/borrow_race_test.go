//go:build race

package frame_test

import (
	"strings"
	"testing"

	"github.com/parleyproto/parley/frame"
)

// In race builds a frame is overwritten when its time is over.
func TestOldFrameIsOverwritten(t *testing.T) {
	for _, c := range formats {
		if c.Ordered || c.Format == frame.Rest {
			continue
		}
		r := frame.NewReader(strings.NewReader(strings.Repeat(string(c.Stream(t)), 2)), c.Format)
		for range c.Payloads {
			p, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			was := string(p)
			r.Next()
			if was != "" && string(p) == was {
				t.Fatalf("%s: an old frame still reads %q", c.Name, p)
			}
		}
	}
}
