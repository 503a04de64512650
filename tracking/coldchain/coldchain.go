// Package coldchain judges how cold it is.
//
// A Reading comes in from any source. Monitor.Observe looks up which fridge its
// sensor watches, asks the pure fold (State.Step) what the reading means under
// the fridge's Profile, and saves the reading, the new state, the excursion, the
// alarm with its notices, the audit row and the chain's Event in one
// transaction; only then does the source get its acknowledgement. Data that
// arrives late is judged by replaying the record in the order it was measured,
// so the excursions never depend on the order of arrival.
package coldchain
