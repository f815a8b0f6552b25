package negotiate

import "fmt"

// Validate tells what keeps o, with a nonce, from being offered, as an [*OfferError].
func (o Offer) Validate() error {
	n := o.Normal()
	switch {
	case !isName(o.Protocol, maxProtocol):
		return &OfferError{"Protocol", "must be 1 to 64 of A-Z a-z 0-9 . _ -"}
	case len(o.Versions) == 0:
		return &OfferError{"Versions", "is empty; offer at least one version"}
	case len(n.Versions) > maxList-1: // one is left for grease
		return &OfferError{"Versions", "has more than 63 ranges"}
	case o.Min > n.Versions[len(n.Versions)-1].Hi:
		return &OfferError{"Min", "is above every version offered"}
	case len(o.Fingerprints) > maxList:
		return &OfferError{"Fingerprints", "has more than 64 elements"}
	case len(o.Features) > maxList-1:
		return &OfferError{"Features", "has more than 63 elements"}
	case o.MaxMessage > maxSize:
		return &OfferError{"MaxMessage", "is above 2^40"}
	case o.Window > maxSize:
		return &OfferError{"Window", "is above 2^40"}
	}
	if err := o.validateLists(n); err != nil {
		return err
	}
	if h := n.Heartbeat; h.Interval < milli || h.Gap < 0 || h.Interval%milli != 0 || h.Gap%milli != 0 || max(h.Interval, h.Gap) > maxMillis*milli {
		return &OfferError{"Heartbeat", "must be whole milliseconds, the interval at least one, both below 2^32"}
	}
	var buf [MaxLine]byte
	n.Nonce = Nonce{1} // a connection's may follow
	longest := appendAnswer(buf[:0], Answer{Version: maxWireVersion, Offer: n}, false)
	if len(longest) > MaxLine {
		return &OfferError{"Features", fmt.Sprintf("and the rest make an answer of %d bytes, %d are allowed; offer less", len(longest), MaxLine)}
	}
	return nil
}

func (o Offer) validateLists(n Offer) error {
	for _, r := range o.Versions {
		if r.Lo > r.Hi || r.Hi > MaxVersion {
			return &OfferError{"Versions", fmt.Sprintf("holds %d-%d; a range ascends and ends at %d at the latest", r.Lo, r.Hi, MaxVersion)}
		}
	}
	for i, f := range n.Fingerprints {
		if f.Version > MaxVersion || i > 0 && n.Fingerprints[i-1].Version == f.Version {
			return &OfferError{"Fingerprints", fmt.Sprintf("version %d is too high or given twice", f.Version)}
		}
	}
	for i, f := range o.Features {
		if !isName(f.Name, maxFeature) {
			return &OfferError{"Features", fmt.Sprintf("%q must be 1 to 32 of A-Z a-z 0-9 . _ -", f.Name)}
		}
		for _, g := range o.Features[:i] {
			if f.Name == g.Name {
				return &OfferError{"Features", fmt.Sprintf("%q is given twice", f.Name)}
			}
		}
	}
	return nil
}
