// Package shapes passes borrowed frames through values of all shapes before it keeps them.
package shapes

import (
	"bytes"

	"github.com/parleyproto/parley/frame"
)

type payload []byte

type message struct {
	seq  int
	body payload
}

type keeper struct {
	last []byte
	text payload
	any  any
}

func (k *keeper) named(r *frame.Reader) {
	p, _ := r.Next()
	named := payload(p)
	k.text = named         // want `stored in a field`
	k.last = []byte(named) // want `stored in a field`
}

func (k *keeper) asserted(r *frame.Reader) {
	p, _ := r.Next()
	var x any = p
	k.last = x.([]byte) // want `stored in a field`
	if b, ok := x.([]byte); ok {
		k.last = b // want `stored in a field`
	}
	switch b := x.(type) {
	case []byte:
		k.last = b // want `stored in a field`
	}
}

func (k *keeper) array(r *frame.Reader, i int) {
	p, _ := r.Next()
	pair := [2][]byte{nil, p}
	k.last = pair[i] // want `stored in a field`
	for _, b := range pair {
		k.last = b // want `stored in a field`
	}
}

func (k *keeper) fromMap(r *frame.Reader) {
	p, _ := r.Next()
	m := map[string][]byte{"p": p}
	k.last = m["p"] // want `stored in a field`
	if b, ok := m["p"]; ok {
		k.last = b // want `stored in a field`
	}
	for _, b := range m {
		k.last = b // want `stored in a field`
	}
}

func (k *keeper) values(r *frame.Reader) {
	p, _ := r.Next()
	m := message{1, payload(p)}
	n := m
	k.text = n.body      // want `stored in a field`
	k.any = []message{n} // want `stored in a field`
	k.last = one(m).body // a call is expected to copy what it keeps
	k.any = m.seq        // a number holds no frame
	k.last = []byte(string(m.body))
}

func (k *keeper) fullSlice(r *frame.Reader) {
	p, _ := r.Next()
	k.last = p[1:2:2] // want `stored in a field`
	array := (*[4]byte)(p)
	k.last = array[:] // want `stored in a field`
	k.any = [4]byte(p)
}

func (k *keeper) either(r *frame.Reader, first bool) {
	p, _ := r.Next()
	b := []byte("own")
	if first {
		b = p
	}
	k.last = b // want `stored in a field`
	k.last = bytes.Clone(b)
}

func one(m message) message { return message{m.seq, bytes.Clone(m.body)} }
