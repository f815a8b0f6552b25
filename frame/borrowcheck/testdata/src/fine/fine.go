// Package fine uses borrowed frames as it should.
package fine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/parleyproto/parley/frame"
)

type conn struct {
	r    *frame.Reader
	last []byte
	name string
	n    int
	all  [][]byte
	sum  byte
	any  any
}

func (c *conn) copies() error {
	p, err := c.r.Next()
	if err != nil {
		return fmt.Errorf("after %q: %w", p, err)
	}
	c.last = bytes.Clone(p)
	c.last = append([]byte(nil), p...)
	c.last = append(c.last[:0], p...)
	c.last = slices.Clone(p[2:])
	c.last = bytes.ToUpper(p)
	c.all = append(c.all, bytes.Clone(p))
	c.name = string(p)
	c.n = len(p)
	c.sum = p[0] + p[1]
	c.n = copy(c.last, p)
	c.any = string(p[1:])
	return json.Unmarshal(p, &c.any)
}

func (c *conn) calls(w io.Writer) error {
	p, err := c.r.Next()
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	handle := func() { w.Write(p) }
	handle()
	for _, f := range bytes.Split(p, []byte(",")) {
		w.Write(f)
	}
	defer w.Write(p)
	bufs := net.Buffers{[]byte("head"), p}
	_, err = bufs.WriteTo(w)
	return err
}

func loop(r *frame.Reader, w io.Writer) error {
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w.Write(p)
	}
}

func frames(r *frame.Reader, w io.Writer) (n int, err error) {
	var p []byte
	for p, err = range r.Frames() {
		if err != nil {
			return n, err
		}
		n += len(p)
		w.Write(p)
	}
	return n, nil
}

func firstOf(r *frame.Reader, w io.Writer) {
	var first []byte
	for p := range r.Frames() {
		first = p
		break
	}
	w.Write(first)
}

func reused(r *frame.Reader, w io.Writer) {
	var bufs [2][]byte
	var msg struct {
		seq     int
		payload []byte
	}
	for {
		p, err := r.Next()
		if err != nil {
			return
		}
		bufs[0], bufs[1] = []byte("head"), p
		w.Write(bufs[0])
		w.Write(bufs[1])
		msg.seq++
		msg.payload = p
		w.Write(msg.payload)
	}
}

func gather(r *frame.Reader) (all [][]byte, names []string) {
	for p, err := range r.Frames() {
		if err != nil {
			break
		}
		all = append(all, bytes.Clone(p))
		names = append(names, string(p))
	}
	return all, names
}

func relay(a, b *frame.Reader, w io.Writer) {
	p, _ := a.Next()
	q, _ := b.Next()
	w.Write(p)
	w.Write(q)
}

func emptied(r *frame.Reader) []byte {
	p, err := r.Next()
	if err != nil {
		return nil
	}
	p = bytes.Clone(p)
	return p
}

func rest(d *frame.Decoder, src io.Reader) (int, error) {
	room := d.Space(512)
	n, err := src.Read(room)
	d.Wrote(n)
	return n, err
}

func previous(r *frame.Reader) {
	var last []byte
	for p := range r.Frames() {
		if bytes.Equal(p, last) {
			continue
		}
		last = append(last[:0], p...)
	}
}

func kind(r *frame.Reader) (byte, bool) {
	p, err := r.Next()
	if err != nil || p == nil {
		return 0, false
	}
	switch {
	case bytes.HasPrefix(p, []byte("GET ")):
		return p[4], true
	}
	return 0, len(p) > 0
}
