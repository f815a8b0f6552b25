package session

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
)

// Defaults of [Config].
const (
	DefaultQueue        = 8 << 20 // bytes, as nats.go buffers while disconnected
	DefaultWindow       = 4 << 20 // bytes; several of the largest usual messages, so that they need not go one by one
	DefaultResumeWindow = 2 * time.Minute
	DefaultAckDelay     = 10 * time.Millisecond
	DefaultPongTimeout  = 20 * time.Second
	DefaultFrameTimeout = 20 * time.Second
	DefaultTimeout      = negotiate.DefaultTimeout // of the handshake, and of an upgrade
)

// Profile is a checked [Config] of a client or of a server, shared by all its sessions. It
// is immutable and safe for concurrent use, as far as its Rand and its functions are.
type Profile struct {
	role     negotiate.Role
	cfg      Config
	dialects []Dialect // ascending by version
	newest   *Dialect  // of those offered: its bytes are kept while there is no connection
	hello    negotiate.HandshakeConfig
	upgrade  negotiate.UpgradeConfig
	window   int // allowed to the peer, in weights
	ackEvery int // weight done that is acknowledged at once
	largest  int // message accepted
	memory   int // the most that a session holds

	compress  Compression // as far as cfg.Compress is set
	deflaters sync.Pool   // of *deflater
}

