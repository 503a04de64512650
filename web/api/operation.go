package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
)

// Root is what every path begins with.
const Root = "/api/v1"

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// Operation is one thing that a program may ask or do.
type Operation struct {
	Method string
	// Path is the router's: "/api/v1/assets/:id".
	Path       string
	Permission hospital.Permission
	// Summary says what it does in a sentence.
	Summary string
	Handle  echo.HandlerFunc

	in, out reflect.Type // out is nil for the live stream
}

// Subject is what the operation is about: "assets".
func (o Operation) Subject() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(o.Path, Root+"/"), "/")
	return first
}

// ID names the operation for programs that generate code: "post_alarms_id_acknowledge".
func (o Operation) ID() string {
	name := strings.NewReplacer("/", "_", ":", "", ".", "_", "-", "_").Replace(strings.TrimPrefix(o.Path, Root))
	return strings.ToLower(o.Method) + name
}

// does makes an operation of a function that takes what was read and answers or refuses.
func does[In, Out any](a *API, method, path string, may hospital.Permission, summary string,
	do func(context.Context, hospital.Actor, In) (Out, error)) Operation {
	return Operation{Method: method, Path: Root + path, Permission: may, Summary: summary,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		Handle: func(c echo.Context) error {
			var in In
			if err := read(c, reflect.ValueOf(&in).Elem()); err != nil {
				return err
			}
			out, err := do(c.Request().Context(), a.Actor(c), in)
			if err != nil {
				return err
			}
			return answer(c, out)
		}}
}
