package mqtt

import "time"

const (
	// mostAtOnce is how many long messages are in hand at once. Each needs some 30 KiB until
	// its sightings are handed over, and when all gateways send in the same breath that would be
	// 60 MiB for two thousand; those whose turn has not come leave theirs in the network's buffers.
	mostAtOnce = 32
	// turnPatience is how long anybody waits for a turn: memory is dear, but nobody is held
	// up for ever by others whose readings can't be written.
	turnPatience = 2 * time.Second
)

// turns has a place for each that takes a long message.
type turns chan struct{}

// begin waits for a turn, which must end; nil when there is none.
func (t turns) begin(closed <-chan struct{}) turns {
	select {
	case t <- struct{}{}:
		return t
	default:
	}
	late := time.NewTimer(turnPatience)
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return t
	case <-late.C:
	case <-closed:
	}
	return nil
}

// end gives the turn to the next; no turn is left, which needs no end.
func (t turns) end() turns {
	if t != nil {
		<-t
	}
	return nil
}
