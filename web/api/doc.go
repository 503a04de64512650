// Package api is what programs may ask over /api/v1: the same house as the pages,
// in JSON.
//
// Operations in table.go is the one list of what there is. Each line is typed: a
// struct whose tags say what is read from the path, the query and the body, and a
// struct that is answered. From the same structs the request is read (read.go),
// the answer written (answer.go) and the OpenAPI document made (openapi.go,
// schema.go), so that what is described is what happens. The door hangs the
// operations into its own table of routes, with their permissions.
//
// Long lists are told part by part. A part's cursor names the last line that was
// told, so that what is added or removed meanwhile moves nothing else.
package api
