package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// Problem is how a refusal is told (RFC 9457), as application/problem+json.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail" doc:"A sentence that says what to do."`
	Reference string `json:"reference,omitempty" doc:"What an administrator finds the failure by."`
}

// Describe is the OpenAPI 3.1 document of the operations.
func Describe(version string, operations []Operation) map[string]any {
	gathered := schemas{}
	paths := object{}
	for _, o := range operations {
		path := pathOf(o.Path)
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path].(object)[strings.ToLower(o.Method)] = gathered.operation(o)
	}
	refusals := object{}
	for _, r := range refused {
		refusals[r.name] = object{"description": r.description,
			"content": object{"application/problem+json": object{"schema": gathered.problem()}}}
	}
	refusals["NotModified"] = object{"description": "It is what the tag in If-None-Match names; there is no body."}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "Wardwatch", "version": version, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": about},
		"servers":  []object{{"url": "/"}},
		"security": []object{{"token": []string{}}, {"session": []string{}}},
		"paths":    paths,
		"components": object{"schemas": gathered, "responses": refusals, "securitySchemes": object{
			"token":   object{"type": "http", "scheme": "bearer", "description": "A program's token: wardwatch token add NAME --role ROLE."},
			"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-ward", "description": "The session of a browser that signed in."},
		}},
	}
}

const about = "What a hospital's programs may ask Wardwatch. Times are RFC 3339 in UTC, temperatures degrees Celsius, money minor units. " +
	"A list is told part by part: hand next back as cursor until there is none. Answers to GET carry an ETag; show it as If-None-Match and be told 304 while nothing has changed."

// refused are the refusals that any operation may answer with.
var refused = []struct {
	status            int
	name, description string
}{
	{http.StatusBadRequest, "BadRequest", "The request can't be read: a parameter that does not exist, a value that can't be one."},
	{http.StatusUnauthorized, "Unauthorized", "No session and no good token."},
	{http.StatusForbidden, "Forbidden", "The role does not include this."},
	{http.StatusNotFound, "NotFound", "There is no such thing."},
	{http.StatusConflict, "Conflict", "Somebody else changed it since it was looked at."},
	{http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is not JSON."},
	{http.StatusUnprocessableEntity, "Unprocessable", "What the body says can't be right; the detail says why."},
}

// pathOf writes a router's path as OpenAPI does: /assets/:id is /assets/{id}.
func pathOf(path string) string {
	steps := strings.Split(path, "/")
	for i, step := range steps {
		if name, ok := strings.CutPrefix(step, ":"); ok {
			steps[i] = "{" + name + "}"
		}
	}
	return strings.Join(steps, "/")
}

func (s schemas) problem() object {
	s.of(reflect.TypeFor[Problem]())
	return object{"$ref": "#/components/schemas/Problem"}
}

func (s schemas) operation(o Operation) object {
	out := object{"operationId": o.ID(), "summary": o.Summary, "tags": []string{o.Subject()},
		"description": "Needs the permission to " + string(o.Permission) + ".", "responses": s.responses(o)}
	if o.in == nil {
		return out
	}
	parameters := []object{}
	body := false
	for _, f := range fieldsOf(o.in) {
		if f.where == inBody {
			body = true
			continue
		}
		parameter := object{"name": f.name, "in": f.where, "required": !f.optional, "schema": s.field(field{Type: f.Type, enum: f.enum, min: f.min, max: f.max})}
		if f.doc != "" {
			parameter["description"] = f.doc
		}
		parameters = append(parameters, parameter)
	}
	if o.Method == get && o.out != nil {
		parameters = append(parameters, object{"name": "If-None-Match", "in": "header", "required": false,
			"schema": object{"type": "string"}, "description": "The ETag of an earlier answer."})
	}
	out["parameters"] = parameters
	if body {
		out["requestBody"] = object{"required": true, "content": object{echo.MIMEApplicationJSON: object{"schema": s.structure(o.in, inBody)}}}
	}
	return out
}

func (s schemas) responses(o Operation) object {
	responses := object{}
	for _, r := range refused {
		changes := r.status == http.StatusConflict || r.status == http.StatusUnsupportedMediaType || r.status == http.StatusUnprocessableEntity
		if !changes || o.Method != get {
			responses[strconv.Itoa(r.status)] = object{"$ref": "#/components/responses/" + r.name}
		}
	}
	if o.out == nil {
		responses["101"] = object{"description": "A websocket follows."}
		return responses
	}
	answer := object{"description": "Done.", "content": object{echo.MIMEApplicationJSON: object{"schema": s.of(o.out)}}}
	if o.Method == get {
		answer["headers"] = object{"ETag": object{"schema": object{"type": "string"}, "description": "Names this content."}}
		responses["304"] = object{"$ref": "#/components/responses/NotModified"}
	}
	responses["200"] = answer
	return responses
}
