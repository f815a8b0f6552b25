// Package session is the reliable session as a state machine without I/O.
package session
