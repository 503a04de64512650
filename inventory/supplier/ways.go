package supplier

import (
	"context"
	"errors"
	"fmt"

	"wardwatch/inventory/reorder"
)

// Ways are the senders that there are; a message goes by its own. What goes by a
// way without a sender waits in the outbox.
type Ways map[reorder.Way]Sender

// Send is Sender.
func (w Ways) Send(ctx context.Context, m reorder.Mail) error {
	sender, there := w[m.Way]
	if !there {
		return fmt.Errorf("order %s goes by %s: %w", m.Number, m.Way, errors.ErrUnsupported)
	}
	return sender.Send(ctx, m)
}

// troubles are what a person reads of a try that failed: after a refusal, and while it is tried again.
func troubles(way reorder.Way) (refused, again string) {
	switch way {
	case reorder.ByHTTPS:
		return "The supplier's server refused it for good. Look at the channel's address, numbers and secret, then send it again.",
			"The supplier's server did not take it; trying again."
	case reorder.BySFTP:
		return "The supplier's folder could not be opened, or holds another file of that name. Look at the channel's account, key and folder, then send it again.",
			"The supplier's folder could not be reached; trying again."
	}
	return "The mail server refused it for good. Check the supplier's address.", "The mail server could not be reached; trying again."
}
