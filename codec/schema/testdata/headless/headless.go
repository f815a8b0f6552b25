// Package headless has messages but no protocol.
package headless

//parley:message 1
type Ping struct {
	A uint8 `parley:"v1+"`
}
