package fault_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// However a connection over a link with latency ends, the goroutines that move
// its bytes end too: synctest.Test waits for all that the bubble started.
func TestPumpEnds(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, user, peer *fault.Conn){
		"user closes": func(t *testing.T, user, peer *fault.Conn) {
			user.Write([]byte("last words"))
			user.Close()
			want(t, "peer", readOne(peer), result{"last words", nil})
			want(t, "peer", readOne(peer), result{"", io.EOF})
			peer.Close()
		},
		"peer closes": func(t *testing.T, user, peer *fault.Conn) {
			peer.Write([]byte("last words"))
			peer.Close()
			want(t, "user", readOne(user), result{"last words", nil})
			want(t, "user", readOne(user), result{"", io.EOF})
			user.Close()
		},
		"user closes while the peer is silent": func(t *testing.T, user, peer *fault.Conn) {
			user.CloseWrite()
			user.Close()
			want(t, "peer", readOne(peer), result{"", io.EOF})
			peer.Close()
		},
		"user resets": func(t *testing.T, user, peer *fault.Conn) {
			user.SetLinger(0)
			user.Close()
			io.Copy(io.Discard, peer)
			peer.Close()
		},
		"peer resets": func(t *testing.T, user, peer *fault.Conn) {
			peer.SetLinger(0)
			peer.Close()
			io.Copy(io.Discard, user)
			user.Close()
		},
		"user vanishes, peer gives up": func(t *testing.T, user, peer *fault.Conn) {
			user.Read(nil) // halfopen stands here
			user.Close()
			peer.SetReadDeadline(time.Now().Add(time.Hour))
			peer.Write(make([]byte, 200_000)) // more than all buffers hold
			readOne(peer)
			peer.Close()
		},
		"both write and nobody reads": func(t *testing.T, user, peer *fault.Conn) {
			for _, c := range []*fault.Conn{user, peer} {
				c.SetWriteDeadline(time.Now().Add(time.Hour))
				c.Write(make([]byte, 500_000))
			}
			user.Close()
			peer.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n fault.Network
				client, server, _ := connect(t, &n)
				link := &fault.Link{Latency: time.Second, Schedule: func(int) fault.Schedule {
					s, _ := fault.Parse("r0:stall(0s)")
					if name == "user vanishes, peer gives up" {
						s, _ = fault.Parse("r0:halfopen")
					}
					return s
				}}
				user := link.Conn(client).(*fault.Conn)
				user.SetReadDeadline(time.Now().Add(time.Minute))
				end(t, user, server.(*fault.Conn))
				time.Sleep(time.Minute) // for what is on its way: time stands still when the test returns
			})
		})
	}
}
