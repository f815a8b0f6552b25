package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
)

// The operator's own small protocol: one call over a unix socket beside the server's port, which
// only the user who runs the server may open.

// upgradeOrder asks the server to move its live sessions.
type upgradeOrder struct {
	To codec.Version `json:"to"` // 0: the newest
}

// upgradeReport is the reply.
type upgradeReport struct {
	To      codec.Version    `json:"to"`
	Results []upgradeOutcome `json:"results"`
}

// upgradeOutcome tells about one session.
type upgradeOutcome struct {
	Address string        `json:"address"`
	From    codec.Version `json:"from"`
	Error   string        `json:"error,omitempty"` // empty: it speaks To now
}

var adminProtocol = &codec.Protocol{
	Name: "beacon-admin",
	Releases: []codec.Release{
		{Version: 1, Codec: codec.JSON((*upgradeOrder)(nil), (*upgradeReport)(nil)), Text: true, Frozen: true},
	},
}

// adminPath returns the operator's socket of the server that listens on a port.
func adminPath(port string) string {
	return filepath.Join(os.TempDir(), "beacon-"+port+".sock")
}

// listenAdmin serves operators of m's server, which listens on addr, until it is closed.
func listenAdmin(addr net.Addr, m *mover, newest codec.Version) (*transport.Server, error) {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, err
	}
	path := adminPath(port)
	// The port is ours, so a socket that is still there was left behind by a killed server.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, err
	}
	admin := &transport.Server{Protocol: adminProtocol, Handler: transport.HandlerFunc(
		func(ctx context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
			order, ok := in.Message.(*upgradeOrder)
			if !ok {
				return nil, fmt.Errorf("beacon takes no %T as an order", in.Message)
			}
			to := order.To
			if to == 0 {
				to = newest
			}
			if _, err := m.srv.Protocol.Release(to); err != nil {
				return nil, err
			}
			return reportOf(to, m.order(ctx, to)), nil
		})}
	go admin.Serve(ln)
	return admin, nil
}

func reportOf(to codec.Version, results []transport.UpgradeResult) *upgradeReport {
	r := &upgradeReport{To: to, Results: []upgradeOutcome{}}
	for _, res := range results {
		o := upgradeOutcome{Address: res.Session.RemoteAddr().String(), From: res.From}
		if res.Err != nil {
			o.Error = res.Err.Error()
		}
		r.Results = append(r.Results, o)
	}
	return r
}

// callAdmin sends an order to the server on the given port and returns its report.
func callAdmin(ctx context.Context, port string, order *upgradeOrder) (*upgradeReport, error) {
	c, err := transport.Dial(&transport.Config{
		Endpoints: []string{adminPath(port)},
		Protocol:  adminProtocol,
		Backoff:   transport.Backoff{Attempts: 1},
		Dial: func(ctx context.Context, path string) (net.Conn, error) {
			d := net.Dialer{Timeout: 5 * time.Second}
			return d.DialContext(ctx, "unix", path)
		},
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.WaitReady(ctx); err != nil {
		return nil, err
	}
	reply, err := c.Call(ctx, order)
	if err != nil {
		return nil, err
	}
	report, ok := reply.(*upgradeReport)
	if !ok {
		return nil, fmt.Errorf("the server answered with %T", reply)
	}
	return report, nil
}
