package fault_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

func TestDownAndUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n fault.Network
		client, server, ln := connect(t, &n)
		client.Write([]byte("before"))
		n.Down("server")
		want(t, "client", readOne(client), result{"", syscall.ECONNRESET})
		want(t, "server", readOne(server), result{"before", nil})
		want(t, "server", readOne(server), result{"", syscall.ECONNRESET})
		if _, err := n.Dial(t.Context(), "server"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial while down: %v", err)
		}
		n.Up("server")
		again, err := n.Dial(t.Context(), "server")
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if accepted, err := ln.Accept(); err != nil {
			t.Error(err)
		} else {
			accepted.Close()
		}
		if s := n.Stats(); s.Outages != 1 || s.Refusals != 1 || s.Faults() != 2 {
			t.Errorf("counted %v", s)
		}
	})
}

func TestDownResetsAll(t *testing.T) {
	var n fault.Network
	first, _, _ := connect(t, &n)
	other, err := n.Listen("other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	second, _ := n.Dial(t.Context(), "server")
	defer second.Close()
	bystander, _ := n.Dial(t.Context(), "other")
	defer bystander.Close()
	n.Down("server")
	want(t, "first", readOne(first), result{"", syscall.ECONNRESET})
	want(t, "second", readOne(second), result{"", syscall.ECONNRESET})
	want(t, "bystander", writeOne(bystander, "x"), result{"x", nil})
	n.Link.ResetAll()
	want(t, "bystander", readOne(bystander), result{"", syscall.ECONNRESET})
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n fault.Network
		client, server, _ := connect(t, &n)
		n.Partition("server")
		want(t, "write", writeOne(client, "held"), result{"held", nil})
		server.SetReadDeadline(time.Now().Add(time.Minute))
		want(t, "read", readOne(server), result{"", os.ErrDeadlineExceeded})
		server.SetReadDeadline(time.Time{})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dial(ctx, "server"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial: %v", err)
		}
		dialled := make(chan error)
		go func() {
			c, err := n.Dial(t.Context(), "server")
			if err == nil {
				c.Close()
			}
			dialled <- err
		}()
		synctest.Wait()
		n.Heal("server")
		if err := <-dialled; err != nil {
			t.Errorf("dial after the partition: %v", err)
		}
		want(t, "read", readOne(server), result{"held", nil})
	})
}

// A partition holds the news of a reset too.
func TestPartitionHoldsAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Latency: time.Second}}
		client, server, _ := connect(t, n)
		client.Write([]byte("arrives"))
		time.Sleep(2 * time.Second)
		n.Partition("server")
		client.Write([]byte("lost with its sender"))
		client.(*fault.Conn).SetLinger(0)
		client.Close()
		server.SetReadDeadline(time.Now().Add(time.Hour))
		want(t, "what had arrived", readOne(server), result{"arrives", nil})
		want(t, "parted", readOne(server), result{"", os.ErrDeadlineExceeded})
		want(t, "server writes", writeOne(server, "hello?"), result{"hello?", nil})
		server.SetReadDeadline(time.Time{})
		n.Heal("server")
		d := elapsed(func() { want(t, "healed", readOne(server), result{"", syscall.ECONNRESET}) })
		if d != time.Second {
			t.Errorf("the reset took %v to arrive, want 1s", d)
		}
	})
}

// A reset loses what is on its way and all that is written after it: until the writer hears of it,
// too. Else the reader would get a stream with a hole.
func TestNothingArrivesAfterAReset(t *testing.T) {
	for _, parted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := &fault.Network{Link: fault.Link{Latency: time.Second, Buffer: 20}}
			client, server, _ := connect(t, n)
			if parted {
				n.Partition("server")
			}
			want(t, "on its way", writeOne(client, "lost"), result{"lost", nil})
			time.Sleep(time.Second / 2)
			n.Down("server")
			time.Sleep(time.Second / 4)
			want(t, "not knowing", writeOne(client, "goes to nobody ."), result{"goes to nobody .", nil})
			n.Heal("server")
			client.SetWriteDeadline(time.Now().Add(time.Second / 8))
			want(t, "the buffer is full", writeOne(client, "x"), result{"", os.ErrDeadlineExceeded})
			client.SetWriteDeadline(time.Time{})
			want(t, "server", readOne(server), result{"", syscall.ECONNRESET})
			time.Sleep(time.Minute)
			want(t, "server, later", readOne(server), result{"", syscall.ECONNRESET})
			want(t, "client", writeOne(client, "x"), result{"", syscall.ECONNRESET})
		})
	}
}
