package db

import (
	"context"
	"fmt"
)

// Set changes a setting of the connection that writes, as a failing disk would.
func (d *DB) Set(ctx context.Context, pragma string) error {
	_, err := d.writer.conn.ExecContext(ctx, "PRAGMA "+pragma)
	return err
}

// Look makes one of the deep checks alone.
func (d *DB) Look(ctx context.Context, name string) (says string, fault, err error) {
	for _, check := range append(d.checks(), d.deepChecks()...) {
		if check.name == name {
			return check.look(ctx)
		}
	}
	return "", nil, fmt.Errorf("there is no check %s", name)
}
