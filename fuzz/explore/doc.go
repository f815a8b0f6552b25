// Package explore visits every state that a system of machines can come to,
// and shows the shortest way to the first wrong one.
//
// A Model is a state, the choices that are open in it (deliver a byte, let a
// timer pass, drop the connection …) and the state that each leads to. Explore
// goes breadth first from the initial states and visits each state once:
//
//	depth 0        (init)
//	               ╱  │  ╲           choices
//	depth 1      (a) (b) (c)
//	             ╱ ╲ ╱     ╲         two ways to one state: visited once
//	depth 2    (d) (e)     (f) ✗     the first wrong state: no shorter story exists
//
// What can be wrong: Check fails in a state; Step returns an error or panics; a
// state can never come to one that is Done (it is stuck, or turns for ever),
// which is found backwards from the Done states; or a state that Reach asks for
// does not exist, which says that the model does not do what its author thinks.
//
// A state costs some 30 bytes of memory and a transition 4: the states
// themselves are kept only while they wait to be visited, and a story is made by
// making its choices again. States are told apart by 64 bits of hash of their
// key. Among 3 million states the chance that any two were taken for one is
// below one in a million; the seed is another one in each run.
package explore
