//go:build race

package db_test

// raced says that the race detector watches.
const raced = true
