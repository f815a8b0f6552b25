// Package transport is a thin reconnecting transport, client and server.
package transport
