package negotiate

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// A server keeps the offers of all its clients: strings that it has itself are not kept again.
func TestServerKeepsSharedStringsOnce(t *testing.T) {
	local := Offer{Protocol: "echo", Features: []Feature{{Name: "x"}, {Name: "metadata"}}}
	peer := Offer{Protocol: strings.Clone("echo"), Features: []Feature{{strings.Clone("metadata"), true}, {Name: "other"}}}
	want := Offer{Protocol: "echo", Features: []Feature{{"metadata", true}, {Name: "other"}}}
	peer.share(&local)
	if !reflect.DeepEqual(peer, want) {
		t.Errorf("it is now %+v", peer)
	}
	same := func(a, b string) bool { return unsafe.StringData(a) == unsafe.StringData(b) }
	if !same(peer.Protocol, local.Protocol) || !same(peer.Features[0].Name, local.Features[1].Name) {
		t.Error("the strings are there twice")
	}
}
