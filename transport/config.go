package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/transport/session"
)

// Config describes a client. Endpoints and Protocol are required; the zero value of every
// other field works. It must not be changed after [Dial].
type Config struct {
	// Endpoints are the servers' addresses, "host:port", preferred first; one that is not is an
	// [*EndpointError] of Dial, unless Config.Dial is set. They are raced:
	// the next is tried 250 ms after the one before, or as soon as that has failed. So are
	// the addresses of one name.
	Endpoints []string

	// Protocol lists the versions that this side speaks.
	Protocol *codec.Protocol

	// Formats gives the framing of versions. A version that is absent has frame.LF if its
	// codec is text, else frame.Uint32BE.
	Formats map[codec.Version]frame.Format

	// Session tunes the session: queue, heartbeats, timeouts, features. Its Protocol and
	// Formats stay empty: they are those above.
	Session session.Config

	// Plain, if set, says that the server is no Parley peer but speaks a protocol that already
	// exists, and how: its handshake, its pings. Protocol has one version then, whose format
	// and codec are the server's, and Handler is required. Messages are sent at most once, and
	// only while there is a connection: Send waits for it; Flush waits until all is written.
	// Call and Upgrade give [ErrLegacy]. Of Session only HandshakeTimeout and
	// Overflow count, and DropOldest drops nothing. While a
	// handler runs nothing is read, so Plain.Silence must be longer than handlers take.
	Plain *session.PlainConfig

	// Handler gets the messages that the server sends. Nil: they wait for
	// [Session.Messages], as many as the window of Session.Offer allows.
	Handler Handler

	// Dial, if set, makes a connection to an endpoint: over a proxy, a unix socket, a
	// simulation. It gets the endpoint as it is, and must return when ctx ends. Nil: TCP,
	// the name resolved by Resolve, and at most 384 KiB in the send buffer of a connection
	// that does not leave the machine, where more would only be slower.
	Dial func(ctx context.Context, endpoint string) (net.Conn, error)

	// Resolve, if set, looks up a host's addresses, first choice first, and must return when
	// ctx ends. Nil: net.DefaultResolver. It is not asked when Dial is set.
	Resolve func(ctx context.Context, host string) ([]string, error)

	// ResolveFor is how long addresses are up to date; a failure makes the client ask again
	// before. Older ones serve while the name service does not answer. 0: 1 minute.
	ResolveFor time.Duration

	// TLS, if set, is used on every connection. An empty ServerName becomes the endpoint's
	// host. The digest of the negotiation is then keyed by the TLS session.
	TLS *tls.Config

	// SharedKey, if set, is a secret that both sides hold, at least 16 random bytes. It keys
	// the digest of the negotiation on connections without TLS: a peer without it, or somebody
	// who rewrites an offer on the way, is found out before any data flows. It encrypts nothing.
	SharedKey []byte

	// ConnectTimeout bounds looking up one name, and also dialling one address and its TLS
	// handshake. 0: 20 s. The greeting has Session.HandshakeTimeout.
	ConnectTimeout time.Duration

	// Backoff says how long to wait between attempts, and how many to make.
	Backoff Backoff

	// Retry says after which errors to connect again. Nil: (*Error).Temporary. Whether a
	// session that the server has closed begins anew is for Session.Renew to say.
	Retry func(*Error) bool

	// OnChange, if set, is called for each change of the client's state, in their order.
	// It must not block, as Close and Shutdown do; Session.Close(code, text) does not. What
	// is to end the client is better told by Retry.
	OnChange func(Change)

	// OnOutcome, if set, is told what became of each message sent with an outcome to tell:
	// dropped and unknown ones always, acknowledged ones if sent with Notify or by a call. It
	// must not block.
	OnOutcome func(Outcome)

	// Inject, if set, is asked by each Send and Call for metadata to go with the message, such
	// as the trace that ctx belongs to; it comes behind that of SendOptions. A message that has
	// no other goes without it to a peer that has not agreed to metadata. Replies carry what
	// their handler says, see [Reply]. It must be safe for concurrent use.
	Inject func(ctx context.Context) session.Metadata

	// Extract, if set, puts metadata that came with a message into the context of its
	// handler. It is the inverse of Inject, and must return a context made from ctx.
	Extract func(ctx context.Context, md session.Metadata) context.Context

	// Log gets state changes at level info, lost connections at warn. Nil: silence.
	Log *slog.Logger

	// Rand returns random numbers in [0, 1), for jitter. Nil: math/rand/v2's.
	Rand func() float64

	// tcp connects to an address. Tests put a network in memory here.
	tcp func(ctx context.Context, network, addr string) (net.Conn, error)
}

const (
	defaultResolveFor     = time.Minute
	defaultConnectTimeout = 20 * time.Second
)

// check returns a copy with the defaults filled in.
func (c *Config) check() (*Config, error) {
	if c == nil {
		return nil, errors.New("transport: Config is nil; it needs Endpoints and Protocol")
	}
	d := *c
	if len(d.Endpoints) == 0 {
		return nil, errors.New("transport: Config.Endpoints is empty; name at least one \"host:port\"")
	}
	if d.Dial == nil {
		for _, e := range d.Endpoints {
			if err := checkEndpoint(e); err != nil {
				return nil, err
			}
		}
	}
	if err := fillSession(&d.Session, d.Protocol, d.Formats); err != nil {
		return nil, err
	}
	if d.Plain != nil {
		if err := d.checkPlain(); err != nil {
			return nil, err
		}
	}
	if d.tcp == nil {
		d.tcp = new(net.Dialer).DialContext
	}
	if d.Resolve == nil {
		d.Resolve = net.DefaultResolver.LookupHost
	}
	if d.Retry == nil {
		d.Retry = (*Error).Temporary
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Rand == nil {
		d.Rand = rand.Float64
	}
	d.ResolveFor = orDefault(d.ResolveFor, defaultResolveFor)
	d.ConnectTimeout = orDefault(d.ConnectTimeout, defaultConnectTimeout)
	return &d, nil
}

// fillSession puts the protocol and its formats into a session's configuration.
func fillSession(s *session.Config, p *codec.Protocol, formats map[codec.Version]frame.Format) error {
	if p == nil {
		return errors.New("transport: Protocol is nil; it lists the versions to speak")
	}
	if s.Protocol != nil || s.Formats != nil {
		return errors.New("transport: Session.Protocol and Session.Formats must stay empty; set Protocol and Formats beside Session")
	}
	s.Protocol, s.Formats = p, formats
	return nil
}
