// Package frame finds where one message ends and the next begins on a byte stream.
package frame