// NewProfile checks cfg and fills in its defaults. The error joins all that is wrong with it.
func NewProfile(role negotiate.Role, cfg Config) (*Profile, error) {
	p := &Profile{role: role, cfg: cfg}
	if cfg.Protocol == nil {
		return nil, errors.New("session: Config.Protocol is required")
	}
	errs := []error{cfg.Protocol.Check(), p.setDialects(), p.setOffer(), p.setCompression()}
	if cfg.Queue < 0 {
		errs = append(errs, fmt.Errorf("session: Config.Queue is %d; give a number of bytes, or 0 for %d", cfg.Queue, DefaultQueue))
	}
	if cfg.Memory < 0 {
		errs = append(errs, fmt.Errorf("session: Config.Memory is %d; give a number of bytes, or 0 for no bound of its own", cfg.Memory))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.setDefaults()
	offer := p.hello.Offer
	p.newest = &p.dialects[0]
	for i := range p.dialects {
		if d := &p.dialects[i]; offer.Versions.Has(d.Version) {
			p.newest = d
		}
	}
	p.window, p.largest = int(offer.Window), int(offer.MaxMessage)
	p.ackEvery = min(p.window/4, maxOwed)
	p.hello.Role, p.hello.Timeout, p.hello.Recognizer = role, p.cfg.HandshakeTimeout, cfg.Recognizer
	p.upgrade = negotiate.UpgradeConfig{Role: role, Offer: offer, Timeout: p.cfg.UpgradeTimeout, NoDowngrade: cfg.NoDowngrade}
	return p, nil
}

func (p *Profile) setDialects() error {
	var errs []error
	for i := range p.cfg.Protocol.Releases {
		r := &p.cfg.Protocol.Releases[i]
		d, err := newDialect(r, p.cfg.Formats[r.Version])
		errs = append(errs, err)
		p.dialects = append(p.dialects, d)
	}
	return errors.Join(errs...)
}

// setOffer fills in what the greeting says about the protocol.
func (p *Profile) setOffer() error {
	o := p.cfg.Offer
	protocol := p.cfg.Protocol
	if o.Protocol == "" {
		o.Protocol = protocol.Name
	}
	var vs []codec.Version
	for _, r := range protocol.Releases {
		generated := r.Fingerprint != [8]byte{}
		if len(p.cfg.Offer.Versions) == 0 && (r.Frozen || !generated || p.cfg.AllowUnfrozen) {
			vs = append(vs, r.Version)
		}
		if p.cfg.Offer.Fingerprints == nil && generated {
			o.Fingerprints = append(o.Fingerprints, negotiate.Fingerprint{Version: r.Version, Layout: r.Fingerprint})
		}
	}
	if len(o.Versions) == 0 {
		if len(vs) == 0 {
			return fmt.Errorf("session: no version of %q is frozen; freeze one, or set Config.AllowUnfrozen", o.Protocol)
		}
		o.Versions = negotiate.VersionSet(vs...)
	}
	for _, r := range o.Versions {
		for v := r.Lo; v <= r.Hi; v++ {
			if _, ok := p.Dialect(v); !ok {
				return fmt.Errorf("session: Config.Offer has version %d, which the protocol %q has not", v, o.Protocol)
			}
		}
	}
	if err := p.setLimits(&o); err != nil {
		return err
	}
	if o.Heartbeat.Interval == 0 {
		o.Heartbeat.Interval = negotiate.DefaultInterval
	}
	if o.Heartbeat.Gap == 0 {
		o.Heartbeat.Gap = min(negotiate.DefaultGap, o.Heartbeat.Interval)
	}
	o.Features = p.features()
	p.hello.Offer = o
	return o.Validate()
}

// features returns those of the offer, with this package's own behind them.
func (p *Profile) features() []negotiate.Feature {
	all := slices.Clone(p.cfg.Offer.Features)
	for _, name := range ownFeatures {
		named := slices.ContainsFunc(all, func(f negotiate.Feature) bool { return f.Name == name })
		if !named && !slices.Contains(p.cfg.Without, name) {
			all = append(all, negotiate.Feature{Name: name})
		}
	}
	return all
}

// setLimits fills in the limits that bound the memory of a session.
func (p *Profile) setLimits(o *negotiate.Offer) error {
	set := limits{max(int64(p.cfg.Queue), 0), int64(min(o.Window, math.MaxInt64)), int64(min(o.MaxMessage, math.MaxInt64))}
	full, err := set.fill(max(int64(p.cfg.Memory), 0), limits{DefaultQueue, DefaultWindow, int64(largestMessage(p.cfg.Protocol, o.Versions))})
	p.cfg.Queue = int(min(full.queue, math.MaxInt))
	o.Window, o.MaxMessage = uint64(full.window), uint64(full.message)
	p.memory = int(min(full.cost(), math.MaxInt))
	return err
}

// largestMessage is the largest that any of these versions can encode, if all of them have a
// limit below the default of the wire; else that default.
func largestMessage(protocol *codec.Protocol, versions negotiate.Versions) uint64 {
	largest := uint64(1)
	for _, r := range protocol.Releases {
		switch {
		case !versions.Has(r.Version):
		case r.MaxSize <= 0:
			return negotiate.DefaultMaxMessage
		default:
			largest = max(largest, uint64(r.MaxSize))
		}
	}
	return min(largest, negotiate.DefaultMaxMessage)
}

func (p *Profile) setDefaults() {
	c := &p.cfg
	if c.ResumeWindow == 0 && p.role == negotiate.Server {
		c.ResumeWindow = DefaultResumeWindow
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.AckDelay, DefaultAckDelay},
		{&c.PongTimeout, DefaultPongTimeout},
		{&c.FrameTimeout, DefaultFrameTimeout},
		{&c.HandshakeTimeout, DefaultTimeout},
		{&c.UpgradeTimeout, DefaultTimeout},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
}

// Role returns the side that the profile is for.
func (p *Profile) Role() negotiate.Role { return p.role }

// Offer returns what greetings say, defaults filled in, but for the nonce.
func (p *Profile) Offer() negotiate.Offer { return p.hello.Offer }

// Queue returns how many bytes may be queued or not yet acknowledged in one session, the default
// filled in.
func (p *Profile) Queue() int { return p.cfg.Queue }

// Memory returns the most that one session may hold, in bytes: what Config.Queue, Offer.Window and
// Offer.MaxMessage take, their defaults filled in. It is at most Config.Memory, if that is set.
func (p *Profile) Memory() int { return p.memory }

// Dialect returns the dialect of a version of the protocol.
func (p *Profile) Dialect(v codec.Version) (Dialect, bool) {
	if d := p.dialect(v); d != nil {
		return *d, true
	}
	return Dialect{}, false
}

// Newest returns the highest version that is offered.
func (p *Profile) Newest() codec.Version { return p.newest.Version }

func (p *Profile) dialect(v codec.Version) *Dialect {
	i, ok := slices.BinarySearchFunc(p.dialects, v, func(d Dialect, v codec.Version) int {
		return int(int64(d.Version) - int64(v))
	})
	if !ok {
		return nil
	}
	return &p.dialects[i]
}

// random fills b. Should the source fail, crypto/rand takes its place.
func (p *Profile) random(b []byte) {
	if _, err := io.ReadFull(p.cfg.Rand, b); err != nil {
		rand.Read(b)
	}
}

func (p *Profile) nonce() (n negotiate.Nonce) {
	p.random(n[:])
	return n
}
