// Package codec holds the versions of a protocol's messages.
package codec
