//go:build !linux

package transport

import (
	"errors"
	"net"
	"time"
)

// lookout tells when a socket can be read, and leaves the reading to whoever wants to. Here there is
// none.
type lookout struct{}

func newLookout(net.Conn) *lookout { return nil }

func (*lookout) on() error { return errors.ErrUnsupported }

func (*lookout) off() error { return errors.ErrUnsupported }

func (*lookout) wait(time.Time) error { return errors.ErrUnsupported }

func (*lookout) close() {}
