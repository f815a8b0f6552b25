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
// when it fails. Only silence counts: an interval with other traffic in it proves nothing.
//
// Both sides have to be silent for the search to see the path's limit: give the server a
// heartbeat interval of at least Config.Max.
package natsearch
