// Package plain has nothing to do with protocols.
package plain
