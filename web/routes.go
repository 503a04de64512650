package web

import (
	"net/http"
	"slices"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes is the table of every route, one block a subject. The third column is
// who may pass; a route without it keeps the server from starting.
func (d *Door) routes() []route {
	return slices.Concat(
		d.healthRoutes(),
	)
}

func (d *Door) healthRoutes() []route {
	return []route{
		{get, "/healthz", Public, d.healthz},
		{get, "/readyz", Public, d.readyz},
		{get, "/metrics", Public, d.metrics},
		{get, "/version", Public, d.version},
	}
}
