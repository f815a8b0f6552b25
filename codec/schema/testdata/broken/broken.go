//parley:protocol broken versions=1

// Package broken does not compile, for reasons of its own and for want of generated code.
package broken

//parley:message 1
type Ping struct {
	A uint8 `parley:"v1+"`
}

var (
	_ = Protocol
	_ = Protocol.Name
	_ = (&Ping{}).MinVersion()
	_ = NewPing()
	_ = missing
	_ = 1 + "a"
)
