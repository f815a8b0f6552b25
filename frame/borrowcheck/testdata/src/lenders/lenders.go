// Package lenders passes borrowed frames on, and says so.
package lenders

import "github.com/parleyproto/parley/frame"

type Conn struct {
	r    *frame.Reader
	last []byte
}

// Next returns the next frame, valid until the following call.
//
//parley:borrows
func (c *Conn) Next() ([]byte, error) { // want Next:"borrows"
	p, err := c.r.Next()
	return p, err
}

func (c *Conn) keep() {
	p, _ := c.Next()
	c.last = p // want `borrowed from Conn.Next is stored in a field`
}

func (c *Conn) late() {
	p, _ := c.Next()
	c.Next()
	println(p[0]) // want `borrowed from Conn.Next is used after a later call`
}
