package transport

import "time"

// lateComers are sessions that have ended while a first connection of theirs may still come: they
// were begun by a later one. That first connection may carry early data, which its client has given
// up; a new session must not be begun for it. They are remembered for as long as a connection may take to
// its ATTACH. Guarded by the server's lock.
type lateComers struct {
	until map[[16]byte]time.Time
	order [][16]byte // the oldest first
}

// add remembers a session until then, and forgets those whose time is over, or, beyond most, the
// oldest.
func (c *lateComers) add(id [16]byte, now, until time.Time, most int) {
	if c.until == nil {
		c.until = map[[16]byte]time.Time{}
	}
	for len(c.order) > 0 && (len(c.order) >= most || now.After(c.until[c.order[0]])) {
		delete(c.until, c.order[0])
		c.order = c.order[1:]
	}
	if _, known := c.until[id]; !known {
		c.order = append(c.order, id)
	}
	c.until[id] = until
}

// has tells whether id is remembered.
func (c *lateComers) has(id [16]byte) bool {
	_, known := c.until[id]
	return known
}
