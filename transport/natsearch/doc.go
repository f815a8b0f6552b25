// Package natsearch finds the longest heartbeat interval that the path to a server allows.
//
// Routers that translate addresses forget a connection that is silent for too long: some after
// 30 seconds, some after hours. A device on a battery wants to send as few heartbeats as the
// path allows, and nobody tells it how many these are. The search doubles the interval
// until a heartbeat stays without answer twice, then halves the gap between what worked and
// what did not:
//
//	0   30 s   1 min   2 min        4 min                     8 min
//	├────┼───────┼───────┼────────────┼──────────────┬─────────┤   the path's limit: 5 min 50 s
//	     ✓       ✓       ✓            ✓                        ✗   gallop
//	                                                 ✗             bisect: 6 min
//	                                          ✓                    5 min …
//
// Linear steps of a minute need hours where this needs the sum of a few intervals. What was
// found is remembered for each endpoint; it is checked again after a week, and searched anew
// when it fails. [Memory.Known] and [Memory.Learn] carry it over to the next process.
//
// Only silence counts: an interval in which anything else passed, in either direction, proves
// nothing, and is neither a success nor a failure. The server's own PINGs are such traffic, so
// [Config.Install] asks the server, by Session.Offer.Heartbeat.Gap, to ping only once an hour.
// Where that was set shorter, and the server pings more often than the interval that is tried, the
// search stays where it is and never settles. The server learns of a dead client by the silence
// of the client, as ever.
package natsearch
