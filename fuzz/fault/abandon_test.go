package fault_test

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/parleyproto/parley/fuzz/fault"
)

// A Read that waits when the connection becomes half open, by a Write, ends with Close.
func TestCloseOfHalfOpenWakesRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := fault.Network{Link: fault.Link{Schedule: func(int) fault.Schedule {
			s, _ := fault.Parse("w0:halfopen")
			return s
		}}}
		l, err := network.Listen("server")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		conn, err := network.Dial(t.Context(), "server")
		if err != nil {
			t.Fatal(err)
		}
		peer, _ := l.Accept()
		read := make(chan error)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		conn.Write([]byte{1})
		conn.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read returned %v, want net.ErrClosed", err)
		}
		peer.Close()
	})
}
