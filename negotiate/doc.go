// Package negotiate agrees on a version and features with a peer.
package negotiate
