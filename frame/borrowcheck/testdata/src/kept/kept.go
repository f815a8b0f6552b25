// Package kept puts borrowed frames where they outlive the call.
package kept

import (
	"bytes"
	"io"
	"sync"
	"time"
	"unsafe"

	"github.com/parleyproto/parley/frame"
)

type conn struct {
	r      *frame.Reader
	d      *frame.Decoder
	last   []byte
	name   string
	any    any
	body   io.Reader
	all    [][]byte
	byName map[string][]byte
	byRaw  map[any]bool
	wake   chan []byte
	done   func()
	part   struct{ head []byte }
	inbox  chan message
	pair   [2][]byte
}

type message struct {
	seq     int
	payload []byte
}

var global []byte

func (c *conn) field() error {
	p, err := c.r.Next()
	c.last = p // want `borrowed from Reader.Next is stored in a field; .* keep a copy`
	return err
}

func (c *conn) direct() (err error) {
	c.last, err = c.r.Next() // want `stored in a field`
	return err
}

func (c *conn) slices() {
	p, _ := c.r.Next()
	c.last = p[2:4]             // want `stored in a field`
	c.last = p[:2][1:]          // want `stored in a field`
	c.part.head = p[:1]         // want `stored in a field`
	c.last = bytes.TrimSpace(p) // want `stored in a field`
	head, _, _ := bytes.Cut(p, nil)
	c.last = head                                       // want `stored in a field`
	c.all = bytes.Fields(p)                             // want `stored in a field`
	c.last = append(p, '\n')                            // want `stored in a field`
	c.any = p                                           // want `stored in a field`
	c.any = &p[0]                                       // want `stored in a field`
	c.body = bytes.NewReader(p)                         // want `stored in a field`
	c.name = unsafe.String(unsafe.SliceData(p), len(p)) // want `stored in a field`
}

func (c *conn) containers() {
	p, _ := c.d.Next()
	c.all = append(c.all, p)      // want `borrowed from Decoder.Next is stored in a field`
	c.all[0] = p                  // want `stored in a slice`
	c.pair[1] = p                 // want `stored in an array`
	c.byName["x"] = p             // want `stored in a map`
	c.byName[string(p)] = p       // want `stored in a map`
	c.byRaw[[1]any{&p[0]}] = true // want `stored in a map`
	c.any = message{1, p}         // want `stored in a field`
	c.any = &message{1, p}        // want `stored in a field`
	c.any = [][]byte{nil, p}      // want `stored in a field`
	c.any = map[int][]byte{1: p}  // want `stored in a field`
	m := message{seq: 1}
	m.payload = p
	c.any = m  // want `stored in a field`
	global = p // want `stored in a package variable`
}

func pointer(d *frame.Decoder, out *[]byte) {
	p, more, _ := d.Piece()
	if more {
		*out = p // want `borrowed from Decoder.Piece is stored in what a pointer points to`
	}
}

func (c *conn) channels() {
	p, _ := c.r.Next()
	c.wake <- p                    // want `sent on a channel`
	c.inbox <- message{payload: p} // want `sent on a channel`
	select {
	case c.wake <- p: // want `sent on a channel`
	default:
	}
}

func (c *conn) closures(wg *sync.WaitGroup) {
	p, _ := c.r.Next()
	c.done = func() { println(len(p)) }            // want `stored in a field`
	go func() { println(len(p)) }()                // want `captured by a goroutine`
	go use(p)                                      // want `handed to a goroutine`
	wg.Go(func() { use(p) })                       // want `captured by a goroutine`
	time.AfterFunc(time.Second, func() { use(p) }) // want `captured by a goroutine`
	func() {
		global = p // want `stored in a package variable`
	}()
}

func (c *conn) whole() ([]byte, error) {
	return c.r.Next() // want `borrowed from Reader.Next is returned; .* mark this function as lending \(//parley:borrows\)`
}

func part(r *frame.Reader) (int, []byte) {
	p, err := r.Next()
	if err != nil {
		return 0, nil
	}
	return int(p[0]), p[1:] // want `returned`
}

func built(r *frame.Reader) *message {
	p, _ := r.Next()
	return &message{payload: p} // want `returned`
}

func literal(r *frame.Reader) func() []byte {
	return func() []byte {
		p, _ := r.Next()
		return p // want `returned`
	}
}

func branch(r *frame.Reader, copy bool) []byte {
	p, _ := r.Next()
	if copy {
		p = bytes.Clone(p)
	}
	return p // want `returned`
}

func (c *conn) loop() error {
	for p, err := range c.r.Frames() {
		if err != nil {
			return err
		}
		c.last = p // want `borrowed from Reader.Frames is stored in a field`
	}
	return nil
}

func firstOf(r *frame.Reader) []byte {
	for p := range r.Frames() {
		return p // want `borrowed from Reader.Frames is returned`
	}
	return nil
}

func (c *conn) others() {
	c.last = c.r.Buffered()      // want `borrowed from Reader.Buffered is stored in a field`
	c.last = c.d.Space(512)      // want `borrowed from Decoder.Space is stored in a field`
	c.body, _ = c.r.NextReader() // want `borrowed from Reader.NextReader is stored in a field`
}

var next = func(r *frame.Reader) ([]byte, error) {
	return r.Next() // want `returned`
}

func generic[T any](r *frame.Reader, out map[string]T, parse func([]byte) T, raw map[string]any) {
	p, _ := r.Next()
	out[string(p)] = parse(p)
	raw["x"] = p // want `stored in a map`
}

func nested(r *frame.Reader, all map[int]any) {
	for i := range 3 {
		for p := range r.Frames() {
			func() {
				all[i] = p // want `stored in a map`
			}()
		}
	}
}

func use([]byte) {}
