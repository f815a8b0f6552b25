package negotiate

import (
	"errors"
	"fmt"

	"github.com/parleyproto/parley/codec"
)

// Choose picks what a server and a client speak: the first version in the server's order of
// preference that both offer, that is below neither minimum, and whose layouts are the same
// where both sides have a fingerprint; and the features that both name. The agreement is the
// server's; its Digest is not set. The error is a [*Refusal].
func Choose(server, client Offer) (Agreement, error) {
	server, client = server.Normal(), client.Normal()
	if server.Protocol != client.Protocol {
		return Agreement{}, &Refusal{Code: CodeProtocol, Protocols: []string{server.Protocol}}
	}
	version, refusal := chooseVersion(&server, &client)
	if refusal != nil {
		return Agreement{}, refusal
	}
	if missing := missingFeatures(server.Features, client.Features); len(missing) > 0 {
		return Agreement{}, &Refusal{Code: CodeFeature, Features: missing}
	}
	return Agreement{
		Version:  version,
		Features: commonFeatures(server.Features, client.Features),
		Peer:     client,
	}, nil
}

// Confirm checks a server's answer against what the client offered, and returns the client's
// agreement; its Digest is not set. The error is a [*ChoiceError].
func Confirm(client Offer, a Answer) (Agreement, error) {
	client = client.Normal()
	reason := ""
	switch missing := missingFeatures(client.Features, a.Offer.Features); {
	case a.Offer.Protocol != client.Protocol:
		reason = fmt.Sprintf("its protocol is %q", a.Offer.Protocol)
	case !a.Offer.Versions.Has(a.Version):
		reason = "it is not among those that the server says it has"
	case !client.Versions.Has(a.Version) || a.Version > MaxVersion:
		reason = fmt.Sprintf("offered were %v", client.Versions)
	case a.Version < client.Min || a.Version < a.Offer.Min:
		reason = fmt.Sprintf("it is below the minimum %d", max(client.Min, a.Offer.Min))
	case !sameLayout(&client, &a.Offer, a.Version):
		reason = "its layout has another fingerprint; build both sides from the same frozen schema"
	case len(missing) > 0:
		reason = fmt.Sprintf("the required feature %q is missing", missing[0])
	default:
		return Agreement{
			Version:  a.Version,
			Features: commonFeatures(client.Features, a.Offer.Features),
			Peer:     a.Offer,
		}, nil
	}
	return Agreement{}, &ChoiceError{Version: a.Version, Reason: reason}
}

// Fallback returns the offer with which a client may try again after err: may, restricted to
// versions that the refusal lists and that are lower than all of tried. It returns false
// when there is none, and for every error that is not a [*RefusedError] of code version or
// fingerprint: a timeout, a lost connection or words of an application never lead to a lower
// version.
func Fallback(may, tried Offer, err error) (Offer, bool) {
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Refusal.Code != CodeVersion && refused.Refusal.Code != CodeFingerprint {
		return Offer{}, false
	}
	may.Min = may.Normal().Min
	vs := may.Versions.below(tried.Versions.Lowest()).and(refused.Refusal.Versions)
	vs = vs.and(Versions{{max(may.Min, refused.Refusal.Min), MaxVersion}})
	may.Versions = vs
	return may, len(vs) > 0
}

// chooseVersion takes normal offers.
func chooseVersion(server, client *Offer) (codec.Version, *Refusal) {
	least := max(server.Min, client.Min)
	common := server.Versions.and(client.Versions)
	for _, v := range server.Prefer {
		if common.Has(v) && speaks(server, client, v) {
			return v, nil
		}
	}
	otherLayout := false
	for i := len(common) - 1; i >= 0; i-- {
		for v := min(common[i].Hi, MaxVersion); v >= common[i].Lo && v >= least; v-- {
			if sameLayout(server, client, v) {
				return v, nil
			}
			otherLayout = true
			if v == 0 {
				break
			}
		}
	}
	if otherLayout {
		return 0, &Refusal{Code: CodeFingerprint, Versions: server.Versions, Fingerprints: server.Fingerprints}
	}
	return 0, &Refusal{Code: CodeVersion, Versions: server.Versions, Min: server.Min}
}

// speaks tells whether two normal offers allow version v.
func speaks(a, b *Offer, v codec.Version) bool {
	return v <= MaxVersion && v >= a.Min && v >= b.Min &&
		a.Versions.Has(v) && b.Versions.Has(v) && sameLayout(a, b, v)
}

func sameLayout(a, b *Offer, v codec.Version) bool {
	x, xok := a.layout(v)
	y, yok := b.layout(v)
	return !xok || !yok || x == y
}

func missingFeatures(a, b []Feature) []string {
	var missing []string
	for _, f := range a {
		if f.Required && !names(b, f.Name) {
			missing = append(missing, f.Name)
		}
	}
	for _, f := range b {
		if f.Required && !names(a, f.Name) {
			missing = append(missing, f.Name)
		}
	}
	return missing
}

func commonFeatures(local, peer []Feature) []string {
	var common []string
	for _, f := range local {
		if names(peer, f.Name) {
			common = append(common, f.Name)
		}
	}
	return common
}

func names(fs []Feature, name string) bool {
	for _, f := range fs {
		if f.Name == name {
			return true
		}
	}
	return false
}
