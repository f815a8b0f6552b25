package wireshark_test

import (
	"encoding/binary"
	"math/rand"
	"slices"
	"testing"
)

// Segments that come twice do no harm, nor do those that overtake others where Wireshark puts
// them in order.
func TestDissectorOnABadNetwork(t *testing.T) {
	t.Parallel()
	need(t, "tshark")
	p := load(t, "../../../../cmd/beacon/telemetry")
	pcap := capture{record(t, readings...)}.pcap(randomly(rand.New(rand.NewSource(11))))
	head, packets := pcap[:24], split(pcap[24:])
	var again, swapped [][]byte
	for k, packet := range packets {
		again = append(again, packet)
		if k%3 == 2 {
			again = append(again, packet)
		}
		if k > 10 && k%7 == 0 {
			again = append(again, packets[k-8])
		}
	}
	swapped = slices.Clone(packets)
	for k := 6; k+1 < len(packets); k += 5 {
		swapped[k], swapped[k+1] = packets[k+1], packets[k]
	}
	for _, pcap := range [][]byte{slices.Concat(head, slices.Concat(again...)), slices.Concat(head, slices.Concat(swapped...))} {
		got := dissect(t, p, pcap, "-2", "-o", "telemetry.ports:7400", "-o", "tcp.reassemble_out_of_order:TRUE")
		for _, fromServer := range []bool{false, true} {
			for _, f := range frames(got, "telemetry", fromServer) {
				if said := f.get("_ws.expert.message"); said != "" {
					t.Error(said)
				}
			}
		}
		checkReadings(t, got)
		checkKinds(t, got)
	}
}

// split returns the packets of a capture file without its head.
func split(pcap []byte) [][]byte {
	var packets [][]byte
	for len(pcap) > 0 {
		n := 16 + binary.LittleEndian.Uint32(pcap[8:])
		packets = append(packets, pcap[:n])
		pcap = pcap[n:]
	}
	return packets
}
