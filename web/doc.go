// Package web is the door: every page, form and machine endpoint of Wardwatch.
//
// A request comes in through the table in routes.go, which names the permission
// that each route needs; whoever lacks it is turned away before a handler runs.
// A handler parses, makes one call into tracking or inventory, and draws a
// component of views. What goes wrong is turned into a status and a sentence in
// errors.go. Changed topics reach open pages through live.
//
// The door knows nothing of the database: cmd/wardwatch gives it its Parts.
package web
