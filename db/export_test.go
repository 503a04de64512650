package db

import "context"

// Set changes a setting of the connection that writes, as a failing disk would.
func (d *DB) Set(ctx context.Context, pragma string) error {
	_, err := d.writer.conn.ExecContext(ctx, "PRAGMA "+pragma)
	return err
}
