// Package borrowcheck reports frames that are kept longer than they are lent.
//
// What a frame.Reader or frame.Decoder returns lies in its buffer. It is valid until the next
// call of one of its methods, which may overwrite it:
//
//	p, err := r.Next()   buffer: [ H E L L O │ W O R L D … ]
//	                               └── p ──┘
//	c.last = p           reported: stored in a field
//	q, err := r.Next()   buffer: [ w x y z … ]        c.last is "wxyz…" now
//	use(p)               reported: used after a later call
//
// Run it as a vet tool:
//
//	go build -o vettool github.com/parleyproto/parley/frame/borrowcheck/vettool
//	go vet -vettool=./vettool ./...
//
// # What is reported
//
// A borrowed frame, any part of it, and anything local that holds it (a struct, slice, map,
// interface or closure) must not be stored in a field, map, slice or variable that the function
// did not make itself; sent on a channel; handed to a goroutine; returned; or used after a later
// call on the same reader. Copies are free of it: bytes.Clone, append([]byte(nil), p...),
// string(p), copy. So are arguments of ordinary calls: the callee is expected to be done with
// them when it returns.
//
// A function whose results are meant to be borrowed says so, and is then one more source of
// borrowed frames for its callers, in any package:
//
//	// next returns the next message's payload, valid until the following call.
//	//
//	//parley:borrows
//	func (c *conn) next() ([]byte, error) { return c.reader.Next() }
//
// # What it cannot see
//
//   - a callee that keeps its argument, or that reads on with the reader it was given;
//   - a frame returned through an interface, a function value or iter.Pull, and the result of a
//     function that returns its argument (it knows package bytes, slices.Clip and unsafe);
//   - two names for one reader, beyond the same variable or the same chain of fields;
//   - a frame that a function literal puts into a variable of the function around it;
//   - a local value that was stored elsewhere first and is given the frame afterwards.
//
// The overwriting of old frames in race builds finds at run time what this check cannot.
package borrowcheck
