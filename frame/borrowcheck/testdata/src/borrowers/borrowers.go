// Package borrowers borrows from another package's function.
package borrowers

import "lenders"

func keep(c *lenders.Conn) []byte {
	p, _ := c.Next()
	return p // want `borrowed from Conn.Next is returned`
}
