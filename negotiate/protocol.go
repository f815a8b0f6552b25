package negotiate

import "github.com/parleyproto/parley/codec"

// OfferOf returns the offer of all of p's releases, with their fingerprints. A release that
// is not frozen can still change its layout; it is offered only with allowUnfrozen. The
// offer is empty, and does not validate, when no release is left.
func OfferOf(p *codec.Protocol, allowUnfrozen bool) Offer {
	o := Offer{Protocol: p.Name}
	for _, r := range p.Releases {
		if !r.Frozen && !allowUnfrozen {
			continue
		}
		o.Versions = append(o.Versions, Range{r.Version, r.Version})
		if r.Fingerprint != [8]byte{} {
			o.Fingerprints = append(o.Fingerprints, Fingerprint{r.Version, r.Fingerprint})
		}
	}
	o.Versions = o.Versions.normal()
	return o
}
