// Package negotiate agrees on a version and features with a peer, at the start of a
// connection and while it runs.
//
// Everything in it is pure: bytes, frames and the time go in, bytes and actions come out.
//
//   - [Choose] picks a version from two offers.
//   - [Handshake] speaks the greeting line and its answer, for either role.
//   - [Upgrade] starts with the first PROBE and changes the version of a live stream.
package negotiate
