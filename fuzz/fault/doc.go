// Package fault makes connections go wrong, the same way each time.
//
// A Schedule says what goes wrong at which Read or Write of one connection,
// counted from 0. It has a textual form, so that a failure is one line in a
// report and one string in a test:
//
//	w3:short(5) r7:reset(0) r0-:fragment(1) w2-4:stall(50ms)
//	│ │     │    │             │               │
//	│ │     │    │             │               └ Writes 2 to 4 wait 50 ms
//	│ │     │    │             └ every Read, from 0 on, returns one byte
//	│ │     │    └ at Read 7 the connection is reset
//	│ │     └ after 5 bytes
//	│ └ is cut short
//	└ Write 3
//
// Conn puts a Schedule on any net.Conn. ScheduleFrom draws one from a fuzz
// input, so that the fuzzing engine minimises the faults with the data. A Link
// gives each connection that runs over it faults by chance, with latency, jitter
// and bandwidth, decided by one seed; it takes real TCP connections, a dialer's
// or a listener's. A Network is listeners and connections in memory over a
// Link, with servers that go down and partitions, for tests under
// testing/synctest: there an hour of bad network takes no time.
//
// Operations are counted, not timed: a fault at Write 3 is at Write 3 however
// fast the machine is.
package fault
