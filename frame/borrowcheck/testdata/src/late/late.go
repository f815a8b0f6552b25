// Package late uses borrowed frames after the next call.
package late

import (
	"bytes"
	"io"

	"github.com/parleyproto/parley/frame"
)

func two(r *frame.Reader) {
	a, _ := r.Next()
	b, _ := r.Next()
	use(a) // want `borrowed from Reader.Next is used after a later call`
	use(b)
}

func index(r *frame.Reader) byte {
	a, _ := r.Next()
	r.Next()
	return a[0] // want `used after a later call`
}

func text(r *frame.Reader) string {
	a, _ := r.Next()
	r.SetFormat(nil)
	return string(a) // want `used after a later call`
}

func previous(r *frame.Reader) {
	var last []byte
	for {
		p, err := r.Next()
		if err != nil {
			return
		}
		if bytes.Equal(p, last) { // want `used after a later call`
			continue
		}
		last = p
	}
}

func gather(r *frame.Reader) int {
	var all [][]byte
	for {
		p, err := r.Next()
		if err != nil {
			break
		}
		all = append(all, p) // want `used after a later call`
	}
	return count(all) // want `used after a later call`
}

func gatherFrames(r *frame.Reader) int {
	var all [][]byte
	for p, err := range r.Frames() {
		if err != nil {
			break
		}
		all = append(all, p) // want `used after a later call`
	}
	return count(all) // want `used after a later call`
}

func fields(d *frame.Decoder) {
	var x struct{ head, body []byte }
	x.head, _ = d.Next()
	x.body, _ = d.Next()
	use(x.body)
	use(x.head) // want `borrowed from Decoder.Next is used after a later call`
}

type conn struct{ r *frame.Reader }

func (c *conn) chain() {
	p, _ := c.r.Next()
	c.r.Next()
	use(p) // want `used after a later call`
}

func deferred(r *frame.Reader) {
	p, _ := r.Next()
	defer use(p) // want `used after a later call`
	r.Next()
}

func stream(r *frame.Reader) {
	body, _ := r.NextReader()
	r.Next()
	io.ReadAll(body) // want `borrowed from Reader.NextReader is used after a later call`
}

func pushed(d *frame.Decoder, chunk []byte) {
	p, _ := d.Next()
	d.Write(chunk)
	use(p) // want `used after a later call`
}

func lastOf(r *frame.Reader) {
	var last []byte
	for p := range r.Frames() {
		last = p
	}
	use(last) // want `borrowed from Reader.Frames is used after a later call`
}

func beforeLoop(r *frame.Reader) {
	head, _ := r.Next()
	for p := range r.Frames() {
		use(p)
		use(head) // want `used after a later call`
	}
}

func use([]byte)           {}
func count(x [][]byte) int { return len(x) }
