package api

import (
	"reflect"
	"strings"

	"wardwatch/views"
)

// Page is what the page about the API shows.
func Page(operations []Operation) []views.APISubject {
	var subjects []views.APISubject
	for _, o := range operations {
		if n := len(subjects); n == 0 || subjects[n-1].Name != o.Subject() {
			subjects = append(subjects, views.APISubject{Name: o.Subject()})
		}
		subject := &subjects[len(subjects)-1]
		subject.Operations = append(subject.Operations, pageOf(o))
	}
	return subjects
}

func pageOf(o Operation) views.APIOperation {
	line := views.APIOperation{ID: o.ID(), Method: o.Method, Path: pathOf(o.Path), Summary: o.Summary, Permission: string(o.Permission)}
	for _, f := range fieldsOf(o.in) {
		line.Takes = append(line.Takes, fieldLine(f, f.where))
	}
	if o.out == nil {
		return line
	}
	of := o.out
	if items, ok := of.FieldByName("Items"); ok && strings.Contains(of.Name(), "[") {
		of = items.Type.Elem()
		line.List = true
	}
	for _, f := range fieldsOf(of) {
		line.Answers = append(line.Answers, fieldLine(f, ""))
	}
	return line
}

func fieldLine(f field, where string) views.APIField {
	line := views.APIField{Name: f.name, Where: where, Kind: kindOf(f.Type), Words: f.enum, Text: f.doc, Optional: f.optional}
	return line
}

// kindOf is a type as the page says it.
func kindOf(t reflect.Type) string {
	switch {
	case t == timeType:
		return "time"
	case t == reflect.TypeFor[Day]():
		return "day"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice:
		return "list of " + kindOf(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "number"
	case reflect.Struct:
		return schemaName(t)
	}
	return "whole number"
}
